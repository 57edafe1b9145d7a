"""Examples by split, each refused unless it can be trained on; and one JSON value in a line."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from agentskiller_assets.dataset.models import SPLITS, Example, Split
from agentskiller_assets.dataset.openai_format import violations
from agentskiller_assets.errors import DatasetError

Files = dict[str, bytes | Iterator[bytes]]
"""Contents by path, whole or line by line: all lines of a large dataset would fill the memory."""
_FIRST = [
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "id",
    "type",
    "function",
    "name",
    "description",
    "parameters",
    "properties",
]
_ORDER = {name: place for place, name in enumerate(_FIRST)}


def by_split(examples: Sequence[Example]) -> dict[Split, list[Example]]:
    """The examples of every split in their order; `DatasetError` names the first that cannot be trained on."""
    for example in examples:
        if faults := violations(example):
            fix = "Make `dataset_selection` and `training_dataset` again, and see what their checks say"
            raise DatasetError(example.id, faults[0].removeprefix(f"{example.id}: "), fix)
    return {split: [example for example in examples if example.split == split] for split in SPLITS}


def json_lines(values: Iterable[Any]) -> Iterator[bytes]:
    """One value in a line."""
    return (f"{compact(value)}\n".encode() for value in values)


def id_lines(examples: Iterable[Example]) -> Iterator[bytes]:
    """The id, and the domain or pair, of the example of each line beside it, for `agentskiller lineage`."""
    return (f"{example.id}\t{example.domain}\n".encode() for example in examples)


def compact(value: Any) -> str:
    """JSON as short as it can be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def ordered(value: Any) -> Any:
    """Messages and tools with their fields in one order, near to that in which people write them."""
    if isinstance(value, Mapping):
        named = sorted(value, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))
        return {name: ordered(value[name]) for name in named}
    return [ordered(each) for each in value] if isinstance(value, list | tuple) else value
