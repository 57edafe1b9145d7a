"""Why the last run of a domain or pair failed, from Dagster's own records."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from agentskiller_assets.cli.runs import failures_of

_LOOKED_AT = 20_000
"""Runs, the latest first; events are read of failed ones only."""


def latest_failures(partitions: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For every domain or pair whose latest run failed, what was at fault."""
    found: dict[str, tuple[str, ...]] = {}
    met: set[str] = set()
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(limit=_LOOKED_AT):
            partition = run.tags.get(PARTITION_NAME_TAG)
            if partition is None or partition in met or partition not in partitions:
                continue
            met.add(partition)
            if run.status == dg.DagsterRunStatus.FAILURE:
                events = (entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.is_dagster_event)
                found[partition] = tuple(dict.fromkeys(failures_of(event for event in events if event)))
    return found
