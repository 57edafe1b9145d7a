"""How many calls to one model are under way at once: as many as allowed, fewer as long as the endpoint complains."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agentskiller_assets.llm.clock import Clock

_LEAST = 1.0


class Limiter:
    """Adds one for every round of calls that went well, and halves when the endpoint says that it is too much.

    Used within one event loop.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self.limit = float(most)
        self.running = 0
        self._most = float(most)
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = self._open_at = clock.monotonic()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Room for one call, and the time at which it started."""
        await self._enter()
        try:
            while (wait := self._open_at - self._clock.monotonic()) > 0:
                await self._clock.sleep(wait)
            yield self._clock.monotonic()
        finally:
            self.running -= 1
            self._wake()

    def went_well(self) -> None:
        """A call came back."""
        self.limit = min(self._most, self.limit + 1 / self.limit)
        self._wake()

    def too_much(self, started: float, pause_s: float | None) -> None:
        """The endpoint had too much of it: half as many from now on, and none before `pause_s` have passed.

        Calls that started before the last halving say nothing about what holds since.
        """
        now = self._clock.monotonic()
        if started >= self._halved_at:
            self.limit = max(_LEAST, self.limit / 2)
            self._halved_at = now
        if pause_s:
            self._open_at = max(self._open_at, now + pause_s)

    async def _enter(self) -> None:
        if not self._waiting and self.running < int(self.limit):
            self.running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the room was given just before
                self.running -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and self.running < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.running += 1
                turn.set_result(None)
