"""One event loop in the background, shared by everything in a process that asks models.

Connections, limits and calls under way belong to one loop. Whoever asks, from a thread or from a loop of its own, hands
its coroutine to this one.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_THREAD = "agentskiller-models"
# By process id: a forked child has none of its parent's threads.
_loops: dict[int, asyncio.AbstractEventLoop] = {}
_lock = threading.Lock()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, for code that is not async."""
    if threading.current_thread().name == _THREAD:
        coroutine.close()
        raise RuntimeError("code that runs on the loop of models cannot wait for it; use `hop`")
    future = _submit(coroutine)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def hop(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, for code on whichever loop."""
    if asyncio.get_running_loop() is _loops.get(os.getpid()):
        return await coroutine
    return await asyncio.wrap_future(_submit(coroutine))


def _submit(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        if os.getpid() not in _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name=_THREAD, daemon=True).start()
            _loops[os.getpid()] = loop
        return _loops[os.getpid()]
