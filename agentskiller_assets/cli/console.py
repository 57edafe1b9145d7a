"""Where the command line writes to."""

import os
import sys
from pathlib import Path

from rich.console import Console

_WIDTH = None if sys.stdout.isatty() else 140
"""Tables are not squeezed when nobody's terminal sets a width."""
out = Console(soft_wrap=True, width=_WIDTH)
err = Console(stderr=True, soft_wrap=True, width=_WIDTH)


def complain(text: str) -> None:
    """One error for a person."""
    err.print(text, style="bold red", markup=False, highlight=False)


def dagster_home() -> Path:
    """Dagster's folder: `DAGSTER_HOME`, or `dagster_home` here. Created, and set for Dagster, if need be."""
    home = Path(os.environ.get("DAGSTER_HOME") or "dagster_home").absolute()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(Path(__file__).with_name("dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home
