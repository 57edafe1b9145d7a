"""Workers are used again, replaced when they are gone or old, and never take each other with them."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentskiller_assets.launching import workers as module
from agentskiller_assets.launching.template import Order, Template, code_state
from agentskiller_assets.launching.workers import Workers


def _order(run_id: str, folder: Path) -> Order:
    return Order(run_id=run_id, origin="", instance="", presence=str(folder))


def _write(order: Order) -> None:
    """Stands for a run: says who made it, and waits while there is a file that says so."""
    place = Path(order.presence)
    (place / order.run_id).write_text(str(os.getpid()))
    for _ in range(3000):  # a child that waits for ever keeps the pipes of its parent open
        if not (place / "wait").exists():
            break
        time.sleep(0.01)
    (place / f"{order.run_id}.done").touch()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    monkeypatch.setattr(module, "_execute", _write)
    return Workers()


def _is_idle(workers: Workers, pid: int) -> bool:
    """Whether a worker has told that its run is done, or has gone."""
    workers._look()
    return all(each.is_idle for each in workers._workers if each.pid == pid)


def _run(workers: Workers, run_id: str, folder: Path) -> int:
    pid = workers.start(_order(run_id, folder))
    _until((folder / f"{run_id}.done").exists)
    _until(lambda: _is_idle(workers, pid))
    assert int((folder / run_id).read_text()) == pid
    return pid


def test_a_worker_makes_one_run_after_the_other(workers: Workers, tmp_path: Path) -> None:
    assert _run(workers, "a", tmp_path) == _run(workers, "b", tmp_path) != os.getpid()


def test_runs_at_the_same_time_have_workers_of_their_own(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    first, second = (workers.start(_order(run, tmp_path)) for run in ("a", "b"))
    assert first != second
    (tmp_path / "wait").unlink()
    _until(lambda: all((tmp_path / f"{run}.done").exists() for run in ("a", "b")))


def test_a_killed_worker_takes_its_own_run_with_it_and_no_other(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    first, second = (workers.start(_order(run, tmp_path)) for run in ("a", "b"))
    _until(lambda: all((tmp_path / run).exists() for run in ("a", "b")))
    os.kill(first, signal.SIGKILL)
    (tmp_path / "wait").unlink()
    _until((tmp_path / "b.done").exists)
    _until(lambda: _is_idle(workers, second))
    assert not (tmp_path / "a.done").exists()
    assert _run(workers, "c", tmp_path) == second


def test_a_worker_makes_room_after_enough_runs(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    pids = [_run(workers, run, tmp_path) for run in ("a", "b", "c")]
    assert pids[0] == pids[1] != pids[2]


def test_a_template_that_cannot_load_the_code_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "registry.yaml").write_text("domains: nonsense\n", encoding="utf-8")
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    template = Template()
    with pytest.raises(RuntimeError, match="the process that runs are forked from has ended"):
        template.start(_order("a", tmp_path))
    assert not template.is_current
    template.close()


def test_a_changed_registry_is_another_state_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    before = code_state()
    assert code_state() == before
    (tmp_path / "registry.yaml").write_text("domains: [clinic_appointments]\n", encoding="utf-8")
    assert code_state() != before
