"""Calls that were made are not made again: not by another process, after a kill, or at the same time."""

import asyncio

from agentskiller_assets.llm.calls import Call, CallStore
from agentskiller_assets.llm.errors import (
    AnswerError,
    EmptyAnswerError,
    NotRecordedError,
    WrongModelError,
    answer_error,
)
from agentskiller_assets.llm.models import Completion, Fault, Request
from agentskiller_assets.llm.protocol import LLM

_WORTH_ANOTHER_TRY = (EmptyAnswerError, WrongModelError)
"""Faults of a server that may be gone in the next run. All others are the model's answer to this request."""


class Cassette:
    """Answers from what is stored, and otherwise by `inner`, whose answer is stored before it is used.

    Used within one event loop. Two who ask the same at the same time make one call.
    """

    def __init__(self, store: CallStore, inner: LLM) -> None:
        self.store = store
        self._inner = inner
        self._under_way: dict[str, asyncio.Task[Completion]] = {}

    async def complete(self, request: Request) -> Completion:
        """The answer, paid for once. What cannot be used is an `AnswerError`, each time it is asked for."""
        call_id = request.call_id
        task = self._under_way.get(call_id)
        first = task is None
        if task is None:
            recorded = _replay(self.store, request)
            if recorded is not None:
                return recorded
            task = asyncio.create_task(self._record(request))
            self._under_way[call_id] = task
            task.add_done_callback(lambda done: self._forget(call_id, done))
        # whoever waits may be cancelled; what is under way is paid for and will be stored
        completion = await asyncio.shield(task)
        return completion if first else completion.model_copy(update={"cached": True})

    async def _record(self, request: Request) -> Completion:
        fault: Fault | None = None
        try:
            completion = await self._inner.complete(request)
        except _WORTH_ANOTHER_TRY as error:
            self.store.note(Call.of(request, error.completion, _fault(error)))
            raise
        except AnswerError as error:
            completion, fault = error.completion, _fault(error)
        kept = self.store.keep(Call.of(request, completion, fault))
        return _answer(self.store, request, kept)

    def _forget(self, call_id: str, task: asyncio.Task[Completion]) -> None:
        self._under_way.pop(call_id, None)
        if not task.cancelled():
            task.exception()  # nobody may have waited for it


class RecordedLLM:
    """Answers from what is stored and from nothing else: offline, free, the same each time."""

    def __init__(self, store: CallStore) -> None:
        self.store = store

    async def complete(self, request: Request) -> Completion:
        """The stored answer; `NotRecordedError` names the prompt of a call that was never made."""
        recorded = _replay(self.store, request)
        if recorded is None:
            fault = f"it was never asked so far ({request.call_id}), and nothing is asked offline"
            raise NotRecordedError(request.culprit, fault, "Unset AGENTSKILLER_OFFLINE to ask the model.")
        return recorded


def _replay(store: CallStore, request: Request) -> Completion | None:
    call = store.find(request.call_id)
    if call is None:
        return None
    return _answer(store, request, call).model_copy(update={"cached": True})


def _answer(store: CallStore, request: Request, call: Call) -> Completion:
    """The answer of a stored call, unless it cannot be used."""
    if call.fault is not None:
        raise answer_error(request, call.completion, call.fault, kept_in=store.path(call.call_id))
    return call.completion


def _fault(error: AnswerError) -> Fault | None:
    return "wrong_model" if isinstance(error, WrongModelError) else error.completion.fault
