"""Waiting for speakers that answer whenever they can, inside of an event loop or not."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Waiting:
    """An event loop in a thread of its own: clients of models keep their connections from one answer to the next."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="speakers", daemon=True)
        self._thread.start()

    def for_result(self, work: Coroutine[Any, Any, T]) -> T:
        """What the coroutine comes to."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Ends the thread; nothing happens if it has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
