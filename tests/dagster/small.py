"""Small settings, and the assets in the order of the pipeline: what all tests of this folder share."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
CLINIC, MUSIC, RIDES, PHARMACY = "clinic_appointments", "music_lessons", "guided_rides", "pharmacy_orders"
"""The first four domains of the catalog; the rides alone come from the sector cycling."""
GROUPS = {
    "ontology": ("population", "domain_catalog", "domain_topics", "entities", "entity_graph"),
    "environment": ("blueprints", "tool_lists", "databases", "policies", "mcp_servers"),
    "tasks": ("tool_graphs", "task_templates", "instance_combos", "validated_tasks", "queries"),
    "rollouts": ("rollouts",),
    "evaluation": ("evaluations",),
    "dataset": ("dataset_selection", "training_dataset", "dataset_report"),
}
PAIR_GROUPS = {
    "fusion": (
        "domain_pair_catalog", "fused_blueprints", "fused_tool_lists", "fused_databases", "fused_policies",
        "fused_servers", "fused_trajectories",
    ),
    "tasks": ("fused_templates", "fused_instance_combos", "fused_validated_tasks", "fused_queries"),
    "rollouts": ("fused_rollouts",),
    "evaluation": ("fused_evaluations",),
}  # fmt: skip
CATALOGS = ("population", "domain_catalog", "domain_pair_catalog")
UNPARTITIONED = (*CATALOGS, *GROUPS["dataset"])
PER_PAIR = tuple(key for keys in PAIR_GROUPS.values() for key in keys if key not in UNPARTITIONED)
PER_DOMAIN = tuple(key for keys in GROUPS.values() for key in keys if key not in UNPARTITIONED)

T = TypeVar("T")


def catalog_config(domains: int, seed: int = 7) -> dict[str, Any]:
    """Run config of the job `catalog`."""
    return _ops(
        population={"seed": seed, "population_size": 200},
        domain_catalog={"seed": seed, "target_domains": domains},
    )


def pipeline_config(tasks: int = 16) -> dict[str, Any]:
    """Run config of the job `domain_pipeline`: as little as gives every rule a row that it refuses."""
    return _ops(databases={"rows_per_table": 150}, instance_combos={"tasks_per_domain": tasks})


def eventually(what: str, answer: Callable[[], T | None], seconds: float) -> T:
    """The first answer that is not None (or false); `AssertionError` if there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(0.2)
    raise AssertionError(f"after {seconds:.0f} s still not: {what}")


def _ops(**configs: dict[str, Any]) -> dict[str, Any]:
    return {"ops": {name: {"config": config} for name, config in configs.items()}}
