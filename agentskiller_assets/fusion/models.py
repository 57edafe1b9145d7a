"""Records of the pair catalog."""

from typing import ClassVar

from agentskiller_assets.core.records import Record


class PairEntry(Record):
    """Two domains that are to be fused, and why."""

    kind: ClassVar[str] = "pair"

    position: int
    key: str
    """The partition: both domains in the order of their names, `a--b`."""
    first: str
    """The domain whose service conversations begin with."""
    second: str
    shared_people: int
    score: float
    reason: str
    seed: int
