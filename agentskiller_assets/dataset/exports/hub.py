"""A folder that `datasets.load_dataset` reads: Parquet by split, and a dataset card."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from agentskiller_assets.dataset.exports.lines import Files, by_split, compact, json_lines, ordered
from agentskiller_assets.dataset.models import DatasetReport, Example
from resources.storage.engine import engine, file_literal, literal, quoted

_TEXT, _NUMBER, _JSON = "VARCHAR", "INTEGER", "JSON"
Shape = str | list["Shape"] | dict[str, "Shape"]
_CALL: Shape = {"id": _TEXT, "type": _TEXT, "function": {"name": _TEXT, "arguments": _JSON}}
_COLUMNS: dict[str, Shape] = {
    "messages": [{"role": _TEXT, "content": _TEXT, "tool_calls": [_CALL], "tool_call_id": _TEXT}],
    "tools": _JSON,
    "parallel_tool_calls": "BOOLEAN",
    "id": _TEXT,
    "task_kind": _TEXT,
    "domains": [_TEXT],
    "group": _TEXT,
    "turns": _NUMBER,
    "calls": _NUMBER,
    "words": _NUMBER,
}
"""JSON is stored as text, since its shape differs from row to row; the card tells readers that it is JSON."""
_DTYPES = {_TEXT: "string", _NUMBER: "int32", _JSON: "json", "BOOLEAN": "bool"}
_SMALLEST_BUFFER = 1 << 20
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_USE = """
## Load it

```python
from datasets import load_dataset

dataset = load_dataset("path/of/this/folder")
```

`messages` and `tools` are what TRL takes for conversations with tools: the arguments of a call are an object, the tools
a list of functions. That was tried with the chat templates of TRL 1.16. In the files both are JSON as text, because
columns of Parquet have one shape for all rows; the front matter of this card declares them as `json`, which `datasets`
knows from 4.7 on. A message has every field, with nothing in those that it does not use.
"""


def hub_files(examples: Sequence[Example], report: DatasetReport) -> Files:
    """`data/<split>-00000-of-00001.parquet` for every split that has examples, and `README.md`."""
    found = {split: each for split, each in by_split(examples).items() if each}
    files: Files = {f"data/{split}-00000-of-00001.parquet": _parquet(each) for split, each in found.items()}
    return {**files, "README.md": _readme(list(found), report).encode()}


def _parquet(examples: Sequence[Example]) -> bytes:
    """The bytes of one file. An empty one is not written, since `load_dataset` does not take it."""
    typed = ", ".join(f"{quoted(name)}: {literal(_sql(shape))}" for name, shape in _COLUMNS.items())
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
        "dataset_info": {"config_name": "default", "features": _features(_COLUMNS)},
    }
    written = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return f"---\n{written}---\n\n{report.card.rstrip()}\n{_USE}"


def _sql(shape: Shape) -> str:
    """The type of a column in DuckDB."""
    if isinstance(shape, dict):
        return f"STRUCT({', '.join(f'{quoted(name)} {_sql(inner)}' for name, inner in shape.items())})"
    if isinstance(shape, list):
        return f"{_sql(shape[0])}[]"
    return _TEXT if shape == _JSON else shape


def _features(fields: Mapping[str, Shape]) -> list[dict[str, Any]]:
    """The types of columns as the front matter of a card has them."""
    return [{"name": name, **_feature(shape)} for name, shape in fields.items()]


def _feature(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, dict):
        return {"struct": _features(shape)}
    if isinstance(shape, list):
        inner = _feature(shape[0])
        return {"list": inner.get("dtype") or inner["struct"]}
    return {"dtype": _DTYPES[shape]}
