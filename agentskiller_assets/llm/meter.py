"""What one asset and partition asks of models: on whose behalf, how often, and at what cost."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from agentskiller_assets.llm import background
from agentskiller_assets.llm.clock import Clock, SystemClock
from agentskiller_assets.llm.errors import AnswerError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.protocol import LLM

_EVERY_S = 10.0
"""How often progress is told, at most."""


class Meter:
    """An LLM for one asset and partition. Asks on the process's one loop, so that it may be used from any thread."""

    def __init__(
        self,
        inner: LLM,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._inner = inner
        self._whose = {"asset": asset, "partition": partition} if asset or partition else {}
        self._tell = tell
        self._clock = clock or SystemClock()
        self._told_at = self._clock.monotonic()
        self._lock = threading.Lock()
        self._call_ids: set[str] = set()
        self.asked = self.cached = self.prompt_tokens = self.completion_tokens = 0
        """Answers that came back, and how many of them were paid for earlier; tokens of the others."""
        self.cost: float | None = None
        """US dollars of what was paid now; None where no price is known."""

    @property
    def call_ids(self) -> tuple[str, ...]:
        """Ids of all calls, sorted: those that were paid for earlier, and those whose answer was at fault, as well."""
        with self._lock:
            return tuple(sorted(self._call_ids))

    async def complete(self, request: Request) -> Completion:
        """The answer, on behalf of this asset and partition unless the request says for which it is."""
        own = request.model_copy(update=self._whose) if self._whose and request.asset is None else request
        try:
            completion = await background.hop(self._inner.complete(own))
        except AnswerError as error:
            self._count(error.completion)
            raise
        self._count(completion)
        return completion

    def __str__(self) -> str:
        tokens = self.prompt_tokens + self.completion_tokens
        cost = "" if self.cost is None else f", ${self.cost:.4f}"
        return f"{self.asked} model calls, {self.cached} of them from the cassette, {tokens:,} tokens{cost}"

    def _count(self, completion: Completion) -> None:
        with self._lock:
            self.asked += 1
            self._call_ids.add(completion.call_id)
            if completion.cached:
                self.cached += 1
            else:
                self.prompt_tokens += completion.prompt_tokens
                self.completion_tokens += completion.completion_tokens
                if completion.cost is not None:
                    self.cost = (self.cost or 0.0) + completion.cost
            now = self._clock.monotonic()
            due = self._tell is not None and now - self._told_at >= _EVERY_S
            if due:
                self._told_at = now
        if due and self._tell is not None:
            self._tell(str(self))


def totals(meters: Sequence[Meter]) -> dict[str, Any]:
    """What these took together, for the metadata of a materialization. Tokens and cost are of what was paid now."""
    costs = [meter.cost for meter in meters if meter.cost is not None]
    asked, cached = sum(meter.asked for meter in meters), sum(meter.cached for meter in meters)
    return {
        "llm_calls": asked,
        "llm_calls_from_cassette": cached,
        "llm_prompt_tokens": sum(meter.prompt_tokens for meter in meters),
        "llm_completion_tokens": sum(meter.completion_tokens for meter in meters),
        "llm_cost_usd": float(sum(costs)) if costs or asked == cached else "unknown",
    }
