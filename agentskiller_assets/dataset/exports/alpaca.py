"""Alpaca: a sample for each message of the agent, with what was said before as its history.

Calls and results are words here: a call is JSON between `<tool_call>` tags, a result stands between `<tool_response>`
tags, and the tools are listed at the end of the system prompt, as Hermes and Qwen models know it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from agentskiller_assets.dataset.exports.lines import Files, by_split, compact, id_lines, json_lines, ordered
from agentskiller_assets.dataset.models import Example

_TOOLS = """

# Tools

These functions can be called:
<tools>
{tools}
</tools>

To call one, write its name and arguments as JSON within tags:
<tool_call>
{{"name": "<name of the function>", "arguments": {{}}}}
</tool_call>"""


def alpaca_files(examples: Sequence[Example]) -> Files:
    """`train.jsonl`, `validation.jsonl` and `test.jsonl` with instruction, input, output, system and history.

    Line by line, `train.ids` says of which example the sample is.
    """
    found = by_split(examples)
    lines: Files = {
        f"{split}.jsonl": json_lines(chain.from_iterable(map(samples, each))) for split, each in found.items()
    }
    return {**lines, **{f"{split}.ids": id_lines(_once_a_sample(each)) for split, each in found.items()}}


def samples(example: Example) -> Iterator[dict[str, Any]]:
    """One sample for each message of the agent."""
    tools = "\n".join(compact(ordered(tool)) for tool in example.tools)
    system = f"{example.messages[0]['content'].rstrip()}{_TOOLS.format(tools=tools)}"
    history: list[list[str]] = []
    received: list[str] = []
    for message in example.messages[1:]:
        if message["role"] != "assistant":
            received.append(_received(message))
            continue
        instruction, output = "\n".join(received), _said(message)
        yield {
            "instruction": instruction,
            "input": "",
            "output": output,
            "system": system,
            "history": [list(each) for each in history],
        }
        history.append([instruction, output])
        received = []


def _once_a_sample(examples: Iterable[Example]) -> Iterator[Example]:
    return (each for each in examples for message in each.messages if message["role"] == "assistant")


def _received(message: Mapping[str, Any]) -> str:
    content = str(message["content"])
    return f"<tool_response>\n{content}\n</tool_response>" if message["role"] == "tool" else content


def _said(message: Mapping[str, Any]) -> str:
    """The agent's words, and its calls within tags."""
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    written = [compact({"name": each["name"], "arguments": json.loads(each["arguments"])}) for each in calls]
    tagged = [f"<tool_call>\n{call}\n</tool_call>" for call in written]
    return "\n".join([*([message["content"]] if message.get("content") else []), *tagged])
