"""Where the command line writes to."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

from agentskiller_assets.cli.instance import InstanceError

_WIDTH = None if sys.stdout.isatty() else 140
"""Tables are not squeezed when nobody's terminal sets a width."""
out = Console(soft_wrap=True, width=_WIDTH)
err = Console(stderr=True, soft_wrap=True, width=_WIDTH)


_ANY_WIDTH = 1 << 20


class WholeLines:
    """Something of which every line is one line, however long: rich would cut a tree at the width, without a mark."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self._content, options.update(width=_ANY_WIDTH))


def complain(text: str) -> None:
    """One error for a person."""
    err.print(text, style="bold red", markup=False, highlight=False)


def dagster_home() -> Path:
    """Dagster's folder: `DAGSTER_HOME`, or `dagster_home` here. Created, and set for Dagster, if need be."""
    home = Path(os.environ.get("DAGSTER_HOME") or "dagster_home").absolute()
    config = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            config.write_text(Path(__file__).with_name("dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        fix = "Set DAGSTER_HOME to a folder that you may write to"
        raise InstanceError(f"DAGSTER_HOME={home}", f"it cannot be written: {error.strerror}", fix) from error
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def report_tried(names: Sequence[str], tried: Iterable[Sequence[str]]) -> None:
    """Says of each what is wrong with it, as soon as it has been tried; exit code 1 if anything is."""
    at_fault = 0
    for name, faults in zip(names, tried, strict=True):
        out.print(f"{name}: {len(faults) or 'nothing'} at fault", markup=False)
        at_fault += bool(faults)
        for fault in faults:
            complain(f"  {fault}")
    if at_fault:
        raise typer.Exit(1)
