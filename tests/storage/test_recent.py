"""What was read a moment ago is not parsed again, and never taken for something else."""

from collections import OrderedDict
from pathlib import Path

import pytest

from agentskiller_assets.errors import StorageError
from resources.storage import recent
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, book, environment

DOMAIN = "lending_library"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def test_a_database_that_is_read_again_is_the_same_object_and_its_digest_is_told_once(warehouse: Warehouse) -> None:
    warehouse.write_database(DOMAIN, environment(12), STAMP)
    first = warehouse.read_database(DOMAIN)
    assert first.digest == environment(12).digest
    assert Warehouse(warehouse.root).read_database(DOMAIN) is first


def test_what_was_written_since_is_read(warehouse: Warehouse) -> None:
    for titles in (["Emma"], ["Emma", "Persuasion"]):
        warehouse.write_records("books", None, Book, [book(title) for title in titles], STAMP)
        assert [each.title for each in warehouse.read_records("books", Book, None)] == sorted(
            titles, key=lambda title: book(title).id
        )


def test_a_list_that_its_reader_changes_is_whole_for_the_next(warehouse: Warehouse) -> None:
    warehouse.write_records("books", None, Book, [book("Emma")], STAMP)
    warehouse.read_records("books", Book, None).clear()
    assert warehouse.read_records("books", Book, None) == [book("Emma")]


def test_a_file_that_was_damaged_since_is_no_longer_read(warehouse: Warehouse) -> None:
    warehouse.write_records("books", None, Book, [book("Emma")], STAMP)
    warehouse.read_records("books", Book, None)
    path = warehouse.data_path("books", None)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StorageError, match="is an unfinished write"):
        warehouse.read_records("books", Book, None)


def test_few_and_small_contents_are_kept(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second", "third"):
        warehouse.write_records("books", name, Book, [book("Emma")], STAMP)
    size = warehouse.data_path("books", "first").stat().st_size
    monkeypatch.setattr(recent, "_RECENT", OrderedDict())
    monkeypatch.setattr(recent, "MOST_BYTES", 2 * size)
    for name in ("first", "second", "first", "third"):
        warehouse.read_records("books", Book, name)
    assert [place[2] for place in recent._RECENT] == ["first", "third"], "the second was used longest ago"
    monkeypatch.setattr(recent, "LARGEST", size - 1)
    warehouse.read_records("books", Book, "second")
    assert [place[2] for place in recent._RECENT] == ["first", "third"], "the second is too large"
