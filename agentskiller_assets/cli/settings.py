"""The settings of a run: one place from which the configs of all assets follow."""

from typing import Any

from agentskiller_assets.core.records import Model
from agentskiller_assets.settings import AGENT, JUDGE, USER

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

    def of(self, asset: str) -> dict[str, Any]:
        """The config of one asset, complete, as its sidecar records it."""
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

    def run_config(self, assets: list[str]) -> dict[str, Any]:
        """Dagster's run config for these assets, with a quiet console."""
        configs = {asset: {"config": config} for asset in assets if (config := self.of(asset))}
        return {"ops": configs, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
