"""What OpenAI's chat fine-tuning asks of an example, and everything that an example does wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentskiller_assets.dataset.models import Example
from agentskiller_assets.rollouts.models import parse_arguments

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ROLES = ("system", "user", "assistant", "tool")
_KEYS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls"},
    "tool": {"role", "content", "tool_call_id"},
}


def violations(example: Example) -> list[str]:
    """What is wrong with an example, in the order of its messages; empty when it can be trained on."""
    found = [] if not example.parallel_tool_calls else ["parallel_tool_calls is not false"]
    return [f"{example.id}: {fault}" for fault in (*found, *line_violations(example.messages, example.tools))]


def line_violations(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with messages and tools, as one line of a file holds them."""
    names = [_name_of(tool) for tool in tools]
    faults = [*_of_tools(tools, names), *_of_order(messages), *_of_calls(messages, set(names))]
    for index, message in enumerate(messages):
        faults += [f"message {index} {fault}" for fault in _of_message(message)]
    return faults


def _name_of(tool: Mapping[str, Any]) -> str:
    function = tool.get("function")
    return str(function.get("name")) if isinstance(function, Mapping) else ""


def _of_tools(tools: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[str]:
    if not tools:
        yield "it has no tools"
    for tool, name in zip(tools, names, strict=True):
        if tool.get("type") != "function" or not _NAME.fullmatch(name):
            yield f"{name!r} cannot be the name of a tool"
        elif not isinstance(tool["function"].get("parameters"), Mapping):
            yield f"tool {name} has no parameters"
        if names.count(name) > 1:
            yield f"tool {name} is there twice"


def _of_order(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    roles = [message.get("role") for message in messages]
    if roles[:1] != ["system"] or roles.count("system") != 1:
        yield "it does not begin with its one system prompt"
    if roles[1:2] != ["user"]:
        yield "the user does not speak first"
    if roles[-1:] != ["assistant"] or messages[-1].get("tool_calls"):
        yield "the assistant does not have the last word"


def _of_message(message: Mapping[str, Any]) -> Iterator[str]:
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES:
        yield f"is of the unknown role {role!r}"
        return
    if strange := sorted(set(message) - _KEYS[role]):
        yield f"has {strange[0]!r}, which messages of the {role} do not have"
    if not (isinstance(content, str) and content.strip()) and not (content is None and message.get("tool_calls")):
        yield "says nothing"
    if len(message.get("tool_calls") or ()) > 1:
        yield "makes several calls at once, which parallel_tool_calls forbids"


def _of_calls(messages: Sequence[Mapping[str, Any]], names: set[str]) -> Iterator[str]:
    """Every call has an id of its own, a tool, arguments as JSON text, and its answer before anything else."""
    met: set[str] = set()
    waiting: list[str] = []
    for index, message in enumerate(messages):
        if message.get("role") == "tool":
            answered = message.get("tool_call_id")
            if answered not in waiting:
                yield f"message {index} answers {answered!r}, which nobody waits for"
            waiting = [each for each in waiting if each != answered]
            continue
        if waiting:
            yield f"message {index} comes before the answer to {waiting[0]}"
            waiting = []
        for call in message.get("tool_calls") or ():
            identifier, function = str(call.get("id")), call.get("function", {})
            if identifier in met:
                yield f"two calls have the id {identifier}"
            met.add(identifier)
            waiting.append(identifier)
            if call.get("type") != "function" or function.get("name") not in names:
                yield f"call {identifier} is of {function.get('name')!r}, which is none of its tools"
            arguments = function.get("arguments")
            if not isinstance(arguments, str) or parse_arguments(arguments) is None:
                yield f"call {identifier} has arguments that are no JSON object as text"
    if waiting:
        yield f"nothing answers {waiting[0]}"
