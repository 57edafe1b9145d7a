"""Options of commands that go as far as what is made of them, so that nothing is begun that cannot be ended."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

import typer

from agentskiller_assets.settings import GREATEST_SEED, LEAST_SEED

MOST_DOMAINS, MOST_PAIRS, MOST_PAIRS_PER_DOMAIN = 10_000, 100_000, 100
"""What the catalogs take."""
_TIME = "%Y-%m-%d %H:%M:%S"


def _a_time(text: str) -> str:
    with suppress(ValueError):
        if datetime.strptime(text, _TIME).strftime(_TIME) == text:
            return text
    raise typer.BadParameter("write it as 2026-03-02 09:00:00")


Seed = Annotated[int, typer.Option(envvar="AGENTSKILLER_SEED", min=LEAST_SEED, max=GREATEST_SEED, help="The one seed.")]
SimulationTime = Annotated[str, typer.Option(callback=_a_time, help="What time it is in every environment.")]
