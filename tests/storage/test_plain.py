"""What records share is made plain once, and nothing of what is stored tells."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.core.canonical import plain_json
from agentskiller_assets.core.records import Record
from resources.storage import plain
from resources.storage.parquet import columns_of, write_parquet
from resources.storage.plain import Plain, plain_records


class Talk(Record):
    """With the tools that it was held with, as a conversation has them."""

    said: str
    tools: tuple[dict[str, Any], ...]
    turns: int = 1


def _tool(name: str, most: Any = 1) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"most": most, "é": [None, 0.5, True]}}}


def _as_one_by_one(records: list[Talk]) -> Plain:
    rows = sorted((record.model_dump(mode="json") for record in records), key=lambda row: row["id"])
    return Plain(rows, f"[{','.join(map(plain_json, rows))}]", {})


def _bytes(folder: Path, found: Plain) -> bytes:
    write_parquet(folder / "talks.parquet", columns_of(Talk), found.rows, found.cells)
    return (folder / "talks.parquet").read_bytes()


def test_tools_that_records_share_are_written_once_and_stored_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (_tool("book"), _tool("cancel")), (_tool("book"),)
    talks = [Talk(id=f"talk_{n}", said=f"“{n}”", tools=first if n % 3 else second) for n in range(9)]
    alone = _as_one_by_one(talks)
    written: list[Any] = []
    monkeypatch.setattr(plain, "plain_json", lambda value: written.append(value) or plain_json(value))
    found = plain_records("talks", Talk, iter(talks[::-1]))
    assert (found.rows, found.text) == (alone.rows, alone.text)
    assert _bytes(tmp_path, found) == _bytes(tmp_path, alone)
    assert sorted(len(value) for value in written if type(value) is list and value) == [1, 2], "each kind of tools once"
    assert len(found.cells) == 2


def test_what_is_only_equal_is_not_shared() -> None:
    """One equals 1.0 and True for Python, and not for who reads JSON."""
    talks = [Talk(id=f"talk_{n}", said="", tools=(_tool("book", most),)) for n, most in enumerate([1, True, 1.0])]
    found = plain_records("talks", Talk, talks)
    assert found.text == _as_one_by_one(talks).text
    assert [text in found.text for text in ('"most":1,', '"most":true', '"most":1.0')] == [True] * 3


def test_records_that_nobody_else_keeps_share_nothing_by_chance() -> None:
    """An object that is gone leaves its place in memory, and so its identity, to the next."""

    def made() -> Iterator[Talk]:
        for number in range(300):
            yield Talk(id=f"talk_{number:03}", said="", tools=(_tool(f"tool_{number}"),))

    rows = plain_records("talks", Talk, made()).rows
    assert [row["tools"][0]["function"]["name"] for row in rows] == [f"tool_{number}" for number in range(300)]
