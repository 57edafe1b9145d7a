"""However a run's process is ended, Dagster's history says so, and no run passes for one that is under way."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from agentskiller_assets.cli import runs
from agentskiller_assets.cli.console import dagster_home
from agentskiller_assets.cli.runs import RunResult, run_in_worker, run_job
from agentskiller_assets.launching.launcher import ForkingRunLauncher

LONG = 120


@dg.asset
def lingers() -> None:
    """Says by which process it is made, and waits for a file that lets it end."""
    pid = Path(os.environ["DAGSTER_HOME"]) / "pid"
    pid.with_suffix(".new").write_text(str(os.getpid()))
    pid.with_suffix(".new").rename(pid)
    _until(pid.with_name("go").exists)


def _job(*_about: Any) -> dg.JobDefinition:
    job = dg.Definitions(assets=[lingers]).resolve_implicit_global_asset_job_def()
    return job.as_ephemeral_job(resource_defs={}, input_values={}, asset_selection=[lingers.key])


def make(job: str, partition: str | None, assets: list[str], run_config: dict[str, Any]) -> RunResult:
    """A run of the asset above, by a worker."""
    runs._prepared = _job  # type: ignore[reportPrivateUsage]
    return run_in_worker(job, None, assets, run_config)


ALONE = """
from agentskiller_assets.cli import runs
from tests.cli.test_signals import _job
runs._prepared = _job
runs.run_job("any", None, ["lingers"], {})
"""
WITH_WORKERS = """
from agentskiller_assets.cli import workers
from tests.cli.test_signals import make
workers.run_in_worker = make
with workers.Workers(1) as some:
    print(some.submit("any", "bakery", ["lingers"], {}).result().success, flush=True)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster_home"))
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path / "warehouse"))
    return dagster_home()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def _started(code: str, home: Path) -> subprocess.Popen[str]:
    """A command of its own process group, as of a shell, whose run has begun."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, stdout=pipe, stderr=pipe, text=True
    )
    _until(lambda: (home / "pid").exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


def _is_gone(pid: int) -> bool:
    stat = Path("/proc") / str(pid) / "stat"
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def _the_run(home: Path) -> dg.DagsterRun:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        return run


def _health(home: Path) -> WorkerStatus:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert isinstance(instance.run_launcher, ForkingRunLauncher)
        (run,) = instance.get_runs()
        return instance.run_launcher.check_run_worker_health(run).status


def test_the_daemon_learns_whether_the_process_of_a_run_of_the_command_line_is_alive(home: Path) -> None:
    with _started(ALONE, home) as process:
        assert _health(home) == WorkerStatus.RUNNING
        process.kill()
        process.wait()
        assert _the_run(home).status == dg.DagsterRunStatus.STARTED, "nobody was there to say that it ended"
        assert _health(home) == WorkerStatus.NOT_FOUND
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (record,) = instance.get_run_records()
        monitor_started_run(instance, cast(Any, None), record, logging.getLogger(__name__))
    assert _the_run(home).status == dg.DagsterRunStatus.FAILURE
    assert _the_run(home).tags["dagster/will_retry"] == "false", "the daemon could not make it again"


def test_a_run_that_ends_by_itself_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "go").touch()
    monkeypatch.setattr(runs, "_prepared", _job)
    result = run_job("any", None, ["lingers"], {})
    assert result.success
    assert not result.is_interrupted
    assert result.run_id == _the_run(home).run_id
    assert list((home / "runs_alive").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_command_that_is_ended_with_its_process_group_ends_its_runs_as_failed(
    home: Path, number: signal.Signals
) -> None:
    with _started(WITH_WORKERS, home) as process:
        worker = int((home / "pid").read_text())
        os.killpg(process.pid, number)
        _until(lambda: _is_gone(worker))
    assert _the_run(home).status == dg.DagsterRunStatus.FAILURE


def test_an_interrupt_of_the_terminal_leaves_what_is_under_way_to_its_end_and_says_so(home: Path) -> None:
    with _started(WITH_WORKERS, home) as process:
        assert process.stderr
        os.killpg(process.pid, signal.SIGINT)
        assert "Waiting for bakery, under way already" in process.stderr.readline()
        (home / "go").touch()
        process.communicate(timeout=LONG)
    assert process.returncode != 0
    assert _the_run(home).status == dg.DagsterRunStatus.SUCCESS


def test_a_second_interrupt_ends_what_is_under_way_as_failed(home: Path) -> None:
    with _started(WITH_WORKERS, home) as process:
        assert process.stderr
        os.killpg(process.pid, signal.SIGINT)
        assert "Waiting for bakery" in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=LONG)
    assert _the_run(home).status == dg.DagsterRunStatus.FAILURE
