"""OpenAI's chat fine-tuning: a file of lines for each split."""

from collections.abc import Sequence

from agentskiller_assets.dataset.exports.lines import Files, by_split, json_lines, ordered
from agentskiller_assets.dataset.models import Example


def openai_files(examples: Sequence[Example]) -> Files:
    """`train.jsonl`, `validation.jsonl` and `test.jsonl`; a split without examples is an empty file."""
    return {f"{split}.jsonl": json_lines(map(_line, found)) for split, found in by_split(examples).items()}


def _line(example: Example) -> dict[str, object]:
    return {
        "messages": ordered(example.messages),
        "tools": ordered(example.tools),
        "parallel_tool_calls": example.parallel_tool_calls,
    }
