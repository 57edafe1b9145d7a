"""Conversations and evaluations as they are stored, one domain or pair at a time: all of them would fill the memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from agentskiller_assets.errors import StorageError
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.registry import read_registry
from agentskiller_assets.rollouts.models import Rollout
from resources.storage.sidecars import name_of
from resources.storage.warehouse import Warehouse

OF_DOMAINS, OF_PAIRS = ("rollouts", "evaluations"), ("fused_rollouts", "fused_evaluations")
"""The assets of conversations, and those of their evaluations."""


@dataclass(frozen=True)
class Conversations:
    """Those of one domain or pair, with what is known of each by its id."""

    partition: str
    rollouts: list[Rollout]
    evaluations: dict[str, Evaluation]


@dataclass(frozen=True)
class StoredPartition:
    """A partition of conversations that is stored."""

    partition: str
    rollouts: str
    """The asset that they are in."""
    evaluations: str


class Stored:
    """All conversations of the registered domains and pairs, as far as they are made."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        registry = read_registry(warehouse.root)
        self.order = registry.domains
        every = [(OF_DOMAINS, name) for name in registry.domains] + [(OF_PAIRS, name) for name in registry.pairs]
        self.places = tuple(
            StoredPartition(name, *assets)
            for assets, name in every
            if warehouse.condition(assets[0], name) != "missing"
        )
        self._versions = self._current()

    @property
    def partitions(self) -> tuple[str, ...]:
        """The domains and pairs of which there are conversations."""
        return tuple(place.partition for place in self.places)

    def __iter__(self) -> Iterator[Conversations]:
        for place in self.places:
            rollouts = self._warehouse.read_records(place.rollouts, Rollout, place.partition)
            yield Conversations(place.partition, rollouts, self._evaluations(place))

    def evaluations(self) -> dict[str, Evaluation]:
        """All evaluations of conversations as they are now, by the conversation."""
        return {rollout: found for place in self.places for rollout, found in self._evaluations(place).items()}

    def require_unchanged(self) -> None:
        """`StorageError` if anything was made again since this was opened."""
        now = self._current()
        for place, version in self._versions.items():
            if now[place] != version:
                raise StorageError(name_of(*place), "was made again while it was read", "Run it again")

    def _evaluations(self, place: StoredPartition) -> dict[str, Evaluation]:
        """Those of the conversations as they are now; none if these were held again since, or either failed a check."""
        held = self._warehouse.materialization(place.rollouts, place.partition)
        note = self._warehouse.materialization(place.evaluations, place.partition)
        if held is None or note is None or held.failed_checks or note.failed_checks:
            return {}
        known = {parent.data_version for parent in note.parents if parent.asset == place.rollouts}
        if known != {self._versions[place.rollouts, place.partition]}:
            return {}
        found = self._warehouse.read_records(place.evaluations, Evaluation, place.partition)
        return {each.rollout: each for each in found}

    def _current(self) -> dict[tuple[str, str], str | None]:
        found = {}
        for place in self.places:
            for asset in (place.rollouts, place.evaluations):
                note = self._warehouse.materialization(asset, place.partition)
                found[asset, place.partition] = note.data_version if note else None
        return found
