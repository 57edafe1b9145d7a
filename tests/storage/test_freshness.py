"""What is fresh, stale, missing or unfinished follows from the sidecars."""

from collections import Counter
from pathlib import Path

import pytest

from resources.freshness import Wanted, assess
from resources.integrity import broken
from resources.storage import sidecars
from resources.storage.sidecars import Materialization, Parent, name_of, sidecar_path
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, book, stamp

WANTED = Wanted(asset="tasks", partition="ada", upstream=(("topics", "ada"), ("population", None)), code_version="c1")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "warehouse")
    topics = warehouse.write_records("topics", "ada", Book, [book("Emma")], STAMP)
    warehouse.write_records("topics", "bob", Book, [book("Iliad")], STAMP)
    people = warehouse.write_records("population", None, Book, [book("Ada")], STAMP)
    parents = [
        Parent(asset="topics", partition="ada", data_version=topics.data_version),
        Parent(asset="population", data_version=people.data_version),
    ]
    warehouse.write_records("tasks", "ada", Book, [book("Lend")], stamp(*parents))
    return warehouse


def answer(warehouse: Warehouse, wanted: Wanted = WANTED) -> tuple[str, tuple[str, ...]]:
    (state,) = assess(warehouse, [wanted])
    return state.freshness, state.reasons


def test_what_nothing_changed_for_is_fresh(warehouse: Warehouse) -> None:
    assert answer(warehouse) == ("fresh", ())
    warehouse.write_records("topics", "ada", Book, [book("Emma")], stamp(run_id="run-2"))
    assert answer(warehouse) == ("fresh", ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code_version": "c2"}, "code changed"),
        ({"settings": {"seed": 8}}, "settings changed"),
        ({"upstream": (*WANTED.upstream, ("topics", "bob"))}, "upstream topics[bob] changed"),
        ({"upstream": WANTED.upstream[:1]}, "upstream population is not used any more"),
    ],
)
def test_a_change_of_what_is_wanted_makes_it_stale(
    warehouse: Warehouse, change: dict[str, object], reason: str
) -> None:
    assert answer(warehouse, WANTED.model_copy(update=change)) == ("stale", (reason,))


def test_what_was_never_made_has_not_changed(warehouse: Warehouse) -> None:
    more = WANTED.model_copy(update={"upstream": (*WANTED.upstream, ("topics", "eve"), ("rules", "ada"))})
    assert answer(warehouse, more) == ("fresh", ())


def test_many_changes_of_one_asset_are_counted_and_in_order(warehouse: Warehouse) -> None:
    many = [f"reader_{number}" for number in range(3)]
    for name in many:
        warehouse.write_records("topics", name, Book, [book("Iliad")], STAMP)
    more = WANTED.model_copy(update={"upstream": (*WANTED.upstream, *(("topics", name) for name in many))})
    assert answer(warehouse, more) == ("stale", ("upstream topics changed (3)",))
    unused = ("upstream population is not used any more", "upstream topics[ada] is not used any more")
    assert answer(warehouse, WANTED.model_copy(update={"upstream": ()})) == ("stale", unused)


def test_a_sidecar_is_read_once_for_itself_and_once_for_all_that_was_made_from_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    read_sidecar = sidecars.read_sidecar

    def counted(root: Path, asset: str, partition: str | None) -> Materialization | None:
        read.append(name_of(asset, partition))
        return read_sidecar(root, asset, partition)

    monkeypatch.setattr(sidecars, "read_sidecar", counted)
    assess(warehouse, [WANTED, Wanted(asset="topics", partition="ada")])
    assert sorted(read) == ["population", "tasks[ada]", "topics[ada]", "topics[ada]"]
    read.clear()
    assert list(broken(warehouse, warehouse.places())) == []
    assert max(Counter(read).values()) == 2


def test_a_change_upstream_makes_it_stale(warehouse: Warehouse) -> None:
    warehouse.write_records("topics", "ada", Book, [book("Iliad")], STAMP)
    assert answer(warehouse) == ("stale", ("upstream topics[ada] changed",))


def test_a_failed_check_makes_it_stale_until_it_passes_or_the_content_is_written_again(warehouse: Warehouse) -> None:
    note = warehouse.materialization("tasks", "ada")
    warehouse.note_checks("tasks", "ada", {"readable", "complete"})
    assert answer(warehouse) == ("stale", ("check complete failed", "check readable failed"))
    failed = warehouse.query("SELECT failed_checks FROM materializations WHERE asset = 'tasks'")
    assert failed[1] == [(["complete", "readable"],)]
    warehouse.note_checks("tasks", "ada", ())
    assert warehouse.materialization("tasks", "ada") == note
    warehouse.note_checks("tasks", "ada", ["readable"], made_by="an earlier run")
    assert warehouse.materialization("tasks", "ada") == note, "what it has made is not there any more"
    warehouse.note_checks("tasks", "ada", ["readable"], made_by=note.run_id if note else "")
    assert answer(warehouse) == ("stale", ("check readable failed",))
    parents = note.parents if note else ()
    warehouse.write_records("tasks", "ada", Book, [book("Lend")], stamp(*parents))
    assert answer(warehouse) == ("fresh", ())


def test_equal_settings_keep_it_fresh(warehouse: Warehouse) -> None:
    assert answer(warehouse, WANTED.model_copy(update={"settings": {"seed": 7}})) == ("fresh", ())


def test_missing_and_unfinished_partitions_are_told_apart(warehouse: Warehouse) -> None:
    assert answer(warehouse, WANTED.model_copy(update={"partition": "bob"})) == ("missing", ())
    (warehouse.root / "_materializations" / "tasks" / "ada.json").unlink()
    assert answer(warehouse) == ("unfinished", ())


def test_a_changed_domain_makes_exactly_its_pairs_stale(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    domains, pairs = ("ada", "bob", "cyd"), ("ada--bob", "ada--cyd", "bob--cyd")
    made = {domain: warehouse.write_records("topics", domain, Book, [book(domain)], STAMP) for domain in domains}
    wanted = []
    for pair in pairs:
        both = pair.split("--")
        parents = [Parent(asset="topics", partition=each, data_version=made[each].data_version) for each in both]
        warehouse.write_records("fused", pair, Book, [book(pair)], stamp(*parents))
        upstream = tuple(("topics", each) for each in both)
        wanted.append(Wanted(asset="fused", partition=pair, upstream=upstream, code_version="c1"))
    warehouse.write_records("topics", "bob", Book, [book("bob")], stamp(run_id="run-2"))
    assert [state.freshness for state in assess(warehouse, wanted)] == ["fresh"] * 3
    warehouse.write_records("topics", "bob", Book, [book("rob")], STAMP)
    assert {state.partition: state.reasons for state in assess(warehouse, wanted)} == {
        "ada--bob": ("upstream topics[bob] changed",),
        "ada--cyd": (),
        "bob--cyd": ("upstream topics[bob] changed",),
    }


def test_an_unreadable_sidecar_is_an_unfinished_write(warehouse: Warehouse) -> None:
    sidecar_path(warehouse.root, "tasks", "ada").write_text("{")
    assert warehouse.condition("tasks", "ada") == "unfinished"
    assert answer(warehouse) == ("unfinished", ())
    sidecar_path(warehouse.root, "topics", "ada").write_text("{")
    warehouse.write_records("tasks", "ada", Book, [book("Lend")], STAMP)
    assert answer(warehouse)[0] == "stale", "of what it was made from nothing is known"
