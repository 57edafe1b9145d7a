"""Splits by domain: domains that pairs hold together are in one, and growing the catalog moves none of them."""

from collections.abc import Iterable, Mapping, Sequence

import networkx as nx

from agentskiller_assets.core.seeds import rng
from agentskiller_assets.dataset.models import Settings, Split
from agentskiller_assets.registry import domains_of

__all__ = ["domains_in", "groups_of", "splits_of"]


def domains_in(partition: str) -> tuple[str, ...]:
    """The domain, or the two domains of a pair."""
    first, second = domains_of(partition)
    return (first, second) if second else (first,)


def groups_of(partitions: Iterable[str], order: Sequence[str], settings: Settings) -> dict[str, str]:
    """For each domain of these partitions, the group it is in: the name of its first domain.

    `order` are all domains as they were registered. The first of a group stays its first, whatever joins later.
    """
    graph: nx.Graph[str] = nx.Graph()
    for partition in partitions:
        domains = domains_in(partition)
        graph.add_nodes_from(domains)
        if len(domains) == 2 and settings.split_by == "group":
            graph.add_edge(*domains)
    place = {domain: index for index, domain in enumerate(order)}
    groups = [sorted(each, key=lambda d: (place.get(d, len(place)), d)) for each in nx.connected_components(graph)]
    groups.sort(key=lambda group: (place.get(group[0], len(place)), group[0]))
    return {domain: group[0] for group in groups for domain in group}


def splits_of(groups: Mapping[str, str], settings: Settings) -> dict[str, Split]:
    """For each group its split, drawn by its name alone; the first group is always there to train on."""
    names = list(dict.fromkeys(groups.values()))
    return {name: "train" if name == names[0] else _draw(name, settings) for name in names}


def _draw(group: str, settings: Settings) -> Split:
    drawn = rng(settings.seed, "split", group).random()
    if drawn < settings.test_share:
        return "test"
    return "validation" if drawn < settings.test_share + settings.validation_share else "train"
