"""Runs of jobs in processes of their own, forked from one that has the definitions, and killed on request."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from agentskiller_assets.core.records import Model

_RUN_SECONDS = 240
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["agentskiller_assets.definitions"])


class Request(Model):
    """One run."""

    job: str
    partition: str | None = None
    assets: tuple[str, ...] = ()
    """All of the job, if none is named."""
    config: dict[str, Any] = {}
    dies_before: str | None = None
    """A path below the warehouse. The process kills itself just before anything is renamed to it."""


def start(environment: Mapping[str, str], log: Path, requests: Sequence[Request]) -> BaseProcess:
    """Starts a process that makes these runs one after the other."""
    process = _processes.Process(target=_work, args=(dict(environment), log, list(requests)))
    process.start()
    return process


def ended(process: BaseProcess) -> int | None:
    """0 if all runs succeeded, 1 if one did not, negative if a signal ended the process."""
    process.join(_RUN_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.join()
    return process.exitcode


def _work(environment: dict[str, str], log: Path, requests: list[Request]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = environment["TMPDIR"]
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.exit(0 if all(map(_run, requests)) else 1)


def _run(request: Request) -> bool:
    import dagster as dg

    from agentskiller_assets.definitions import defs

    if request.dies_before:
        _die_before(Path(os.environ["AGENTSKILLER_WAREHOUSE"]) / request.dies_before)
    with dg.DagsterInstance.get() as instance:
        return (
            defs.resolve_job_def(request.job)
            .execute_in_process(
                instance=instance,
                partition_key=request.partition,
                run_config=request.config,
                asset_selection=[dg.AssetKey(asset) for asset in request.assets] or None,
                raise_on_error=False,
            )
            .success
        )


def _die_before(path: Path) -> None:
    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and os.fspath(arguments[1]) == str(path):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
