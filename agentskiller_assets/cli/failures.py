"""Why the last run of a domain or pair, of the catalogs or of the dataset failed, from Dagster's own records."""

from collections.abc import Collection, Mapping

import dagster as dg
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import PARTITION_NAME_TAG

from agentskiller_assets.cli.instance import opened_instance
from agentskiller_assets.cli.runs import FAILURE_EVENTS, failures_of
from agentskiller_assets.launching.launcher import ForkingRunLauncher

_LOOKED_AT = 20_000
"""Runs, the latest first; events are read of failed ones only."""
_FIX = "`agentskiller run --stale` goes on from there"


def latest_failures(
    partitions: Collection[str], jobs: Mapping[str, Collection[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """What was at fault, for every domain, pair and job whose latest run failed or was killed.

    Jobs are those without partitions, with the assets that they make: a run of some of these counts as one of the job.
    """
    found: dict[str, tuple[str, ...]] = {}
    met: set[str] = set()
    with opened_instance() as instance:
        for run in instance.get_runs(limit=_LOOKED_AT):
            name = run.tags.get(PARTITION_NAME_TAG) or _job_of(run, jobs or {})
            if name and name not in met and (name in partitions or name in (jobs or {})):
                met.add(name)
                if failures := _failures(instance, run):
                    found[name] = failures
    return found


def _job_of(run: dg.DagsterRun, jobs: Mapping[str, Collection[str]]) -> str | None:
    made = {key.to_user_string() for key in run.asset_selection or ()}
    return next((job for job, assets in jobs.items() if job == run.job_name or not made.isdisjoint(assets)), None)


def _failures(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str, ...]:
    if run.status == dg.DagsterRunStatus.STARTED:
        return _killed(instance, run)
    if run.status != dg.DagsterRunStatus.FAILURE:
        return ()
    types = {dg.DagsterEventType(each) for each in FAILURE_EVENTS}
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=types) if entry.dagster_event]
    return tuple(dict.fromkeys(failures_of(events))) or ("the run's page in the UI says why",)


def _killed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str, ...]:
    launcher = instance.run_launcher
    if not isinstance(launcher, ForkingRunLauncher):  # others know of no runs but those that they launched
        return ()
    health = launcher.check_run_worker_health(run)
    if health.status != WorkerStatus.NOT_FOUND:
        return ()
    now = instance.get_run_by_id(run.run_id)
    if now is None or now.status != dg.DagsterRunStatus.STARTED:  # it has ended since the runs were listed
        return _failures(instance, now) if now else ()
    return (f"{health.msg}. {_FIX}",)
