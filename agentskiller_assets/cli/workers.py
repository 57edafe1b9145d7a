"""The processes that make domains and pairs, the same for both: what a worker has loaded and compiled serves all."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, forkserver, get_context, parent_process
from threading import Thread, main_thread
from types import TracebackType
from typing import Any

from agentskiller_assets.cli.console import err
from agentskiller_assets.cli.runs import RunResult, get_ready, run_in_worker
from agentskiller_assets.launching.preloaded import PRELOADED

_OUTPUT = (1, 2)
_END_S = 60
"""How long a worker may take to end its run, once its parent is gone."""


class Workers:
    """At most `jobs` processes. They start when they are needed, or early with `load`."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(list(PRELOADED))
        self._pool = self._new_pool()
        self._asked: dict[Future[RunResult], str] = {}
        """What has not ended yet, and its name."""

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                self._say_what_is_awaited()
            self._pool.shutdown(cancel_futures=kind is not None)
        except KeyboardInterrupt:
            for worker in active_children():
                worker.terminate()  # it ends its run as failed
            raise

    def _say_what_is_awaited(self) -> None:
        """Who interrupts, waits for what is under way, which is stored whole, and for nothing that has not begun."""
        if awaited := [name for future, name in list(self._asked.items()) if not future.cancel() and not future.done()]:
            err.print(
                f"Waiting for {', '.join(awaited)}, under way already; an interrupt now stops that too. "
                "Afterwards the same command goes on from there.",
                markup=False,
            )

    def load(self) -> None:
        """Import what workers need, in a process of its own that they are forked from; returns at once."""
        with _silent():
            forkserver.ensure_running()

    def get_ready(self, pieces: int) -> None:
        """Start one for each of so many domains and pairs, once all of these are registered; returns at once."""
        self.load()
        for _ in range(min(self.jobs, pieces)):
            self._pool.submit(get_ready)

    def submit(
        self, job: str, partition: str | None, assets: list[str], run_config: dict[str, Any]
    ) -> "Future[RunResult]":
        """One run; a worker that died takes those that were under way with it, and no later one."""
        self.load()
        try:
            future = self._pool.submit(run_in_worker, job, partition, assets, run_config)
        except BrokenProcessPool:
            self._pool = self._new_pool()
            future = self._pool.submit(run_in_worker, job, partition, assets, run_config)
        self._asked[future] = partition or f"the job {job}"
        future.add_done_callback(lambda done: self._asked.pop(done, None))
        return future

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(max_workers=self.jobs, mp_context=self._context, initializer=_stand_alone)


@contextmanager
def _silent() -> Iterator[None]:
    """A process that is started now prints to nobody: who reads this one's output is not kept waiting for its end."""
    kept = [os.dup(stream) for stream in _OUTPUT]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in _OUTPUT:
            os.dup2(nothing, stream)
        yield
    finally:
        for stream, copy in zip(_OUTPUT, kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nothing)


def _stand_alone() -> None:
    """No signal to the command's process group reaches a worker, whose sandbox and run it would spoil.

    One whose parent has ended, however it did, ends what it is making as failed, and itself.
    """
    os.setsid()
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
        time.sleep(_END_S)
        os._exit(1)
