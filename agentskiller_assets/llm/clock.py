"""Time and chance of retries, so that tests need to wait for neither."""

import asyncio
import random
import time
from typing import Protocol


class Clock(Protocol):
    """What retries and limits know of time."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def now(self) -> float:
        """Seconds since 1970."""
        ...

    def draw(self) -> float:
        """A number from 0 to 1, for jitter."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class SystemClock:
    """The time of this machine. Jitter is no part of what is stored, and differs between processes on purpose."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def draw(self) -> float:
        """A number from 0 to 1, for jitter."""
        return random.random()  # noqa: S311

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        await asyncio.sleep(seconds)
