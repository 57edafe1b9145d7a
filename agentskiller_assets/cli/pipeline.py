"""`agentskiller run`: the catalogs, then every domain and every pair that is not fresh, two at a time."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.runs import RunResult, run_job
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.cli.workers import Workers
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.jobs import CATALOG_ASSETS
from resources.storage.warehouse import Warehouse

_POLL_S = 0.5


class RunFailedError(AgentSkillerError):
    """The catalogs could not be made."""


def make_catalog_assets(warehouse: Warehouse, settings: RunSettings, stale: Sequence[str]) -> None:
    """Runs the job `catalog` for what is not fresh; `RunFailedError` if it fails."""
    if not stale:
        return
    out.print(f"Making {', '.join(stale)} …", markup=False)
    assets = [asset for asset in CATALOG_ASSETS if asset in stale]
    # here, where the packs were read to tell what is wanted
    result = run_job("catalog", None, assets, settings.run_config(assets))
    if not result.success:
        raise RunFailedError("catalog", "; ".join(result.failures), "Mend that and run again.")
    warehouse.refresh_catalog()


def make_dataset_assets(settings: RunSettings, stale: list[str], workers: Workers) -> RunResult:
    """Runs the job `dataset`, in a worker: it has loaded what that needs, and read some of the conversations."""
    return _result(None, workers.submit("dataset", None, stale, settings.run_config(stale)))


def make_partitions(
    warehouse: Warehouse, settings: RunSettings, job: str, work: dict[str, list[str]], workers: Workers
) -> list[RunResult]:
    """One run of the job for each domain or pair; a failing one stops no other."""
    running = {
        partition: workers.submit(job, partition, assets, settings.run_config(assets))
        for partition, assets in work.items()
    }
    _watch(warehouse.root, running, work)
    return [_result(partition, future) for partition, future in running.items()]


def _result(partition: str | None, future: "Future[RunResult]") -> RunResult:
    error = future.exception()
    if error is None:
        return future.result()
    return RunResult(partition=partition, run_id="", success=False, failures=(f"the worker stopped: {error}",))


def _watch(root: Path, running: "dict[str, Future[RunResult]]", work: dict[str, list[str]]) -> None:
    """Progress until all runs have ended; without a terminal, one line for each domain or pair when it is done."""
    started = time.time()
    reported: set[str] = set()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<40}"),
        BarColumn(24),
        TextColumn("{task.fields[now]:<18}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=out, disable=not out.is_terminal) as progress:
        bars = {
            partition: progress.add_task(partition, total=len(assets), now="waiting")
            for partition, assets in work.items()
        }
        while True:
            pending = wait(running.values(), timeout=_POLL_S).not_done
            for partition, assets in work.items():
                done = [asset for asset in assets if _made_since(root, asset, partition, started)]
                _show(progress, bars[partition], done, assets, running[partition].done())
                if running[partition].done() and partition not in reported and not out.is_terminal:
                    reported.add(partition)
                    out.print(f"{partition}: {len(done)} of {len(assets)} assets after {time.time() - started:.0f} s")
            if not pending:
                return


def _show(progress: Progress, bar: TaskID, done: list[str], assets: list[str], ended: bool) -> None:
    rest = [asset for asset in assets if asset not in done]
    now = "done" if not rest else "failed" if ended else rest[0] if done else "waiting"
    progress.update(bar, completed=len(done), now=now)


def _made_since(root: Path, asset: str, partition: str, moment: float) -> bool:
    try:
        return os.stat(root / "_materializations" / asset / f"{partition}.json").st_mtime >= moment  # noqa: PTH116
    except OSError:
        return False
