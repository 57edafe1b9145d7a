"""Records are stored whole or not at all, and come back as they were."""

import errno
import multiprocessing
import os
import resource
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import create_model

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.errors import SchemaChangedError, StorageError
from resources.storage.sidecars import Parent
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, Chapter, Shelf, book, stamp

RICH = book(
    "Ünïcode 'and' \"quotes\"\n\u0000 🎈",
    price=0.1 + 0.2,
    pages=2**62,
    lent=True,
    genre="poem",
    note="",
    tags=("a", "", "ß"),
    shelf=Shelf(room="[x]*", number=-1),
    extra={"f": 1.0, "big": 10**30, "deep": [{"n": None}], "e": 1e22},
    parents=("row:a.b.c", "topic_1"),
)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "ware [1] k=v house")


def files_of(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_records_come_back_as_they_were_ordered_by_id(warehouse: Warehouse) -> None:
    books = [RICH, book("Emma"), book("Iliad", shelf=None, note="sung")]
    warehouse.write_records("books", "ada", Book, books, STAMP)
    assert warehouse.read_records("books", Book, "ada") == sorted(books, key=lambda item: item.id)


def test_a_position_decides_the_order(warehouse: Warehouse) -> None:
    chapters = [Chapter(id=f"chapter_{9 - n}", position=n, title=f"{n}") for n in range(9)]
    warehouse.write_records("chapters", None, Chapter, chapters[::-1], STAMP)
    assert warehouse.read_records("chapters", Chapter, None) == chapters
    assert warehouse.data_path("chapters", None).name == "all.parquet"


def test_no_records_are_a_stored_partition(warehouse: Warehouse) -> None:
    written = warehouse.write_records("books", "ada", Book, [], STAMP)
    assert (written.row_count, warehouse.read_records("books", Book, "ada")) == (0, [])
    warehouse.refresh_catalog()
    assert warehouse.query("SELECT count(*) FROM books")[1] == [(0,)]


def test_equal_content_gives_equal_bytes_and_versions_in_any_order_and_run(tmp_path: Path) -> None:
    books = [book(f"Volume {n}", extra={"n": n / 7}) for n in range(3000)]
    one, two = Warehouse(tmp_path / "one"), Warehouse(tmp_path / "two")
    first = one.write_records("books", "ada", Book, books, STAMP)
    second = two.write_records("books", "ada", Book, books[::-1], stamp(run_id="run-2"))
    third = two.write_records("books", "ada", Book, [*books[:-1], book("Other")], STAMP)
    one_bytes = one.data_path("books", "ada").read_bytes()
    two.write_records("books", "ada", Book, books, STAMP)
    assert two.data_path("books", "ada").read_bytes() == one_bytes
    assert first.data_version == digest(sorted(books, key=lambda item: item.id))
    assert first.data_version == second.data_version != third.data_version


def test_the_sidecar_says_who_made_it_when_from_what(warehouse: Warehouse) -> None:
    parent = Parent(asset="topics", partition="ada", data_version="v1")
    warehouse.write_records("books", "ada", Book, [RICH], stamp(parent, author="llm", call_ids=("x",)))
    note = warehouse.materialization("books", "ada")
    assert note is not None
    assert note.model_dump(include={"asset", "partition", "run_id", "code_version", "settings", "row_count"}) == {
        "asset": "books",
        "partition": "ada",
        "run_id": "run-1",
        "code_version": "c1",
        "settings": {"seed": 7},
        "row_count": 1,
    }
    assert (note.parents, note.author, note.call_ids) == ((parent,), "llm", ("x",))


@pytest.mark.parametrize(
    ("records", "named"),
    [
        ([book("Emma"), book("Emma")], book("Emma").id),
        ([book("Emma", extra={"x": float("nan")})], book("Emma").id),
        ([book("Emma", extra={"x": [{"y": float("inf")}]})], book("Emma").id),
        ([book("Emma", price=float("nan"))], book("Emma").id),
        ([book("Emma", note="\ud800")], book("Emma").id),
        ([Chapter(id="chapter_1", position=1, title="")], "Chapter"),
        ([book("Emma", pages=2**70)], "books"),
    ],
)
def test_what_cannot_be_stored_is_named_and_changes_nothing(warehouse: Warehouse, records: Any, named: str) -> None:
    warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    before = files_of(warehouse.root)
    with pytest.raises(StorageError, match=named):
        warehouse.write_records("books", "ada", Book, records, STAMP)
    assert files_of(warehouse.root) == before
    assert warehouse.read_records("books", Book, "ada") == [RICH]


@pytest.mark.parametrize("partition", ["all", "../up", "a b", ""])
def test_a_partition_name_that_is_no_safe_file_name_is_refused(warehouse: Warehouse, partition: str) -> None:
    with pytest.raises(StorageError, match="cannot be the name of a partition"):
        warehouse.write_records("books", partition, Book, [], STAMP)


def test_what_is_not_stored_is_reported_with_the_command_that_makes_it(warehouse: Warehouse) -> None:
    with pytest.raises(StorageError) as caught:
        warehouse.read_records("books", Book, "ada")
    assert str(caught.value) == "books[ada]: is not stored. Run `agentskiller run --domains ada` to make it"


@pytest.mark.parametrize("at", ["parquet", "json"])
def test_a_failing_rename_leaves_the_previous_content(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    before = files_of(warehouse.root)
    replace, failed = os.replace, []

    def fail_once(source: Path, target: Path) -> None:
        if str(target).endswith(f"ada.{at}") and not failed:
            failed.append(target)
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_once)
    with pytest.raises(StorageError, match=r"No space left on device\. Free some space") as caught:
        warehouse.write_records("books", "ada", Book, [book("Emma")], STAMP)
    assert isinstance(caught.value.__cause__, OSError)
    assert files_of(warehouse.root) == before
    assert warehouse.read_records("books", Book, "ada") == [RICH]


def test_a_first_write_that_fails_leaves_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageError, match="Make this folder writable"):
        warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    assert files_of(warehouse.root) == []


def test_a_root_below_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StorageError, match=f"{root}.*must be a folder"):
            Warehouse(root).write_records("books", "ada", Book, [RICH], STAMP)


def _write_with_little_room(root: Path, outcome: Any) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        Warehouse(root).write_records("books", "ada", Book, [book(f"{n}" * 99) for n in range(900)], STAMP)
    except StorageError as error:
        outcome.put(str(error))


def test_a_file_that_the_disk_refuses_leaves_the_previous_content(warehouse: Warehouse) -> None:
    warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    before = files_of(warehouse.root)
    context = multiprocessing.get_context("spawn")
    outcome = context.SimpleQueue()
    process = context.Process(target=_write_with_little_room, args=(warehouse.root, outcome))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert "File too large" in outcome.get()
    assert files_of(warehouse.root) == before
    assert warehouse.read_records("books", Book, "ada") == [RICH]


def _die_before_sidecar(root: Path) -> None:
    replace = os.replace

    def die(source: Path, target: Path) -> None:
        if str(target).endswith(".json") and "_materializations" in str(target):
            os._exit(9)
        replace(source, target)

    os.replace = die  # type: ignore[assignment]
    Warehouse(root).write_records("books", "ada", Book, [book("Emma")], STAMP)


@pytest.mark.parametrize("had_content", [False, True])
def test_a_kill_before_the_sidecar_is_seen_and_repaired_by_writing_again(
    warehouse: Warehouse, had_content: bool
) -> None:
    if had_content:
        warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    process = multiprocessing.get_context("spawn").Process(target=_die_before_sidecar, args=(warehouse.root,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert warehouse.condition("books", "ada") == "unfinished"
    with pytest.raises(StorageError, match=r"books\[ada\]: is an unfinished write.*--domains ada"):
        warehouse.read_records("books", Book, "ada")
    for left in warehouse.root.rglob(".*.tmp*"):
        os.utime(left, (0, 0))
    warehouse.write_records("books", "ada", Book, [book("Emma")], STAMP)
    assert warehouse.read_records("books", Book, "ada") == [book("Emma")]
    assert not list(warehouse.root.rglob(".*.tmp*"))


def test_what_a_damaged_file_or_a_damaged_sidecar_is_of_is_unfinished(warehouse: Warehouse) -> None:
    warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    path = warehouse.data_path("books", "ada")
    path.write_bytes(path.read_bytes()[:-20])
    assert warehouse.condition("books", "ada") == "unfinished"
    sidecar = warehouse.root / "_materializations" / "books" / "ada.json"
    sidecar.write_text("{")
    with pytest.raises(StorageError, match=r"books\[ada\]: is an unfinished write. Run `agentskiller run"):
        warehouse.read_records("books", Book, "ada")


def versioned(**fields: Any) -> type[Record]:
    class Kind(Record):
        kind: ClassVar[str] = "film"

    return create_model("Film", __base__=Kind, **fields)


OLD = versioned(title=(str, ...), shelf=(Shelf, ...))


@pytest.fixture
def films(warehouse: Warehouse) -> Warehouse:
    record = OLD(id="film_1", title="M", shelf=Shelf(room="a", number=1))  # type: ignore[call-arg]
    warehouse.write_records("films", "ada", OLD, [record], STAMP)
    return warehouse


def test_a_new_optional_field_reads_old_files(films: Warehouse) -> None:
    wider_shelf = create_model("Shelf", __base__=Shelf, floor=(int | None, None))
    new = versioned(title=(str, ...), shelf=(wider_shelf, ...), year=(int, 1931))
    (film,) = films.read_records("films", new, "ada")
    assert film.model_dump() == {
        "id": "film_1",
        "parents": (),
        "title": "M",
        "year": 1931,
        "shelf": {"room": "a", "number": 1, "floor": None},
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": (str, ...), "shelf": (Shelf, ...), "year": (int, ...)}, "year"),
        ({"title": (int, ...), "shelf": (Shelf, ...)}, "title"),
        ({"shelf": (Shelf, ...)}, "title"),
        (
            {"title": (str, ...), "shelf": (create_model("Shelf", __base__=Model, room=(str, ...)), ...)},
            "shelf.number",
        ),
        ({"title": (str, ...), "shelf": (str | None, None)}, "shelf"),
    ],
)
def test_any_other_change_of_the_model_is_an_error_that_names_the_field(
    films: Warehouse, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(SchemaChangedError) as caught:
        films.read_records("films", versioned(**fields), "ada")
    assert "films[ada]" in str(caught.value)
    assert f"'{named}'" in str(caught.value)
    assert "`agentskiller run --domains ada`" in str(caught.value)


def test_partitions_are_listed_without_the_unpartitioned_file(warehouse: Warehouse) -> None:
    for partition in ("b--c", "a", None):
        warehouse.write_records("books", partition, Book, [], STAMP)
    assert warehouse.partitions_of("books") == ["a", "b--c"]
    assert warehouse.partitions_of("nothing") == []


def test_a_moved_warehouse_still_reads(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.write_records("books", "ada", Book, [RICH], STAMP)
    warehouse.refresh_catalog()
    shutil.move(warehouse.root, tmp_path / "moved")
    moved = Warehouse(tmp_path / "moved")
    assert moved.read_records("books", Book, "ada") == [RICH]
    assert moved.query("SELECT title FROM books")[1] == [(RICH.title,)]
