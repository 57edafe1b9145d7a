"""Splits by domain: domains that pairs hold together are in one, and growing the catalog moves none of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import networkx as nx

from agentskiller_assets.core.seeds import rng
from agentskiller_assets.dataset.models import Settings, Split
from agentskiller_assets.registry import domains_of

__all__ = ["domains_in", "groups_of", "splits_of"]

_BLOCK = 40
"""Places that are dealt together: shares down to a fortieth are kept."""
_TRAINED_ON = 3
_TRAIN: Split = "train"


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


def splits_of(groups: Mapping[str, str], order: Sequence[str], settings: Settings) -> dict[str, Split]:
    """For each group its split, by the place of its first domain among all; the first group is there to train on."""
    place = {domain: index for index, domain in enumerate(order)}
    names = list(dict.fromkeys(groups.values()))
    deal = _Deal(settings)
    return {name: _TRAIN if name == names[0] or name not in place else deal.split_at(place[name]) for name in names}


class _Deal:
    """Splits for places, dealt in blocks: shares are kept in every block, and the seed shuffles each by itself.

    The first three places are there to train on, and the next three have one of each split as far as there are shares:
    a handful of domains has all splits, too.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._blocks: dict[int, list[str]] = {}

    def split_at(self, place: int) -> Split:
        """The split of a place, which no other place has a say in."""
        block, index = divmod(place, _BLOCK)
        if block not in self._blocks:
            self._blocks[block] = self._make(block)
        return cast("Split", self._blocks[block][index])

    def _make(self, block: int) -> list[str]:
        draw = rng(self._settings.seed, "splits", block)
        shares = {"validation": self._settings.validation_share, "test": self._settings.test_share}
        counts = {split: round(_BLOCK * share) for split, share in shares.items()}
        head: list[str] = []
        if block == 0:
            head = [*(split for split, count in counts.items() if count), *[_TRAIN] * len(counts)][: len(counts) + 1]
            draw.shuffle(head)
            head = [*[_TRAIN] * _TRAINED_ON, *head]
        rest = [split for split, count in counts.items() for _ in range(count - head.count(split))]
        rest += [_TRAIN] * (_BLOCK - len(head) - len(rest))
        draw.shuffle(rest)
        return [*head, *rest][:_BLOCK]
