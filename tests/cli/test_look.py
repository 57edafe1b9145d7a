"""`sql` prints what is stored as it is."""

import json
from pathlib import Path

import pytest

from agentskiller_assets.cli.look import TableFormat, sql
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, book


@pytest.fixture(autouse=True)
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    Warehouse(tmp_path).write_records("books", None, Book, [book("Emma")], STAMP)


@pytest.mark.parametrize("text", ["[/x]", "[bold]hi[/bold]", "[red]"])
def test_what_looks_like_markup_is_printed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    sql(f"""SELECT '{text}' AS "of {text}" """)
    lines = capsys.readouterr().out.splitlines()
    assert f"of {text}" in lines[1]
    assert f" {text} " in lines[3]


def test_what_json_has_no_number_for_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    sql(
        "SELECT 'nan'::DOUBLE AS a, [1.5, '-inf'::DOUBLE] AS b, {'c': 'inf'::FLOAT} AS d, MAP {1: 2} AS e",
        TableFormat.json,
    )
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == [
        {"a": None, "b": [1.5, None], "d": {"c": None}, "e": {"1": 2}}
    ]
