"""What an older version stored is read, and stored again, by this one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest

from agentskiller_assets.cli.upgrade import stored_models
from agentskiller_assets.core.canonical import digest_bytes
from agentskiller_assets.core.records import Record, Upgrade
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.errors import SchemaChangedError
from resources.storage.schemas import Schema, changed_field, fingerprint, model_schema
from resources.storage.sidecars import sidecar_path
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, environment
from tests.storage.shapes import FROZEN


class Film(Record):
    """As the older version had it."""

    kind: ClassVar[str] = "film"
    title: str


def _divided(row: dict[str, Any]) -> dict[str, Any]:
    number, _, name = row["title"].partition(". ")
    return {"id": row["id"], "parents": row["parents"], "position": int(number), "name": name}


class Part(Record):
    """As it is now."""

    kind: ClassVar[str] = "film"
    upgrades: ClassVar[Mapping[str, Upgrade]] = {fingerprint(model_schema(Film)): _divided}
    position: int
    name: str


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "warehouse")
    films = [Film(id="film_1", title="2. The Two Towers"), Film(id="film_2", title="1. The Fellowship")]
    warehouse.write_records("films", "ada", Film, films, STAMP)
    return warehouse


def test_an_older_shape_is_read_as_the_newer_one(warehouse: Warehouse) -> None:
    found = warehouse.read_records("films", Part, "ada")
    assert [(part.id, part.position, part.name) for part in found] == [
        ("film_2", 1, "The Fellowship"),
        ("film_1", 2, "The Two Towers"),
    ]


def test_upgrading_stores_the_newer_shape_and_leaves_the_rest_as_it_was(warehouse: Warehouse) -> None:
    before, found = warehouse.materialization("films", "ada"), warehouse.read_records("films", Part, "ada")
    assert before is not None
    assert warehouse.query("SELECT * FROM films")[0] == ["id", "parents", "title", "partition"]

    assert warehouse.upgrade("films", "ada", Part) is True
    after = warehouse.materialization("films", "ada")
    assert after is not None
    assert after.model_copy(update={"files": before.files, "schema_fingerprint": before.schema_fingerprint}) == before
    assert warehouse.condition("films", "ada") == "stored"
    assert warehouse.read_records("films", Part, "ada") == found
    assert warehouse.query("SELECT name, position FROM films ORDER BY ALL DESC")[1] == [
        ("The Two Towers", 2),
        ("The Fellowship", 1),
    ]
    assert warehouse.upgrade("films", "ada", Part) is False
    assert warehouse.upgrade("films", "bob", Part) is False


def test_an_upgrade_that_does_not_fit_names_the_field_and_changes_nothing(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = warehouse.data_path("films", "ada").read_bytes()
    monkeypatch.setattr(Part, "upgrades", {fingerprint(model_schema(Film)): lambda row: {**_divided(row), "name": 1}})
    with pytest.raises(SchemaChangedError, match=r"films\[ada\].*field 'name' differs"):
        warehouse.upgrade("films", "ada", Part)
    assert warehouse.data_path("films", "ada").read_bytes() == before


def test_the_specification_in_a_database_is_upgraded_too(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    value, name = environment(), "lending_library"
    warehouse.write_database(name, value, STAMP)
    _give_title_its_older_name(warehouse, name)
    with pytest.raises(SchemaChangedError):
        warehouse.read_database(name)

    monkeypatch.setattr(EnvironmentRows, "upgrades", {_OLDER: _with_title})
    assert warehouse.read_database(name) == value
    assert warehouse.upgrade("databases", name, EnvironmentRows) is True
    monkeypatch.undo()
    assert warehouse.read_database(name) == value


_OLDER = "0" * 32


def _with_title(about: dict[str, Any]) -> dict[str, Any]:
    older = dict(about["spec"])
    return {**about, "spec": {"title": older.pop("headline"), **older}}


def _give_title_its_older_name(warehouse: Warehouse, partition: str) -> None:
    path = warehouse.database_path(partition)
    with duckdb.connect(str(path)) as connection:
        (spec,) = connection.execute("SELECT value FROM _environment WHERE key = 'spec'").fetchone() or ("",)
        older = json.loads(spec)
        older["headline"] = older.pop("title")
        connection.execute("UPDATE _environment SET value = ? WHERE key = 'spec'", [json.dumps(older)])
    note = sidecar_path(warehouse.root, "databases", partition)
    stored = json.loads(note.read_text())
    files = {name: digest_bytes((warehouse.root / name).read_bytes()) for name in stored["files"]}
    note.write_text(json.dumps({**stored, "files": files, "schema_fingerprint": _OLDER}))


@pytest.mark.parametrize(("name", "released"), json.loads(FROZEN.read_text(encoding="utf-8")).items())
def test_every_released_shape_can_be_read_or_upgraded(name: str, released: Schema) -> None:
    models = {model.__name__: model for model in stored_models().values()}
    assert name in models, f"{name} is stored by no asset any more: what becomes of warehouses that hold it?"
    field = changed_field(released, model_schema(models[name]))
    assert field is None or fingerprint(released) in models[name].upgrades, (
        f"{name}: field {field!r} differs from the released shape, and `{name}.upgrades` does not know how to read that"
    )
