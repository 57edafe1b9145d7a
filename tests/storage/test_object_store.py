"""Two warehouses share one store: each reads what the other has written, whole, or nothing of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agentskiller_assets.errors import StorageError
from agentskiller_assets.llm.calls import CALLS, Call, CallStore
from agentskiller_assets.llm.models import Completion
from agentskiller_assets.registry import Registry, read_registry, write_registry
from resources.storage import object_store
from resources.storage.object_store import OBJECT_STORE, shared_by
from resources.storage.warehouse import Warehouse
from tests.cli.project import Project
from tests.llm.kit import MODEL, request
from tests.storage.library import STAMP, Book, book, environment

DOMAIN = "lending_library"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in a folder, by the interface that a bucket has."""
    monkeypatch.setenv(OBJECT_STORE, f"file://{tmp_path}/store")
    return tmp_path / "store"


@pytest.fixture
def here(store: Path, tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "here")


@pytest.fixture
def there(store: Path, tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "there")


def test_what_one_writes_the_other_reads(here: Warehouse, there: Warehouse) -> None:
    written = here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    assert there.condition("books", "ada") == "stored"
    assert there.read_records("books", Book, "ada") == [book("Emma")]
    assert there.materialization("books", "ada") == written
    assert there.data_path("books", "ada").read_bytes() == here.data_path("books", "ada").read_bytes()


def test_a_database_comes_with_the_records_of_its_rows(here: Warehouse, there: Warehouse) -> None:
    here.write_database(DOMAIN, environment(), STAMP)
    assert there.read_database(DOMAIN) == environment()
    assert there.find(f"row:{DOMAIN}.books.BOK-1")[0] == "databases"


def test_the_last_write_is_what_everybody_reads(here: Warehouse, there: Warehouse) -> None:
    here.write_records("books", None, Book, [book("Emma")], STAMP)
    assert there.read_records("books", Book, None) == [book("Emma")]
    there.write_records("books", None, Book, [book("Persuasion")], STAMP)
    assert here.read_records("books", Book, None) == [book("Persuasion")]


def test_a_writer_who_dies_before_the_sidecar_is_sent_has_changed_nothing(
    here: Warehouse, there: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write_records("books", None, Book, [book("Emma")], STAMP)
    monkeypatch.setattr(object_store.ObjectStore, "_put", _only_contents)
    with pytest.raises(KeyboardInterrupt):
        here.write_records("books", None, Book, [book("Persuasion")], STAMP)
    monkeypatch.undo()
    monkeypatch.setenv(OBJECT_STORE, f"file://{here.root.with_name('store')}")
    assert there.read_records("books", Book, None) == [book("Emma")]


def _only_contents(store: object_store.ObjectStore, key: str, content: bytes) -> None:
    if not key.startswith("_objects/"):
        raise KeyboardInterrupt
    store._store.put(key, content)


def test_equal_contents_are_sent_once(here: Warehouse, store: Path) -> None:
    for partition in ("ada", "bob"):
        here.write_records("books", partition, Book, [book("Emma")], STAMP)
    assert len([path for path in (store / "_objects").rglob("*") if path.is_file()]) == 1
    assert here.partitions_of("books") == ["ada", "bob"]


def test_everything_is_fetched_for_those_who_query(here: Warehouse, there: Warehouse) -> None:
    here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    here.write_records("books", None, Book, [book("Persuasion")], STAMP)
    assert there.fetch_all() == 2
    assert there.query("SELECT title FROM books ORDER BY title")[1] == [("Emma",), ("Persuasion",)]


def test_model_calls_come_with_what_was_made_of_them(here: Warehouse, there: Warehouse) -> None:
    asked = request("What is it?")
    call = Call.of(asked, Completion(call_id=asked.call_id, model=MODEL, answered_by="m", content="A book."), None)
    CallStore(here.root / CALLS).keep(call)
    stamp = STAMP.model_copy(update={"call_ids": (call.call_id,)})
    here.write_records("books", "ada", Book, [book("Emma")], stamp)
    there.read_records("books", Book, "ada")
    assert CallStore(there.root / CALLS).find(call.call_id) == call


def test_the_registry_is_everybodys(here: Warehouse, there: Warehouse) -> None:
    registry = Registry(domains=("a_shop", "b_shop"), pairs=("a_shop--b_shop",))
    write_registry(here.root, registry)
    assert read_registry(there.root) == registry


def test_what_is_not_what_was_sent_is_not_read(here: Warehouse, there: Warehouse, store: Path) -> None:
    here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    content = next(path for path in (store / "_objects").rglob("*") if path.is_file())
    content.write_bytes(content.read_bytes()[:-1])
    with pytest.raises(StorageError, match=r"books/ada\.parquet: is not what was sent"):
        there.read_records("books", Book, "ada")
    assert not there.data_path("books", "ada").exists()


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_what_is_lost_or_damaged_here_comes_again(here: Warehouse, lose: Callable[[Path], object]) -> None:
    here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    lose(here.data_path("books", "ada"))
    assert here.read_records("books", Book, "ada") == [book("Emma")]
    assert here.condition("books", "ada") == "stored"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"files": {"../../planted.txt": "0" * 32}}, "it names a file outside of the warehouse"),
        ({"files": {"/planted.txt": "0" * 32}}, "it names a file outside of the warehouse"),
        ({"schema_fingerprint": "../../planted"}, "it names a file outside of the warehouse"),
        ({"call_ids": ["call_../../../planted"]}, "it names a file outside of the warehouse"),
        ({"of_another_version": 1}, "is not a sidecar that this version can read. Use the version that wrote it"),
    ],
)
def test_a_sidecar_that_cannot_be_or_may_not_be_followed_is_named(
    here: Warehouse, there: Warehouse, store: Path, changed: dict[str, object], fault: str
) -> None:
    here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    note = store / "_materializations" / "books" / "ada.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **changed}))
    with pytest.raises(StorageError, match=f"_materializations/books/ada.json: {fault}"):
        there.fetch_all()
    assert not list(there.root.rglob("*.parquet"))


def test_a_sidecar_of_another_version_is_named_to_who_asks_for_all(here: Warehouse, store: Path) -> None:
    here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    (store / "_materializations" / "books" / "ada.json").write_text('{"of_another_version": 1}')
    shared = shared_by(here.root)
    assert shared
    with pytest.raises(StorageError, match="is not a sidecar that this version can read"):
        shared.sidecars()


def test_without_a_store_nothing_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OBJECT_STORE, raising=False)
    Warehouse(tmp_path / "here").write_records("books", "ada", Book, [book("Emma")], STAMP)
    there = Warehouse(tmp_path / "there")
    assert there.condition("books", "ada") == "missing"
    assert there.fetch_all() == 0


@pytest.mark.parametrize("address", ["ftp://somewhere", "nonsense"])
def test_an_address_that_names_no_store_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(OBJECT_STORE, address)
    with pytest.raises(StorageError, match=f"{OBJECT_STORE}={address}: no store is there"):
        Warehouse(tmp_path / "here")


def test_the_command_says_what_is_here_now_or_what_is_not_set(here: Warehouse, store: Path, tmp_path: Path) -> None:
    here.write_records("books", "ada", Book, [book("Emma")], STAMP)
    reader = Project(tmp_path / "reader", {OBJECT_STORE: f"file://{store}"})
    assert reader.run("fetch").startswith("1 materializations of 6 domains and 6 pairs are here")
    assert f"{OBJECT_STORE}: it is not set" in Project(tmp_path / "alone").run("fetch", code=1)
