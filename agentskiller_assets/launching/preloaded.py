"""What processes that make runs load before they are forked.

The definitions are not among it: they read the registry when they are imported, and catalogs that are made meanwhile
write it.
"""

PRELOADED = (
    "agentskiller_assets.launching.lighter",
    "networkx",
    "agentskiller_assets.authoring.procedural.author",
    "agentskiller_assets.environment.invariants",
    "agentskiller_assets.environment.servers",
    "agentskiller_assets.evaluation.controls",
    "agentskiller_assets.evaluation.pruning",
    "agentskiller_assets.fusion.builds",
    "agentskiller_assets.launching.warmed",
    "agentskiller_assets.ontology.entities",
    "agentskiller_assets.rollouts.builds",
    "agentskiller_assets.tasks.story",
    "resources.speakers",
    "resources.warehouse",
    # Dagster, and what it imports when a run begins
    "dagster",
    "dagster._core.execution.execute_in_process",
    "dagster._core.executor.in_process",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.sqlite_storage",
    "babel.numbers",
    "sqlglot.dialects.sqlite",
    "upath.implementations.local",
)
