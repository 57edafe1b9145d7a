"""What `agentskiller run` shows while it makes domains and pairs: bars, or a line for each without a terminal."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from agentskiller_assets.cli.console import out


class Report:
    """What is made of each domain and pair, as the warehouse shows it. One that is fresh already is not mentioned."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._assets: dict[str, list[str]] = {}
        self._bars: dict[str, TaskID] = {}
        self._started = time.time()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<40}"),
            BarColumn(24),
            TextColumn("{task.fields[now]:<18}"),
            TimeElapsedColumn(),
            console=out,
            disable=not out.is_terminal,
        )

    def __enter__(self) -> "Report":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, partition: str, assets: list[str]) -> None:
        """These assets are to be made of it, some of which may be made already."""
        self._assets[partition] = assets
        if partition in self._bars:
            self._progress.update(self._bars[partition], total=len(assets))
        else:
            self._bars[partition] = self._progress.add_task(partition, total=len(assets), now="waiting")

    def show(self, under_way: Sequence[str], ended: Sequence[str]) -> None:
        """How far these are whose runs have begun, and those whose runs have ended since they were shown last."""
        for partition in (*under_way, *ended):
            assets = self._assets[partition]
            done = [asset for asset in assets if self._is_made(asset, partition)]
            rest = [asset for asset in assets if asset not in done]
            now = "done" if not rest else "failed" if partition in ended else rest[0] if done else "waiting"
            self._progress.update(self._bars[partition], completed=len(done), now=now)
            if partition in ended and not out.is_terminal:
                passed = time.time() - self._started
                out.print(f"{partition}: {len(done)} of {len(assets)} assets after {passed:.0f} s")

    def _is_made(self, asset: str, partition: str) -> bool:
        try:
            note = os.stat(self._root / "_materializations" / asset / f"{partition}.json")  # noqa: PTH116
        except OSError:
            return False
        return note.st_mtime >= self._started
