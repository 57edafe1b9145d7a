"""OpenAI's chat fine-tuning: a file of lines for each split, and beside it the ids of the examples."""

from collections.abc import Sequence

from agentskiller_assets.dataset.exports.lines import Files, by_split, id_lines, json_lines, ordered
from agentskiller_assets.dataset.models import Example


def openai_files(examples: Sequence[Example]) -> Files:
    """`train.jsonl`, `validation.jsonl` and `test.jsonl`; a split without examples is an empty file.

    Line by line, `train.ids` says which example it is.
    """
    found = by_split(examples)
    lines: Files = {f"{split}.jsonl": json_lines(map(_line, each)) for split, each in found.items()}
    return {**lines, **{f"{split}.ids": id_lines(each) for split, each in found.items()}}


def _line(example: Example) -> dict[str, object]:
    return {
        "messages": ordered(example.messages),
        "tools": ordered(example.tools),
        "parallel_tool_calls": example.parallel_tool_calls,
    }
