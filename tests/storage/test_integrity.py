"""What is lost, damaged, half-written, at fault or stored twice is named, with what makes it again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.integrity import broken, stored_twice
from resources.storage.sidecars import Parent, sidecar_path
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, book, stamp


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A topic, a task that was made from it, and people of nobody."""
    warehouse = Warehouse(tmp_path / "warehouse")
    topic = warehouse.write_records("topics", "ada", Book, [book("Emma")], STAMP)
    parent = Parent(asset="topics", partition="ada", data_version=topic.data_version)
    unmade = Parent(asset="topics", partition="bob")
    warehouse.write_records("tasks", "ada", Book, [book("Lend")], stamp(parent, unmade))
    warehouse.write_records("population", None, Book, [book("Ada")], STAMP)
    return warehouse


def test_a_sound_warehouse_has_no_fault(warehouse: Warehouse) -> None:
    assert warehouse.places() == [("population", None), ("tasks", "ada"), ("topics", "ada")]
    assert list(broken(warehouse, warehouse.places())) == []
    assert list(stored_twice(warehouse)) == []


def _turn_a_byte(warehouse: Warehouse) -> None:
    path = warehouse.data_path("tasks", "ada")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def _lose_the_data(warehouse: Warehouse) -> None:
    warehouse.data_path("tasks", "ada").unlink()


def _lose_the_sidecar(warehouse: Warehouse) -> None:
    sidecar_path(warehouse.root, "tasks", "ada").unlink()


def _lose_the_parent(warehouse: Warehouse) -> None:
    warehouse.data_path("topics", "ada").unlink()
    sidecar_path(warehouse.root, "topics", "ada").unlink()


def _spoil_the_sidecar(warehouse: Warehouse) -> None:
    sidecar_path(warehouse.root, "tasks", "ada").write_text("{")


def _bring_a_newer_sidecar(warehouse: Warehouse) -> None:
    path = sidecar_path(warehouse.root, "tasks", "ada")
    path.write_text(json.dumps({**json.loads(path.read_text()), "weight": 3}))


def _fail_a_check(warehouse: Warehouse) -> None:
    warehouse.note_checks("tasks", "ada", ["complete"])


_HALF = "tasks[ada]: its files are not those that its sidecar was written for. Run `agentskiller run --stale`"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_turn_a_byte, _HALF),
        (_lose_the_data, _HALF),
        (_lose_the_sidecar, _HALF),
        (_lose_the_parent, "topics[ada] is lost, and tasks[ada] was made from it. Run `agentskiller run --stale`"),
        (_spoil_the_sidecar, _HALF),
        (_bring_a_newer_sidecar, "is not a sidecar that this version can read. Use the version that wrote it"),
        (_fail_a_check, "tasks[ada]: the check complete failed. Run `agentskiller run --stale`"),
    ],
)
def test_a_fault_is_named_alone_with_its_fix(
    warehouse: Warehouse, spoil: Callable[[Warehouse], None], said: str
) -> None:
    spoil(warehouse)
    (fault,) = broken(warehouse, warehouse.places())
    assert said in fault


def test_a_record_in_two_places_is_named_with_both(warehouse: Warehouse) -> None:
    warehouse.write_records("tasks", "bob", Book, [book("Lend"), book("Sell")], STAMP)
    warehouse.refresh_catalog()
    (fault,) = stored_twice(warehouse)
    assert fault == f"{book('Lend').id} is stored twice: in tasks/ada and tasks/bob"
