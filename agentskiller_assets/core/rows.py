"""The content of one environment: its specification and the rows of its tables."""

from functools import cached_property
from typing import Any, ClassVar, Self

from pydantic import Field

from agentskiller_assets.core import canonical
from agentskiller_assets.core.records import Record
from agentskiller_assets.core.spec import EnvironmentSpec


class EnvironmentRows(Record):
    """One domain's (or pair's) specification with its rows, before and after it is a database file.

    Values are `str`, `int`, `float`, `bool` or None: money a float with two decimals, dates `YYYY-MM-DD`,
    times `YYYY-MM-DD HH:MM:SS`, booleans real booleans. Every row has exactly the columns of its table.
    """

    kind: ClassVar[str] = "database"

    spec: EnvironmentSpec
    rows: dict[str, tuple[dict[str, Any], ...]]
    """Table name to its rows, in key order."""
    row_parents: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Row id to the ids of further records that the row was made from, such as the person it is about."""

    @cached_property
    def digest(self) -> str:
        """Content digest: equal values give equal digests in every process."""
        return canonical.digest(self)

    def __copy__(self) -> Self:
        """A copy that may be given other fields, and then has another digest."""
        twin = super().__copy__()
        vars(twin).pop("digest", None)
        return twin
