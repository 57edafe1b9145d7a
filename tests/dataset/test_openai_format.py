"""Everything that OpenAI's chat fine-tuning would not take is found, and nothing else."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from agentskiller_assets.dataset.openai_format import line_violations, violations
from tests.dataset.kit import evaluated, examples

Messages = list[dict[str, Any]]
Tools = list[dict[str, Any]]
Spoil = Callable[[Messages, Tools], None]
CALL = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"name": "Ada"}'}}
MESSAGES: Messages = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Who is Ada?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": '{"age": 36}', "tool_call_id": "call_1"},
    {"role": "assistant", "content": "She is 36."},
]
TOOLS: Tools = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]


def _set(message: int, key: str, value: Any) -> Spoil:
    return lambda messages, tools: messages[message].__setitem__(key, value)


def _call(key: str, value: Any) -> Spoil:
    return lambda messages, tools: messages[2]["tool_calls"][0]["function"].__setitem__(key, value)


def _drop(message: int) -> Spoil:
    return lambda messages, tools: messages.__delitem__(message)


def _add(message: int, **fields: Any) -> Spoil:
    return lambda messages, tools: messages.insert(message, fields)


def _tool(**function: Any) -> Spoil:
    return lambda messages, tools: tools[0]["function"].update(function)


FAULTS: list[tuple[Spoil, str]] = [
    (_drop(0), "it does not begin with its one system prompt"),
    (_add(1, role="system", content="Be brief."), "it does not begin with its one system prompt"),
    (_drop(1), "the user does not speak first"),
    (_drop(4), "the assistant does not have the last word"),
    (_add(5, role="user", content="Thanks."), "the assistant does not have the last word"),
    (_drop(3), "message 3 comes before the answer to call_1"),
    (_set(3, "tool_call_id", "call_2"), "message 3 answers 'call_2', which nobody waits for"),
    (_add(4, role="tool", content="{}", tool_call_id="call_1"), "message 4 answers 'call_1', which nobody waits for"),
    (_add(3, role="user", content="Hurry!"), "message 3 comes before the answer to call_1"),
    (_set(2, "tool_calls", [CALL, CALL]), "two calls have the id call_1"),
    (_set(2, "tool_calls", [CALL, CALL]), "message 2 makes several calls at once, which parallel_tool_calls forbids"),
    (_call("name", "search"), "call call_1 is of 'search', which is none of its tools"),
    (_call("arguments", {"name": "Ada"}), "call call_1 has arguments that are no JSON object as text"),
    (_call("arguments", '["Ada"]'), "call call_1 has arguments that are no JSON object as text"),
    (_call("arguments", '{"name": '), "call call_1 has arguments that are no JSON object as text"),
    (_set(4, "content", " "), "message 4 says nothing"),
    (_set(4, "content", None), "message 4 says nothing"),
    (_set(1, "role", "customer"), "message 1 is of the unknown role 'customer'"),
    (_set(4, "reward", 1.0), "message 4 has 'reward', which messages of the assistant do not have"),
    (_tool(name="find.person"), "'find.person' cannot be the name of a tool"),
    (_tool(name="f" * 65), f"'{'f' * 65}' cannot be the name of a tool"),
    (_tool(parameters=None), "tool find has no parameters"),
    (lambda messages, tools: tools.append(tools[0]), "tool find is there twice"),
    (lambda messages, tools: tools.clear(), "it has no tools"),
]


def test_a_sound_line_has_no_fault():
    assert line_violations(MESSAGES, TOOLS) == []


@pytest.mark.parametrize(("spoil", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_a_fault_is_named(spoil: Spoil, fault: str):
    messages, tools = copy.deepcopy(MESSAGES), copy.deepcopy(TOOLS)
    spoil(messages, tools)
    assert fault in line_violations(messages, tools)


def test_examples_of_scripted_conversations_are_sound_and_parallel_calls_are_a_fault():
    made = examples(evaluated())
    assert [fault for each in made for fault in violations(each)] == []
    parallel = made[0].model_copy(update={"parallel_tool_calls": True})
    assert violations(parallel) == [f"{parallel.id}: parallel_tool_calls is not false"]
