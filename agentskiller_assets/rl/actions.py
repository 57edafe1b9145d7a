"""What an agent can do in a step: say something, or call a tool; as objects, as text, or as OpenAI's messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.models import ToolCall

_CALL = {"tool", "arguments"}


@dataclass(frozen=True)
class Say:
    """A message to the user, who answers."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call of a tool, whose result comes back."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


Action = Say | Call | str | Mapping[str, Any]
"""Text is a call if it is JSON with `tool` and `arguments` alone, else a message. A mapping is a call with those two
fields, or an assistant's message as OpenAI's chat completions have it."""


def as_reply(action: Action) -> Reply:
    """The action as the agent's next reply in a conversation; `RolloutError` if it is none."""
    match action:
        case Say(text):
            return Reply(text)
        case Call(tool, arguments):
            return Reply(None, (_call(tool, arguments),))
        case str():
            found = _json(action)
            return as_reply(found) if isinstance(found, dict) and set(found) == _CALL else Reply(action)
        case {"tool": str(tool), "arguments": arguments}:
            return Reply(None, (_call(tool, arguments),))
        case {"role": "assistant"} | {"content": _} | {"tool_calls": _}:
            return _of_message(action)
    fix = "Give a `Say`, a `Call`, text, or an assistant's message."
    raise RolloutError("action", f"{type(action).__name__} is nothing that an agent can do", fix)


def _of_message(message: Mapping[str, Any]) -> Reply:
    try:
        calls = tuple(
            ToolCall(id=str(each.get("id", "")), name=each["function"]["name"], arguments=each["function"]["arguments"])
            for each in message.get("tool_calls") or ()
        )
        return Reply(message.get("content"), calls)
    except (KeyError, TypeError, ValueError) as error:
        fix = "Give each call a `function` with a name and with arguments as JSON text."
        raise RolloutError("action", "its calls are not those of an assistant's message", fix) from error


def _call(tool: str, arguments: Any) -> ToolCall:
    """Arguments that are no object are sent as they are: the tool refuses them."""
    return ToolCall(id="", name=tool, arguments=json.dumps(arguments, ensure_ascii=False, default=str))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
