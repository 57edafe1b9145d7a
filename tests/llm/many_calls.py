"""A process that makes calls, for tests that kill it: `python -m tests.llm.many_calls URL WAREHOUSE COUNT`."""

import asyncio
import sys
from pathlib import Path

from agentskiller_assets.llm import background
from agentskiller_assets.llm.models import Completion
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.settings import Settings
from tests.llm.kit import VARIABLE, request


async def answers(url: str, warehouse: Path, count: int) -> list[Completion]:
    llm = open_llm(Settings.load(base_url=url, key_variable=VARIABLE, concurrency=4), warehouse)
    return await asyncio.gather(*(llm.complete(request(f"number {n}")) for n in range(count)))


if __name__ == "__main__":
    for each in background.run(answers(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))):
        print(each.content)
