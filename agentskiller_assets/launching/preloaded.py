"""What processes that make runs load before they are forked.

The definitions are not among it: they read the registry when they are imported, and catalogs that are made meanwhile
write it.
"""

PRELOADED = (
    "agentskiller_assets.authoring.procedural.author",
    "agentskiller_assets.fusion.builds",
    "agentskiller_assets.rollouts.builds",
    "resources.storage.warehouse",
    # Dagster, and what it imports when a run begins
    "dagster",
    "dagster._core.execution.execute_in_process",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.sqlite_storage",
    "sqlglot.dialects.sqlite",
)
