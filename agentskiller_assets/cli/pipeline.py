"""`agentskiller run`: catalog, then every domain that is not fresh, two at a time."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.runs import RunResult, run_in_worker, run_job
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.jobs import CATALOG_ASSETS
from resources.storage.warehouse import Warehouse

_POLL_S = 0.5


class RunFailedError(AgentSkillerError):
    """Some domains could not be made."""


def make_catalog_assets(warehouse: Warehouse, settings: RunSettings, stale: Sequence[str]) -> None:
    """Runs the job `catalog` for what is not fresh; `RunFailedError` if it fails."""
    if not stale:
        return
    out.print(f"Making {' and '.join(stale)} …")
    assets = [asset for asset in CATALOG_ASSETS if asset in stale]
    result = run_job("catalog", None, assets, settings.run_config(assets))
    if not result.success:
        raise RunFailedError("catalog", "; ".join(result.failures), "Mend that and run again.")
    warehouse.refresh_catalog()


def make_domains(warehouse: Warehouse, settings: RunSettings, work: dict[str, list[str]], jobs: int) -> list[RunResult]:
    """One run for each domain, in `jobs` processes; a failing domain stops no other."""
    if not work:
        return []
    context = get_context("forkserver")
    context.set_forkserver_preload(["agentskiller_assets.definitions"])
    with ProcessPoolExecutor(max_workers=min(jobs, len(work)), mp_context=context) as pool:
        running = {
            domain: pool.submit(run_in_worker, "domain_pipeline", domain, assets, settings.run_config(assets))
            for domain, assets in work.items()
        }
        _watch(warehouse.root, running, work)
        return [_result(domain, future) for domain, future in running.items()]


def _result(domain: str, future: "Future[RunResult]") -> RunResult:
    error = future.exception()
    if error is None:
        return future.result()
    return RunResult(domain=domain, run_id="", success=False, failures=(f"the worker stopped: {error}",))


def _watch(root: Path, running: "dict[str, Future[RunResult]]", work: dict[str, list[str]]) -> None:
    """Progress until all runs have ended; without a terminal, one line for each domain when it is done."""
    started = time.time()
    reported: set[str] = set()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<32}"),
        BarColumn(24),
        TextColumn("{task.fields[now]:<18}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=out, disable=not out.is_terminal) as progress:
        bars = {domain: progress.add_task(domain, total=len(assets), now="waiting") for domain, assets in work.items()}
        while True:
            pending = wait(running.values(), timeout=_POLL_S).not_done
            for domain, assets in work.items():
                done = [asset for asset in assets if _made_since(root, asset, domain, started)]
                _show(progress, bars[domain], done, assets, running[domain].done())
                if running[domain].done() and domain not in reported and not out.is_terminal:
                    reported.add(domain)
                    out.print(f"{domain}: {len(done)} of {len(assets)} assets after {time.time() - started:.0f} s")
            if not pending:
                return


def _show(progress: Progress, bar: TaskID, done: list[str], assets: list[str], ended: bool) -> None:
    rest = [asset for asset in assets if asset not in done]
    now = "done" if not rest else "failed" if ended else rest[0] if done else "waiting"
    progress.update(bar, completed=len(done), now=now)


def _made_since(root: Path, asset: str, domain: str, moment: float) -> bool:
    try:
        return os.stat(root / "_materializations" / asset / f"{domain}.json").st_mtime >= moment  # noqa: PTH116
    except OSError:
        return False
