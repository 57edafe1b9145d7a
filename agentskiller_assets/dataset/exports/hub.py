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
    "domain": _TEXT,
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
_COLUMN_NOTES = {
    "messages": "The conversation, from the system prompt with the policy to the last message.",
    "tools": "The functions that the agent may call.",
    "parallel_tool_calls": "Always false: calls are made one after the other.",
    "id": "The example's id; `agentskiller lineage ID` says from what it was made.",
    "domain": "The domain, or the pair as `A--B`.",
    "task_kind": "`fulfil`: do what is asked for. `inform`: find it out. `refuse`: it violates exactly one rule. "
    "`insufficient`: it cannot be done here, or the person lacks what it takes.",
    "domains": "The domain, or the two domains of the pair.",
    "group": "The first of the domains that pairs hold together: no group, or else no domain, is in two splits.",
    "turns": "How many messages the two say to each other; calls and results are not counted.",
    "calls": "How many calls of tools there are.",
    "words": "How many words all messages but the system prompt have.",
}
_SCRIPTED = """Scripts put all texts together; no language model wrote any of them. The sentences are those of the
packs, patterns and templates of agentskiller-assets, which are under Apache-2.0. If you made this from packs of
your own, say here, and in the front matter, which license holds.
"""
_MODELLED = """Language models were asked in the warehouse that this was made from. What may be done with their words is
for the terms of their providers to say; the packs, patterns and templates of agentskiller-assets are under Apache-2.0.
Say here, and in the front matter, what holds.
"""
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


def hub_files(examples: Sequence[Example], report: DatasetReport, by_models: bool) -> Files:
    """`data/<split>-00000-of-00001.parquet` for every split that has examples, and `README.md`.

    `by_models`: whether language models had a part in it, which decides what the card can say of the license.
    """
    found = {split: each for split, each in by_split(examples).items() if each}
    files: Files = {f"data/{split}-00000-of-00001.parquet": _parquet(each) for split, each in found.items()}
    return {**files, "README.md": _readme(list(found), report, by_models).encode()}


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


def _readme(splits: Sequence[str], report: DatasetReport, by_models: bool) -> str:
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    size = next((name for most, name in _SIZES if report.examples < most), "n>1M")
    front = {
        "pretty_name": "Conversations with tools",
        **({"license": "other", "license_name": "see-this-card"} if by_models else {"license": "apache-2.0"}),
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["tool-use", "function-calling", "conversational", "synthetic"],
        "size_categories": [size],
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": {"config_name": "default", "features": _features(_COLUMNS)},
    }
    written = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    columns = "".join(f"| `{name}` | {_COLUMN_NOTES[name]} |\n" for name in _COLUMNS)
    return (
        f"---\n{written}---\n\n{report.card.rstrip()}\n{_USE}\n"
        f"## Columns\n\n| column | what it says |\n| -- | -- |\n{columns}\n"
        f"## Where the texts come from, and their license\n\n"
        "Persons and records are made up: names, addresses, phone numbers and dates are drawn from a seed.\n"
        f"{_MODELLED if by_models else _SCRIPTED}"
    )


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
