"""Which service of a pair conversations begin with."""

from collections.abc import Mapping, Sequence

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.fusion.catalog import direction
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.ontology.models import DomainTopic

__all__ = ["order_of"]


def order_of(
    author: Author,
    key: str,
    catalog: Sequence[PairEntry],
    topics: Mapping[str, DomainTopic],
    blueprints: Mapping[str, Blueprint],
) -> tuple[str, str]:
    """The order in the catalog; for a pair that was added by hand, the first in which something leads across."""
    for entry in catalog:
        if entry.key == key:
            return entry.first, entry.second
    one, other = sorted(blueprints)
    return direction(author, blueprints[one].spec, blueprints[other].spec, topics[one].seed) or (one, other)
