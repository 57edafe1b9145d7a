"""What a run may spend, checked before each call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.llm.errors import AnswerError, BudgetError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.prices import PRICES, Prices
from agentskiller_assets.llm.protocol import LLM

_BYTES_PER_TOKEN = 3
"""English has more than four; an estimate before a call must not be too low."""


@dataclass
class Spent:
    """Calls that came back, and what they took."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def __str__(self) -> str:
        return f"{self.calls} calls, {self.tokens:,} tokens, ${self.cost:.4f}"


@dataclass
class Budget:
    """The most that one run may spend. A call starts only if the most that it can cost is still left.

    Used within one event loop.
    """

    most_tokens: int | None = None
    most_cost: float | None = None
    """US dollars."""
    prices: Prices = field(default_factory=Prices.load)
    spent: Spent = field(default_factory=Spent)
    _reserved: Spent = field(default_factory=Spent)
    _settled: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def room(self, request: Request) -> AsyncIterator[None]:
        """Room for a call: waits while calls under way may leave enough, `BudgetError` when they cannot."""
        most = self._most(request)
        async with self._settled:
            while not self._fits(most, self._reserved):
                if not self._fits(most, Spent()):
                    raise self._exceeded(request, most)
                await self._settled.wait()
            self._add(self._reserved, most, 1)
        try:
            yield
        finally:
            async with self._settled:
                self._add(self._reserved, most, -1)
                self._settled.notify_all()

    def charge(self, completion: Completion) -> None:
        """A call came back."""
        cost = completion.cost
        if cost is None:
            cost = self.prices.cost(completion.model, completion.prompt_tokens, completion.completion_tokens)
        self._add(self.spent, Spent(1, completion.tokens, cost or 0.0), 1)

    def _most(self, request: Request) -> Spent:
        """The most that a call can take."""
        prompt, answer = estimated_prompt_tokens(request), request.max_tokens
        cost = self.prices.cost(request.model, prompt, answer)
        if cost is None and self.most_cost is not None:
            fix = f"Name its price in a file of {PRICES}, or set the budget in tokens."
            raise BudgetError(request.culprit, "the budget is in money and no price of the model is known", fix)
        return Spent(1, prompt + answer, cost or 0.0)

    def _fits(self, call: Spent, reserved: Spent) -> bool:
        tokens = self.spent.tokens + reserved.tokens + call.tokens
        cost = self.spent.cost + reserved.cost + call.cost
        return not (
            (self.most_tokens is not None and tokens > self.most_tokens)
            or (self.most_cost is not None and cost > self.most_cost)
        )

    def _exceeded(self, request: Request, call: Spent) -> BudgetError:
        limits = [
            f"{self.most_tokens:,} tokens" if self.most_tokens is not None else "",
            f"${self.most_cost:.2f}" if self.most_cost is not None else "",
        ]
        limit = " and ".join(filter(None, limits))
        fault = f"the next call may take {call.tokens:,} tokens (${call.cost:.4f}), of {limit} spent are {self.spent}"
        fix = "Raise the budget and run again: what is paid for is kept and costs nothing then."
        return BudgetError(request.culprit, fault, fix)

    @staticmethod
    def _add(total: Spent, call: Spent, sign: int) -> None:
        total.calls += sign * call.calls
        total.tokens += sign * call.tokens
        total.cost += sign * call.cost


class Budgeted:
    """An LLM whose calls a budget pays for."""

    def __init__(self, inner: LLM, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget

    async def complete(self, request: Request) -> Completion:
        """The answer; `BudgetError` before a call that could cost more than is left."""
        async with self._budget.room(request):
            try:
                completion = await self._inner.complete(request)
            except AnswerError as error:
                self._budget.charge(error.completion)
                raise
            self._budget.charge(completion)
            return completion


def estimated_prompt_tokens(request: Request) -> int:
    """Roughly, and rather too many."""
    sent = [request.messages, request.tools, request.response_schema]
    return len(canonical_json(sent).encode()) // _BYTES_PER_TOKEN + 1
