"""`warehouse.duckdb` shows what is stored to any DuckDB client, while others write."""

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from agentskiller_assets.errors import RecordNotFoundError, StorageError
from resources.lineage import Lineage
from resources.storage.sidecars import Parent
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, Chapter, book, environment, stamp


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def test_a_plain_client_elsewhere_sees_all_views(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emma = book("Emma", tags=("a",), parents=("topic_1", "topic_2"))
    warehouse.write_records("books", "ada", Book, [emma], stamp(Parent(asset="topics", data_version="v")))
    warehouse.write_records("chapters", None, Chapter, [Chapter(id="chapter_1", position=0, title="I")], STAMP)
    warehouse.write_database("lending_library", environment(), STAMP)
    warehouse.refresh_catalog()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with duckdb.connect(str(warehouse.root / "warehouse.duckdb"), read_only=True) as client:

        def rows(sql: str) -> list[Any]:
            return client.execute(sql).fetchall()

        assert rows("SELECT title, tags, partition FROM books") == [("Emma", ["a"], "ada")]
        assert rows("SELECT title, partition FROM chapters") == [("I", None)]
        assert rows("SELECT parent FROM lineage_edges WHERE asset = 'books' ORDER BY position") == [
            ("topic_1",),
            ("topic_2",),
        ]
        assert rows("SELECT value->>'title' FROM database_rows WHERE key = 'BOK-1'") == [("Tom's “book” 1",)]
        assert rows("SELECT asset, row_count, parents FROM materializations ORDER BY asset") == [
            ("books", 1, [{"asset": "topics", "partition": None, "data_version": "v"}]),
            ("chapters", 1, []),
            ("databases", 9, []),
        ]


def test_the_catalog_is_built_again_only_when_assets_come_or_go(warehouse: Warehouse) -> None:
    assert warehouse.refresh_catalog() is False
    warehouse.write_records("books", "ada", Book, [book("Emma")], STAMP)
    assert (warehouse.refresh_catalog(), warehouse.refresh_catalog()) == (True, False)
    warehouse.write_records("books", "bob", Book, [book("Iliad")], STAMP)
    assert warehouse.refresh_catalog() is False
    assert warehouse.query("SELECT title FROM books ORDER BY ALL")[1] == [("Emma",), ("Iliad",)]
    warehouse.write_records("chapters", None, Chapter, [], STAMP)
    assert warehouse.refresh_catalog() is True
    warehouse.data_path("chapters", None).unlink()
    assert warehouse.query("SELECT view_name FROM duckdb_views() WHERE view_name = 'chapters'")[1] == []


def test_views_show_no_partition_whose_write_never_ended(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, title in (("ada", "Emma"), ("bob", "Iliad"), ("cyd", "Faust")):
        warehouse.write_records("books", name, Book, [book(title, parents=("topic_1",))], STAMP)
    warehouse.refresh_catalog()
    renamed: list[str] = []

    def die_before_the_second(source: Path, target: Path) -> None:
        if renamed:
            os._exit(9)
        renamed.append(str(target))
        Path(source).rename(target)

    if (child := os.fork()) == 0:
        monkeypatch.setattr(os, "replace", die_before_the_second)
        warehouse.write_records("books", "bob", Book, [book("Odyssey", parents=("topic_1",))], STAMP)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    warehouse.data_path("books", "cyd").unlink()

    assert warehouse.condition("books", "bob") == "unfinished"
    assert warehouse.query("SELECT title, partition FROM books")[1] == [("Emma", "ada")]
    assert warehouse.query("SELECT partition FROM records")[1] == [("ada",)]
    assert warehouse.query("SELECT partition FROM materializations")[1] == [("ada",)]
    assert set(Lineage(warehouse).down("topic_1").nodes) == {"topic_1", book("Emma").id}


def test_views_follow_a_schema_that_changes_under_them(warehouse: Warehouse) -> None:
    warehouse.write_records("books", "ada", Book, [book("Emma")], STAMP)
    warehouse.refresh_catalog()
    warehouse.write_records("books", "ada", Chapter, [Chapter(id="chapter_1", position=1, title="I")], STAMP)
    assert warehouse.refresh_catalog() is False
    assert warehouse.query("SELECT * FROM books")[0] == ["id", "parents", "position", "title", "partition"]


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("DROP VIEW books", "exactly one SELECT"),
        ("COPY (SELECT 1) TO 'stolen.csv'", "exactly one SELECT"),
        ("SELECT 1; SELECT 2", "exactly one SELECT"),
        ("", "exactly one SELECT"),
        ("SELECT nothing FROM books", "nothing"),
        ("SELEC", "syntax error"),
    ],
)
def test_only_sound_reading_statements_pass(warehouse: Warehouse, sql: str, fault: str) -> None:
    warehouse.write_records("books", "ada", Book, [book("Emma")], STAMP)
    with pytest.raises(StorageError, match=f"SQL: .*{fault}"):
        warehouse.query(sql)
    assert warehouse.query("SUMMARIZE books")[1]


def test_an_empty_warehouse_and_an_unknown_id_say_what_to_do(warehouse: Warehouse) -> None:
    with pytest.raises(StorageError, match="nothing is stored yet"):
        warehouse.query("SELECT 1")
    warehouse.write_records("books", "ada", Book, [book("Emma")], STAMP)
    with pytest.raises(RecordNotFoundError, match=f"{book('Emma').id[:-1]}: .* The closest are {book('Emma').id}"):
        warehouse.find(book("Emma").id[:-1])


def test_a_record_is_found_with_its_nested_fields(warehouse: Warehouse) -> None:
    emma = book("Emma", extra={"a": [1.0, None, "x"]}, tags=("t",), price=3.0)
    warehouse.write_records("books", "ada", Book, [emma, book("Iliad")], STAMP)
    assert warehouse.find(emma.id) == ("books", "ada", emma.model_dump(mode="json"))


ROUNDS = 12


def _write_partition(root: Path, number: int) -> None:
    warehouse = Warehouse(root)
    for turn in range(ROUNDS):
        books = [book(f"{number}/{turn}/{n}") for n in range(50)]
        warehouse.write_records(f"books_{number % 2}", f"p{number}", Book, books, STAMP)
        assert {b.id for b in warehouse.read_records(f"books_{number % 2}", Book, f"p{number}")} == {
            b.id for b in books
        }
        warehouse.refresh_catalog()


def test_eight_writers_and_a_reader_of_the_catalog_lose_nothing(warehouse: Warehouse) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_partition, args=(warehouse.root, n)) for n in range(8)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if warehouse.root.is_dir() and any(warehouse.root.glob("books_*/*.parquet")):
            assert warehouse.query("SELECT count(*) % 50 FROM records")[1] == [(0,)]
            # the only sidecar is away for a moment while it is replaced, and the view with it
            if len(list(warehouse.root.glob("_materializations/books_*/*.json"))) > 1:
                assert warehouse.query("SELECT DISTINCT row_count FROM materializations")[1] in ([], [(50,)])
        time.sleep(0.01)
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    stored = {b.id for n in range(8) for b in warehouse.read_records(f"books_{n % 2}", Book, f"p{n}")}
    assert stored == {book(f"{number}/{ROUNDS - 1}/{n}").id for number in range(8) for n in range(50)}
    assert warehouse.query("SELECT count(*) FROM records")[1] == [(400,)]
    assert not list(warehouse.root.rglob(".*.tmp*"))
