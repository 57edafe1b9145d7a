"""One model that plays one side of conversations, and how it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agentskiller_assets.core.seeds import rng
from agentskiller_assets.errors import LLMError, RolloutError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import ToolCall, Usage

Side = Literal["agent", "user"]
_SEED_BITS = 31


@dataclass(frozen=True)
class Voice:
    """Says what a model says."""

    llm: LLM
    model: str
    temperature: float = 0.0
    max_tokens: int = 2048

    @property
    def settings(self) -> str:
        """What decides the answers."""
        return f"{self.model} t={self.temperature} n={self.max_tokens}"

    async def say(
        self, case: Case, side: Side, messages: Sequence[Mapping[str, Any]], tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        """The model's next message in this conversation; `RolloutError` when there is none that can be used.

        Each repeat has a seed of its own. What the model thought is with the call, and in no message.
        """
        request = Request(
            prompt=f"rollouts/{side}",
            partition=case.query.domain,
            model=self.model,
            messages=tuple(dict(message) for message in messages),
            tools=tuple(tools),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=rng(case.seed, "rollouts", side, case.query.id, case.repeat).getrandbits(_SEED_BITS),
        )
        try:
            completion = await self.llm.complete(request)
        except LLMError as error:
            raise RolloutError(case.query.id, f"{error.culprit}: {error.fault}", error.fix) from error
        return _reply(completion)


def _reply(completion: Completion) -> Reply:
    calls = tuple(ToolCall(id=c.id, name=c.name, arguments=c.arguments) for c in completion.tool_calls)
    usage = Usage(
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        calls=(completion.call_id,),
        cost=completion.cost,
    )
    return Reply(content=completion.content, tool_calls=calls, usage=usage)
