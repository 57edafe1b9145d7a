"""Which service of a pair conversations begin with."""

from collections.abc import Mapping, Sequence

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.fusion.environments import fuse_specs
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
    for first, second in ((one, other), (other, one)):
        if author.bridge(fuse_specs(blueprints[first].spec, blueprints[second].spec), topics[first].seed):
            return first, second
    return one, other
