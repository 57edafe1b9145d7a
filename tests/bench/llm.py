"""What stands between a run and its models: many calls at once over HTTP, stored, and taken from the cassette again."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from agentskiller_assets.llm import background
from agentskiller_assets.llm.meter import Meter
from agentskiller_assets.llm.models import Request
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.settings import Settings

CALLS, AT_ONCE, LATENCY_S = 500, 64, 1.0
_LONG = "A prompt of some length. " * 200


def measure() -> dict[str, Any]:
    """Seconds for independent calls of one second each, against the ideal, and for the same calls replayed."""
    ideal = -(-CALLS // AT_ONCE) * LATENCY_S
    command = [sys.executable, "-m", "tests.llm.server", str(LATENCY_S)]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin
        assert server.stdout
        settings = Settings.load(base_url=server.stdout.readline().strip(), concurrency=AT_ONCE)
        llm = Meter(open_llm(settings, Path(folder)))
        _calls(llm, 1)
        asked, used = _calls(llm, CALLS + 1)
        server.stdin.close()
        server.wait()
        replayed, _ = _calls(llm, CALLS + 1)
    return {
        "calls": CALLS,
        "at_once": AT_ONCE,
        "latency_s": LATENCY_S,
        "ideal_s": ideal,
        "asked_s": round(asked, 2),
        "times_ideal": round(asked / ideal, 2),
        "processor_ms_per_call": round(used / CALLS * 1e3, 2),
        "replayed_ms_per_call": round(replayed / CALLS * 1e3, 2),
    }


def _calls(llm: LLM, count: int) -> tuple[float, float]:
    """Seconds, and seconds of this process on a processor."""

    async def all_of_them() -> None:
        await asyncio.gather(*(llm.complete(_request(number)) for number in range(count)))

    started, used = time.perf_counter(), time.process_time()
    background.run(all_of_them())
    return time.perf_counter() - started, time.process_time() - used


def _request(number: int) -> Request:
    text = f"Number {number}. {_LONG}"
    return Request(prompt="bench", model="bench", messages=({"role": "user", "content": text},))
