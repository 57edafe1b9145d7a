"""`agentskiller run`: the catalogs, then every domain and every pair that is not fresh, two at a time."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.plan import Work
from agentskiller_assets.cli.progress import Report
from agentskiller_assets.cli.runs import Failed, RunResult, run_job
from agentskiller_assets.cli.settings import Settings, run_config
from agentskiller_assets.cli.workers import Workers
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.jobs import CATALOG_ASSETS
from resources.storage.warehouse import Warehouse

_POLL_S = 0.5


class RunFailedError(AgentSkillerError):
    """The catalogs could not be made."""


@dataclass(frozen=True)
class Piece:
    """One domain or pair that is to be made by a run of its own."""

    partition: str
    job: str
    work: Callable[[], Work]
    """Which of its assets to make; asked when all that it needs is made."""
    needs: tuple[str, ...] = ()
    """The domains of a pair."""


def make_catalog_assets(
    warehouse: Warehouse, settings: Settings, stale: Sequence[str], workers: Workers | None = None
) -> None:
    """Runs the job `catalog` for what is not fresh, in a worker if there are any; `RunFailedError` if it fails."""
    if not stale:
        return
    out.print(f"Making {', '.join(stale)} …", markup=False)
    assets = [asset for asset in CATALOG_ASSETS if asset in stale]
    config = run_config(settings, assets)
    if workers:
        result = _result(None, workers.submit("catalog", None, assets, config))
    else:
        result = run_job("catalog", None, assets, config)
    if not result.success:
        raise RunFailedError("catalog", "; ".join(result.failures), "Mend that and run again.")
    warehouse.refresh_catalog()


def make_dataset_assets(settings: Settings, stale: list[str], workers: Workers) -> RunResult:
    """Runs the job `dataset`, in a worker: it has loaded what that needs, and read some of the conversations."""
    return _result(None, workers.submit("dataset", None, stale, run_config(settings, stale)))


def make_pieces(warehouse: Warehouse, settings: Settings, pieces: Sequence[Piece], workers: Workers) -> Failed:
    """Makes what is not fresh, each piece as soon as all that it needs is made; a failing one stops no other.

    What failed, and why: a piece that needs one of those is not begun.
    """
    with Report(warehouse.root) as report:
        runs, waiting = _Runs(settings, workers, report), list(pieces)
        while waiting or runs.unmade:
            unmade = {*runs.unmade, *(piece.partition for piece in waiting)}
            ready = [piece for piece in waiting if unmade.isdisjoint(piece.needs)]
            waiting = [piece for piece in waiting if not unmade.isdisjoint(piece.needs)]
            if runs.begin(ready) == len(ready):  # what is fresh, or lost, keeps nobody waiting
                runs.wait()
    return runs.failed


class _Runs:
    """The runs that are under way, and what failed."""

    def __init__(self, settings: Settings, workers: Workers, report: Report) -> None:
        self._settings, self._workers, self._report = settings, workers, report
        self._running: dict[str, Future[RunResult]] = {}
        self._queued: deque[tuple[Piece, list[str], list[str]]] = deque()
        """Pieces, with the assets to make of them and those to show, for which there is no worker yet."""
        self.failed: Failed = {}
        self._unsure: dict[str, tuple[Piece, list[str]]] = {}
        """Those of which more has to be made if the content of these assets changes, whose run is under way."""

    @property
    def unmade(self) -> set[str]:
        """What is under way, or queued."""
        return {*self._running, *(piece.partition for piece, *_ in self._queued)}

    def begin(self, pieces: Sequence[Piece]) -> int:
        """Starts a run for each that is not fresh; how many those are."""
        asked = {piece: self._work(piece) for piece in pieces}
        for piece, work in asked.items():
            if work and work.now:
                self._queued.append((piece, work.now, work.now))
                if work.all != work.now:
                    self._unsure[piece.partition] = piece, work.now
        self._fill()
        if fresh := [piece.partition for piece, work in asked.items() if work and not work.now]:
            out.print(f"Fresh already: {', '.join(fresh)}", markup=False)
        return sum(bool(work and work.now) for work in asked.values())

    def _fill(self) -> None:
        """Gives each worker one run: what a pool of processes has taken for later, it makes after an interrupt too."""
        while self._queued and len(self._running) < self._workers.jobs:
            piece, assets, shown = self._queued.popleft()
            config = run_config(self._settings, assets, piece.partition)
            self._running[piece.partition] = self._workers.submit(piece.job, piece.partition, assets, config)
            self._report.begin(piece.partition, shown)

    def _work(self, piece: Piece) -> Work | None:
        """What is to be made of it; None if that cannot be."""
        if culprits := [each for each in piece.needs if each in self.failed]:
            self.failed[piece.partition] = (f"its domain {culprits[0]} failed",)
            return None
        try:
            return piece.work()
        except AgentSkillerError as error:
            self.failed[piece.partition] = (str(error),)
            return None

    def wait(self) -> None:
        """Until a run has ended, or it is time to show how far all are."""
        wait(self._running.values(), timeout=_POLL_S, return_when=FIRST_COMPLETED)
        ended = [partition for partition, future in self._running.items() if future.done()]
        for partition in ended:
            result = _result(partition, self._running.pop(partition))
            if not result.success:
                self.failed[partition] = result.failures
            elif partition in self._unsure:
                self._go_on(*self._unsure.pop(partition))
        self._fill()
        under_way = [partition for partition, future in self._running.items() if future.running()]
        unmade = self.unmade
        self._report.show(under_way, [partition for partition in ended if partition not in unmade])

    def _go_on(self, piece: Piece, made: list[str]) -> None:
        """If the content of what was made has changed, everything downstream is made by a second run."""
        work = self._work(piece)
        if work and work.all:
            shown = [*(asset for asset in made if asset not in work.all), *work.all]
            self._queued.appendleft((piece, work.all, shown))


def _result(partition: str | None, future: "Future[RunResult]") -> RunResult:
    error = future.exception()
    if error is None:
        return future.result()
    return RunResult(partition=partition, run_id="", success=False, failures=(f"the worker stopped: {error}",))
