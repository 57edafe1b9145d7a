"""The settings of a run: one place from which the configs of all assets follow."""

import json
from collections import Counter
from typing import Any, Protocol

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.core.records import Model
from agentskiller_assets.settings import AGENT, JUDGE, USER
from resources.storage.warehouse import Warehouse

_ROLLOUTS = ("agent", "user", "rollouts_per_query", "most_turns", "most_calls", "concurrency")

_SELECTION = (
    "seed",
    "prune",
    "near_threshold",
    "validation_share",
    "test_share",
    "split_by",
    "decontaminate_against",
)
_CATALOGS = ("population", "domain_catalog", "domain_pair_catalog")


class Settings(Protocol):
    """What decides the config of everything that is made."""

    def of(self, asset: str, partition: str | None = None) -> dict[str, Any]:
        """The config of one asset, complete, as its sidecar records it."""
        ...


class RunSettings(Model):
    """What `agentskiller run` can be told; the defaults are those of the assets' own configs."""

    seed: int
    target_domains: int = 6
    simulation_time: str = "2026-03-02 09:00:00"
    population_size: int = 400
    rows_per_table: int = 300
    tasks_per_domain: int = 60
    max_trajectory_length: int = 12
    correction_rounds: int = 3
    target_pairs: int = 6
    most_pairs_per_domain: int = 4
    tasks_per_pair: int = 60
    max_pair_trajectory_length: int = 20
    agent: str = AGENT
    user: str = USER
    judge: str = JUDGE
    rollouts_per_query: int = 1
    most_turns: int = 100
    most_calls: int = 60
    concurrency: int = 8
    prune: bool = True
    near_threshold: float = 0.9
    validation_share: float = 0.1
    test_share: float = 0.1
    split_by: str = "group"
    decontaminate_against: list[str] = []

    def of(self, asset: str, partition: str | None = None) -> dict[str, Any]:
        """The config of one asset, the same for all domains and pairs."""
        names = {
            "population": ("seed", "population_size"),
            "domain_catalog": ("seed", "target_domains", "simulation_time"),
            "domain_pair_catalog": ("seed", "target_pairs", "most_pairs_per_domain", "rows_per_table"),
            "databases": ("rows_per_table",),
            "mcp_servers": ("correction_rounds",),
            "fused_servers": ("correction_rounds",),
            "task_templates": ("max_trajectory_length",),
            "instance_combos": ("tasks_per_domain",),
            "fused_instance_combos": ("tasks_per_pair",),
            "rollouts": _ROLLOUTS,
            "fused_rollouts": _ROLLOUTS,
            "evaluations": ("judge",),
            "fused_evaluations": ("judge",),
            "dataset_selection": _SELECTION,
        }.get(asset, ())
        config = {name: getattr(self, name) for name in names}
        if asset in ("fused_trajectories", "fused_templates"):
            config["max_trajectory_length"] = self.max_pair_trajectory_length
        return config


class AsMade:
    """The settings that everything was made with.

    What was not made yet is made as most of its kind were; where there is none, or a setting is new, as the others say.
    """

    def __init__(self, warehouse: Warehouse, otherwise: RunSettings) -> None:
        self._warehouse, self._otherwise = warehouse, otherwise
        self._usual: dict[str, dict[str, Any]] = {}

    def of(self, asset: str, partition: str | None = None) -> dict[str, Any]:
        """The config that the sidecar records."""
        config = self._otherwise.of(asset)
        if not config:
            return {}
        note = self._warehouse.materialization(asset, partition)
        used = note.settings if note else self._most_used(asset)
        return {name: used.get(name, value) for name, value in config.items()}

    def _most_used(self, asset: str) -> dict[str, Any]:
        if asset not in self._usual:
            notes = (self._warehouse.materialization(asset, each) for each in self._warehouse.partitions_of(asset))
            times = Counter(canonical_json(note.settings) for note in notes if note)
            self._usual[asset] = json.loads(times.most_common(1)[0][0]) if times else {}
        return self._usual[asset]


def of_catalogs(warehouse: Warehouse, settings: RunSettings) -> RunSettings:
    """With seed, time and sizes as the stored catalogs were made with."""
    notes = [note for asset in _CATALOGS if (note := warehouse.materialization(asset, None))]
    found = {name: value for note in notes for name, value in note.settings.items()}
    return settings.model_copy(update={name: found[name] for name in found if name in RunSettings.model_fields})


def run_config(settings: Settings, assets: list[str], partition: str | None = None) -> dict[str, Any]:
    """Dagster's run config for these assets, with a quiet console."""
    configs = {asset: {"config": config} for asset in assets if (config := settings.of(asset, partition))}
    return {"ops": configs, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
