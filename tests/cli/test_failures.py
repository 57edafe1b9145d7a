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
