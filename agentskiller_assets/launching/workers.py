"""Worker processes, forked from one that has loaded the code location; each makes several runs, one after the other.

`python -m agentskiller_assets.launching.workers` reads orders from its input and answers each with the pid of the
worker that has it. A worker keeps what it has compiled and started for the next run; one that dies takes its own run
with it and no other. The process itself runs nothing, so that it has no threads and no files that a fork would share.
"""

import importlib
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from agentskiller_assets.launching.collection import collected_afterwards
from agentskiller_assets.launching.preloaded import PRELOADED
from agentskiller_assets.launching.template import CODE_LOCATION, Order

MOST_RUNS = 25
"""After so many runs a worker makes room for a new one, which holds no memory of them."""
_DONE = b"."


@dataclass
class _Worker:
    pid: int
    line: socket.socket
    runs: int = 0
    is_idle: bool = True

    def take(self, order: Order) -> bool:
        """Gives it an order; False if it is gone."""
        try:
            self.line.sendall(order.model_dump_json().encode() + b"\n")
        except OSError:
            return False
        self.runs, self.is_idle = self.runs + 1, False
        return True


class Workers:
    """Those that live. Not safe to use from several threads."""

    def __init__(self) -> None:
        self._workers: list[_Worker] = []

    def start(self, order: Order) -> int:
        """The pid of the worker that makes this run."""
        self._look()
        for worker in [each for each in self._workers if each.is_idle]:
            if worker.take(order):
                return worker.pid
            self._drop(worker)
        worker = self._fork()
        worker.take(order)
        return worker.pid

    def _look(self) -> None:
        """Notes who is done, and lets go of who has ended or has made enough runs."""
        lines = {worker.line: worker for worker in self._workers}
        ready, _, _ = select.select(list(lines), [], [], 0)
        for line in ready:
            worker = lines[line]
            with suppress(OSError):
                if line.recv(1) == _DONE:
                    worker.is_idle = True
                    if worker.runs < MOST_RUNS:
                        continue
            self._drop(worker)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _drop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.line.close()

    def _fork(self) -> _Worker:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            for other in self._workers:
                other.line.close()
            _work(theirs)
        theirs.close()
        worker = _Worker(pid, ours)
        self._workers.append(worker)
        return worker


def serve() -> None:
    """Answers orders until nobody can give any."""
    for name in (*PRELOADED, CODE_LOCATION):
        importlib.import_module(name)
    workers = Workers()
    for line in sys.stdin:
        order = Order.model_validate_json(line)
        _job(order).get_repository_definition()  # made once, so that forks have it
        print(workers.start(order), flush=True)


def _work(line: socket.socket) -> NoReturn:
    """The life of a worker: it never comes back to the loop that it was forked in."""
    try:
        with Path(os.devnull).open(encoding="ascii") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        with line.makefile("rb") as orders:
            for order in orders:
                with collected_afterwards():
                    _execute(Order.model_validate_json(order))
                line.sendall(_DONE)
    except BaseException:  # noqa: BLE001 - a fork has nobody to raise to
        traceback.print_exc()
    finally:
        os._exit(0)


def _job(order: Order):  # noqa: ANN202 - Dagster's own class
    from dagster._core.origin import JobPythonOrigin  # noqa: PLC0415
    from dagster._serdes import deserialize_value  # noqa: PLC0415
    from dagster._utils.hosted_user_process import recon_job_from_origin  # noqa: PLC0415

    return recon_job_from_origin(deserialize_value(order.origin, JobPythonOrigin))


def _execute(order: Order) -> None:
    """The run itself. Whatever goes wrong in it is in its own log."""
    import dagster as dg  # noqa: PLC0415
    from dagster._cli.api import _execute_run_command_body  # noqa: PLC0415
    from dagster._core.instance.ref import InstanceRef  # noqa: PLC0415
    from dagster._serdes import deserialize_value  # noqa: PLC0415

    from agentskiller_assets.launching.history import quick_history  # noqa: PLC0415
    from agentskiller_assets.launching.presence import present  # noqa: PLC0415

    reference = deserialize_value(order.instance, InstanceRef)
    with (
        present(Path(order.presence), order.run_id),
        quick_history(),
        dg.DagsterInstance.from_ref(reference) as instance,
    ):
        _execute_run_command_body(order.run_id, instance, lambda event: None, set_exit_code_on_failure=False)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        serve()
