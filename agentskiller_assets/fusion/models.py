"""Records of the selection of pairs."""

from typing import ClassVar

from agentskiller_assets.core.records import Record


class PairEntry(Record):
    """A pair of the catalog, with what speaks for it."""

    kind: ClassVar[str] = "pair"

    position: int
    key: str
    """`a--b`: both domains in the order of their names."""
    first: str
    """The service that conversations begin with: a new record of the second goes with an open one of it."""
    second: str
    shared_people: int
    """How many people are customers of both."""
    score: float
    """From 0 to 1, as it was when the pair was chosen."""
    reason: str
    seed: int
