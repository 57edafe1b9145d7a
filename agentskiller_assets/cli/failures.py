"""Why the last run of a domain failed, from Dagster's own records."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from agentskiller_assets.cli.runs import failures_of

_LOOKED_AT = 400


def latest_failures(domains: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For every domain whose latest run failed, what was at fault."""
    found: dict[str, tuple[str, ...]] = {}
    met: set[str] = set()
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(limit=_LOOKED_AT):
            domain = run.tags.get(PARTITION_NAME_TAG)
            if domain is None or domain in met or domain not in domains:
                continue
            met.add(domain)
            if run.status == dg.DagsterRunStatus.FAILURE:
                events = (entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.is_dagster_event)
                found[domain] = tuple(dict.fromkeys(failures_of(event for event in events if event)))
    return found
