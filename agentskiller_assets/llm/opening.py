"""Puts together what answers requests. What has to be shared in a process is made once."""

import os
import threading
from functools import lru_cache
from pathlib import Path

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.llm.budget import Budget, Budgeted
from agentskiller_assets.llm.calls import CALLS, CallStore
from agentskiller_assets.llm.cassette import Cassette, RecordedLLM
from agentskiller_assets.llm.keys import read_key
from agentskiller_assets.llm.openai_llm import Endpoint, OpenAILLM
from agentskiller_assets.llm.prices import Prices
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.settings import Settings

_lock = threading.Lock()


def open_llm(settings: Settings, warehouse: Path, run_id: str = "") -> LLM:
    """The models that the settings name, with the calls stored in this warehouse.

    All that a process opens for one run shares its connections, limits, calls under way and budget.
    """
    store = CallStore(warehouse / CALLS)
    if settings.offline:
        return RecordedLLM(store)
    # the key decides with whom a connection is, and is in no setting
    key = digest(read_key(settings.endpoint.key_variable))
    with _lock:
        return _opened(os.getpid(), settings, store.folder, run_id, key)


@lru_cache(maxsize=16)
def _opened(process: int, settings: Settings, folder: Path, run_id: str, key: str) -> LLM:
    budget = _budget(process, run_id, settings.most_tokens, settings.most_cost, settings.prices)
    return Cassette(CallStore(folder), Budgeted(_asked(process, settings.endpoint, settings.prices, key), budget))


@lru_cache(maxsize=16)
def _asked(process: int, endpoint: Endpoint, prices: Path | None, key: str) -> OpenAILLM:
    return OpenAILLM(endpoint, Prices.load(prices))


@lru_cache(maxsize=16)
def _budget(process: int, run_id: str, tokens: int | None, cost: float | None, prices: Path | None) -> Budget:
    return Budget(tokens, cost, Prices.load(prices))
