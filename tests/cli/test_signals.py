"""However a run's process is ended, Dagster's history says so, and no run passes for one that is under way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus

from agentskiller_assets.cli import runs
from agentskiller_assets.cli.console import dagster_home
from agentskiller_assets.cli.runs import RunResult, run_in_worker, run_job
from agentskiller_assets.launching.launcher import ForkingRunLauncher

LONG = 60


@dg.asset
def lingers() -> None:
    """Says by which process it is made, and takes a while."""
    pid = Path(os.environ["DAGSTER_HOME"]) / "pid"
    pid.with_suffix(".new").write_text(str(os.getpid()))
    pid.with_suffix(".new").rename(pid)
    time.sleep(float(os.environ.get("LINGERS_S", LONG)))


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
        run = _the_run(home)
        assert run.status == dg.DagsterRunStatus.STARTED, "nobody was there to say that it ended"
        assert _health(home) == WorkerStatus.NOT_FOUND
    assert run.tags["dagster/max_retries"] == "0", "the daemon could not make it again"


def test_a_run_that_ends_by_itself_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGERS_S", "0")
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
