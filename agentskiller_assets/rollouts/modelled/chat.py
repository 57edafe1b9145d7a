"""One model behind an OpenAI-compatible endpoint, as both sides of a conversation use it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openai

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.models import ToolCall, Usage


@dataclass(frozen=True)
class Model:
    """Which model, where, and how it is asked. The key itself is read from the environment when it is needed."""

    name: str
    base_url: str = ""
    """Empty for OpenAI's own."""
    key_variable: str = "OPENAI_API_KEY"
    temperature: float = 0.0
    max_tokens: int = 2048
    timeout_s: float = 120.0

    @property
    def settings(self) -> str:
        """What decides the answers; never the key."""
        return f"{self.name}@{self.base_url} t={self.temperature} n={self.max_tokens}"


class Chat:
    """Asks a model. One client for all conversations of a run."""

    def __init__(self, model: Model) -> None:
        key = os.environ.get(model.key_variable, "")
        if not key and not model.base_url:
            fix = f"Set {model.key_variable}, or name the base URL of a server that needs no key."
            raise RolloutError(f"model {model.name}", f"there is no key in {model.key_variable}", fix)
        self.model = model
        self._client = openai.AsyncOpenAI(
            api_key=key or "none", base_url=model.base_url or None, timeout=model.timeout_s, max_retries=2
        )

    async def ask(self, culprit: str, messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] = ()) -> Reply:
        """The model's next message. `RolloutError` names `culprit` when there is none, or it was cut off."""
        options: dict[str, Any] = {"tools": list(tools), "parallel_tool_calls": False} if tools else {}
        try:
            answer = await self._client.chat.completions.create(
                model=self.model.name,
                messages=list(messages),  # type: ignore[arg-type]
                temperature=self.model.temperature,
                max_tokens=self.model.max_tokens,
                **options,
            )
        except openai.OpenAIError as error:
            raise self._failure(
                culprit, f"did not answer ({type(error).__name__}: {self._without_key(error)})"
            ) from None
        if not answer.choices:
            raise self._failure(culprit, "answered without a choice")
        choice = answer.choices[0]
        if choice.finish_reason in ("length", "content_filter"):
            raise self._failure(culprit, f"was cut off ({choice.finish_reason})")
        calls = tuple(
            ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in choice.message.tool_calls or ()
            if call.type == "function"
        )
        usage = Usage(
            prompt_tokens=answer.usage.prompt_tokens if answer.usage else 0,
            completion_tokens=answer.usage.completion_tokens if answer.usage else 0,
        )
        return Reply(content=choice.message.content, tool_calls=calls, usage=usage)

    def _failure(self, culprit: str, fault: str) -> RolloutError:
        fix = "Check the endpoint, the model's name and the key, and run again; what is finished is kept."
        return RolloutError(culprit, f"model {self.model.name} {fault}", fix)

    def _without_key(self, error: Exception) -> str:
        """The error's text; some servers repeat the key in it."""
        key, text = os.environ.get(self.model.key_variable, ""), " ".join(str(error).split())
        return text.replace(key, "***") if key else text
