"""Records: what every asset stores, with a stable id and the ids of the records it was made from."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from agentskiller_assets.core.canonical import digest

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Plain fields of a record as an older version stored them, to those of the record as it is now."""


class Model(BaseModel):
    """A frozen value with no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Record(Model):
    """A stored artifact.

    `id` is `<kind>_<hash of what identifies it>`: the same under every re-run with the same seed. `parents` are
    the ids of the records (or rows, see `row_id`) it was made from, in the order in which they matter.
    """

    kind: ClassVar[str]
    upgrades: ClassVar[Mapping[str, Upgrade]] = {}
    """By the fingerprint of an older shape (see `resources.storage.schemas`). Optional fields need none."""

    id: str
    parents: tuple[str, ...] = ()

    @classmethod
    def make_id(cls, *identity: Any) -> str:
        """The id of the record with this identity."""
        return record_id(cls.kind, *identity)


def record_id(kind: str, *identity: Any) -> str:
    """`<kind>_<16 hexadecimal characters>` for a tuple of plain values."""
    return f"{kind}_{digest(list(identity))[:16]}"


def row_id(partition: str, table: str, key: str) -> str:
    """The id of one row of an environment database: `row:<partition>.<table>.<key>`."""
    return f"row:{partition}.{table}.{key}"
