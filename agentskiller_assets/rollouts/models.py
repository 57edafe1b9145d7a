"""Records of rollouts: messages in OpenAI's form, the calls that were made, and the state that came of them."""

import json
from typing import Any, ClassVar, Literal

from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.tasks.models import TaskKind

Role = Literal["system", "user", "assistant", "tool"]
StopReason = Literal["stop", "transfer", "out_of_scope", "turn_limit", "call_limit"]
"""`stop`, `transfer` and `out_of_scope` are said by the user; a limit is never a success."""


class ToolCall(Model):
    """A call as the agent sent it. `arguments` is the JSON text, valid or not."""

    id: str
    name: str
    arguments: str


class Message(Model):
    """One message. A tool message answers the call with the id `tool_call_id`."""

    role: Role
    content: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None

    def openai(self) -> dict[str, Any]:
        """The message in the form of OpenAI's chat completions."""
        found: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            found["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in self.tool_calls
            ]
        if self.tool_call_id is not None:
            found["tool_call_id"] = self.tool_call_id
        return found


class ExecutedCall(Model):
    """A tool call that was made on the session, in the order in which they were made."""

    message: int
    """Index of the assistant's message that asked for it."""
    id: str
    tool: str
    arguments: dict[str, Any]
    """As they were parsed; empty where the text was no JSON object."""
    outcome: Literal["ok", "refused", "invalid"]
    code: str | None = None
    """For refused: the code of the rule."""
    result: dict[str, Any] | None = None
    """For ok."""


class Usage(Model):
    """What the models of one side took. All 0 for a scripted one."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: tuple[str, ...] = ()
    """Ids of the model calls."""
    cost: float | None = None
    """US dollars; None where no price is known."""

    def __add__(self, other: "Usage") -> "Usage":
        costs = [each for each in (self.cost, other.cost) if each is not None]
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            calls=(*self.calls, *other.calls),
            cost=sum(costs) if costs else None,
        )


class Rollout(Record):
    """One whole conversation and what it did. The first message is the system prompt, which holds the policy."""

    kind: ClassVar[str] = "rollout"

    position: int
    domain: str
    query: str
    task: str
    task_kind: TaskKind
    repeat: int
    """0 to k-1: which of the conversations about the same query it is."""
    agent: str
    """`scripted`, or the model's name."""
    user: str
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...]
    """In OpenAI's function form, as the agent got them."""
    stop_reason: StopReason
    last_words: str
    """What the user said when it ended the conversation, with the marker; no message of the conversation."""
    calls: tuple[ExecutedCall, ...]
    environment_digest: str
    initial_digest: str
    final_digest: str
    final_diff: dict[str, Any]
    """By table: inserted, updated and deleted rows."""
    agent_usage: Usage
    user_usage: Usage

    @property
    def turns(self) -> int:
        """How many messages the two have said to each other."""
        return sum(message.role in ("user", "assistant") and bool(message.content) for message in self.messages)


def parse_arguments(text: str) -> dict[str, Any] | None:
    """The arguments of a call; None when the text is not a JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
