"""`status` says why the latest run failed of whatever a run makes, whether a step failed or the run was killed."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from agentskiller_assets.cli.console import dagster_home
from agentskiller_assets.cli.failures import latest_failures
from agentskiller_assets.launching.presence import BY_COMMAND_LINE, presence_folder, present


@dg.asset
def breaks() -> None:
    """Fails."""
    raise ValueError("no flour")


@dg.asset
def works() -> None:
    """Does not."""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster_home"))
    dagster_home()
    with dg.DagsterInstance.get() as instance:
        yield instance


def _make(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, job: str) -> None:
    found = dg.Definitions(assets=[asset], jobs=[dg.define_asset_job(job, [asset])]).resolve_job_def(job)
    found.execute_in_process(instance=instance, raise_on_error=False)


def _started(instance: dg.DagsterInstance, partition: str, tags: dict[str, str]) -> dg.DagsterRun:
    job = dg.define_asset_job("domain_pipeline").resolve(
        asset_graph=dg.Definitions(assets=[works]).resolve_asset_graph()
    )
    tags = {**tags, "dagster/partition": partition}
    return instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)


JOBS = {"catalog": ["works"], "dataset": ["breaks"]}


def test_jobs_without_partitions_are_known_by_their_names(instance: dg.DagsterInstance) -> None:
    _make(instance, breaks, "dataset")
    _make(instance, breaks, "catalog")
    _make(instance, works, "catalog")
    _make(instance, breaks, "other")
    assert latest_failures(["bakery"], {"catalog": [], "dataset": []}) == {"dataset": ("breaks: no flour",)}


def test_a_run_of_some_assets_counts_as_one_of_the_job_that_makes_them(instance: dg.DagsterInstance) -> None:
    job = dg.Definitions(assets=[breaks]).resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(job, asset_selection=frozenset([breaks.key]))
    instance.report_run_failed(run, "The machine is gone.")
    assert latest_failures([], JOBS) == {"dataset": ("The machine is gone.",)}


def test_a_run_that_was_marked_as_failed_says_by_whom(instance: dg.DagsterInstance) -> None:
    instance.report_run_failed(_started(instance, "bakery", {}), "Detected run worker status NOT_FOUND.")
    assert latest_failures(["bakery"]) == {"bakery": ("Detected run worker status NOT_FOUND.",)}


def test_a_run_whose_process_is_gone_has_failed_and_one_that_lives_has_not(instance: dg.DagsterInstance) -> None:
    _started(instance, "bakery", BY_COMMAND_LINE)
    alive = _started(instance, "smithy", BY_COMMAND_LINE)
    with present(presence_folder(instance.root_directory), alive.run_id):
        found = latest_failures(["bakery", "smithy"])
    assert found == {
        "bakery": ("its process was killed or has crashed. `agentskiller run --stale` goes on from there",)
    }


def test_a_launcher_that_did_not_launch_a_run_is_not_asked_about_it(instance: dg.DagsterInstance) -> None:
    """Celery's breaks on a run that is not its own."""
    config = Path(instance.root_directory) / "dagster.yaml"
    config.write_text("run_launcher:\n  module: dagster_celery.launcher\n  class: CeleryRunLauncher\n")
    with dg.DagsterInstance.get() as other:
        run = _started(other, "bakery", BY_COMMAND_LINE)
        with pytest.raises(KeyError):
            other.run_launcher.check_run_worker_health(run)
    assert latest_failures(["bakery"]) == {}


def test_a_run_that_ended_since_the_runs_were_listed_is_judged_by_how(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [_started(instance, "bakery", BY_COMMAND_LINE), _started(instance, "smithy", BY_COMMAND_LINE)]
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, "domain_pipeline"), listed[0].run_id
    )
    instance.report_run_failed(listed[1], "The machine is gone.")
    monkeypatch.setattr(dg.DagsterInstance, "get_runs", lambda *_, **__: listed)
    assert latest_failures(["bakery", "smithy"]) == {"smithy": ("The machine is gone.",)}
