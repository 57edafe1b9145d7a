"""A request to a model and its completion, as everything here passes them on."""

from functools import cached_property
from typing import Any, Literal

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.records import Model

Fault = Literal["truncated", "refused", "filtered", "empty", "wrong_model"]
"""What can be wrong with an answer that came whole."""


class ToolCall(Model):
    """A call as the model sent it. `arguments` is its text, valid JSON or not."""

    id: str
    name: str
    arguments: str


class Request(Model):
    """One question to a model. What decides the answer decides `call_id`; who asks does not."""

    model: str
    messages: tuple[dict[str, Any], ...]
    """In OpenAI's form."""
    tools: tuple[dict[str, Any], ...] = ()
    """In OpenAI's function form."""
    response_schema: dict[str, Any] | None = None
    """JSON Schema of the answer; None for plain text."""
    schema_name: str = "answer"
    temperature: float = 0.0
    seed: int | None = None
    max_tokens: int = 4096

    prompt: str
    """Name of the prompt, for errors and views."""
    asset: str | None = None
    partition: str | None = None

    @cached_property
    def call_id(self) -> str:
        """`call_` and a hash of everything that decides the answer."""
        identity: dict[str, Any] = {
            "model": self.model,
            "messages": self.messages,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }
        if self.tools:
            identity["tools"] = self.tools
        if self.response_schema is not None:
            identity["schema"] = [self.schema_name, self.response_schema]
        if self.seed is not None:
            identity["seed"] = self.seed
        return f"call_{digest(identity)}"

    @property
    def culprit(self) -> str:
        """Who asks whom, for errors."""
        whose = f" of {self.asset or self.partition}" if self.asset or self.partition else ""
        if self.asset and self.partition:
            whose += f"[{self.partition}]"
        return f"prompt {self.prompt!r}{whose}, model {self.model}"


class Completion(Model):
    """What a model answered, and what it took."""

    call_id: str
    model: str
    """The model that was asked."""
    answered_by: str
    """The name in the answer."""
    content: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    thinking: str | None = None
    """What the model wrote to itself; never part of `content`."""
    refusal: str | None = None
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    """US dollars when it was asked; None where no price is known."""
    latency_s: float = 0.0
    attempts: int = 1
    adjustments: tuple[str, ...] = ()
    """What the endpoint would not take as it was asked, and what was missing from its answer."""
    cached: bool = False
    """Taken from the cassette: paid for earlier."""

    @property
    def tokens(self) -> int:
        """Both ways."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def fault(self) -> Fault | None:
        """Why the answer cannot be used, if so."""
        if self.refusal:
            return "refused"
        if self.finish_reason == "content_filter":
            return "filtered"
        if self.finish_reason == "length":
            return "truncated"
        if not self.tool_calls and not (self.content or "").strip():
            return "empty"
        return None
