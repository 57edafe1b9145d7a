"""What tests of models share: a clock that never waits, a request, and one call to a server that answers as told."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from agentskiller_assets.llm import background
from agentskiller_assets.llm.clock import Clock
from agentskiller_assets.llm.errors import LLMError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.openai_llm import Endpoint, OpenAILLM
from agentskiller_assets.llm.prices import Price, Prices
from tests.llm.server import Answer, ModelServer

KEY, VARIABLE, MODEL = "sk-very-secret-0123456789", "TESTED_KEY", "small-model"
PRICES = Prices({MODEL: Price(input=1.0, output=2.0)})
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}


@dataclass
class StillClock:
    """Sleeps take no time, and are written down."""

    time: float = 1_700_000_000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.time

    def now(self) -> float:
        return self.time

    def draw(self) -> float:
        return 1.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.time += seconds
        await asyncio.sleep(0)


def request(text: str = "Which colour?", **others: Any) -> Request:
    """A request that says this."""
    values = {"prompt": "tests/colour", "model": MODEL, "messages": ({"role": "user", "content": text},)}
    return Request(**{**values, **others})


def endpoint(url: str, **others: Any) -> Endpoint:
    """The endpoint at this address."""
    return Endpoint(**{"base_url": url, "key_variable": VARIABLE, **others})


_opened: list[OpenAILLM] = []


def model(url: str, clock: Clock | None = None, **settings: Any) -> OpenAILLM:
    """The models at this address, until the test has ended."""
    _opened.append(OpenAILLM(endpoint(url, **settings), PRICES, clock or StillClock()))
    return _opened[-1]


async def close_models() -> None:
    """Connections that nobody closes are closed by the garbage collector, in whichever thread that runs."""
    while _opened:
        await _opened.pop().close()


@dataclass(frozen=True)
class Tried:
    """What came of one call."""

    completion: Completion | None
    error: LLMError | None
    server: ModelServer
    clock: StillClock

    @property
    def answer(self) -> Completion:
        """The answer; the test fails if there was an error."""
        assert self.completion is not None, self.error
        return self.completion

    @property
    def told(self) -> str:
        """The error's text; the test fails if there was an answer."""
        assert self.error is not None, self.completion
        return str(self.error)


def tried(answer: Answer, asked: Request | None = None, **settings: Any) -> Tried:
    """One call to a server that answers so."""
    clock = StillClock()

    async def call(url: str) -> Completion | LLMError:
        try:
            return await model(url, clock, **settings).complete(asked or request())
        except LLMError as error:
            return error

    with ModelServer(answer) as server:
        found = background.run(call(server.url))
    error = found if isinstance(found, LLMError) else None
    return Tried(found if isinstance(found, Completion) else None, error, server, clock)
