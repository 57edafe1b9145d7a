"""A folder that `datasets.load_dataset` reads: Parquet by split, and a dataset card."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from agentskiller_assets.dataset.exports.lines import Files, by_split, compact, json_lines, ordered
from agentskiller_assets.dataset.models import DatasetReport, Example
from resources.storage.engine import engine, file_literal, literal, quoted

_CALL = 'STRUCT("id" VARCHAR, "type" VARCHAR, "function" STRUCT("name" VARCHAR, "arguments" VARCHAR))'
_COLUMNS = {
    "messages": f'STRUCT("role" VARCHAR, "content" VARCHAR, "tool_calls" {_CALL}[], "tool_call_id" VARCHAR)[]',
    "tools": "VARCHAR",
    "parallel_tool_calls": "BOOLEAN",
    "id": "VARCHAR",
    "task_kind": "VARCHAR",
    "domains": "VARCHAR[]",
    "group": "VARCHAR",
    "turns": "INTEGER",
    "calls": "INTEGER",
    "words": "INTEGER",
}
_SMALLEST_BUFFER = 1 << 20
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_USE = """
## Load it

```python
from datasets import load_dataset

dataset = load_dataset("path/of/this/folder")
```

`messages` are those of OpenAI's chat completions; `arguments` of a call are JSON as text. `tools` is one JSON text
with the list of functions, because columns of Parquet have one shape for all rows, and schemas of tools have not.
TRL (1.16 was tried) reads such a text by itself. A message has every field, with nothing in those that it does not use;
chat templates that want them gone, or arguments as objects, get both from:

```python
import json

def as_chat(batch):
    for messages in batch["messages"]:
        for message in messages:
            for name in [name for name, value in message.items() if value is None]:
                del message[name]
            for call in message.get("tool_calls", []):
                call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return batch

train = dataset["train"].with_transform(as_chat)
```
"""


def hub_files(examples: Sequence[Example], report: DatasetReport) -> Files:
    """`data/<split>-00000-of-00001.parquet` for every split that has examples, and `README.md`."""
    found = {split: each for split, each in by_split(examples).items() if each}
    files: Files = {f"data/{split}-00000-of-00001.parquet": _parquet(each) for split, each in found.items()}
    return {**files, "README.md": _readme(list(found), report).encode()}


def _parquet(examples: Sequence[Example]) -> bytes:
    """The bytes of one file. An empty one is not written, since `load_dataset` does not take it."""
    typed = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in _COLUMNS.items())
    buffer = _SMALLEST_BUFFER
    with tempfile.TemporaryDirectory() as folder, engine() as cursor:
        staged, target = Path(folder) / "rows.jsonl", Path(folder) / "rows.parquet"
        with staged.open("wb") as file:
            for line in json_lines(map(_row, examples)):
                file.write(line)
                buffer = max(buffer, 4 * len(line) + 1024)
        cursor.execute(
            f"COPY (SELECT * FROM read_json({file_literal(staged)}, columns = {{{typed}}},"
            f" format = 'newline_delimited', maximum_object_size = {buffer}))"
            f" TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )
        return target.read_bytes()


def _row(example: Example) -> dict[str, Any]:
    kept = {name: getattr(example, name) for name in _COLUMNS}
    return {**kept, "messages": ordered(example.messages), "tools": compact(ordered(example.tools))}


def _readme(splits: Sequence[str], report: DatasetReport) -> str:
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    size = next((name for most, name in _SIZES if report.examples < most), "n>1M")
    front = {
        "pretty_name": "Conversations with tools",
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["tool-use", "function-calling", "conversational", "synthetic"],
        "size_categories": [size],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    written = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return f"---\n{written}---\n\n{report.card.rstrip()}\n{_USE}"
