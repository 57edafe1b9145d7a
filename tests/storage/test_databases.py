"""An environment becomes a database whose keys, checks and comments DuckDB itself enforces and shows."""

import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from agentskiller_assets.errors import StorageError
from resources.storage.environments import BLOCK_BYTES
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, environment, spec

DOMAIN = "lending_library"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def first(table: str, **changes: Any) -> dict[str, Any]:
    rows = [dict(row) for row in environment().rows[table]]
    rows[0].update(changes)
    return {table: tuple(rows)}


def test_an_environment_comes_back_as_it_was_stored(warehouse: Warehouse) -> None:
    value = environment(12)
    written = warehouse.write_database(DOMAIN, value, STAMP)
    assert warehouse.read_database(DOMAIN) == value
    assert (written.data_version, written.row_count) == (value.digest, 36)
    again = Warehouse(warehouse.root.with_name("other")).write_database(DOMAIN, environment(12), STAMP)
    assert again.data_version == written.data_version
    assert again.files[f"databases/{DOMAIN}.parquet"] == written.files[f"databases/{DOMAIN}.parquet"]


def test_a_database_is_made_of_small_blocks(warehouse: Warehouse) -> None:
    warehouse.write_database(DOMAIN, environment(300), STAMP)
    with duckdb.connect(str(warehouse.database_path(DOMAIN)), read_only=True) as connection:
        assert connection.execute("SELECT block_size FROM pragma_database_size()").fetchone() == (BLOCK_BYTES,)
    assert warehouse.database_path(DOMAIN).stat().st_size < 500_000


def test_every_row_is_a_record_with_the_rows_it_refers_to_as_parents(warehouse: Warehouse) -> None:
    warehouse.write_database(DOMAIN, environment(), STAMP)
    row = "row:lending_library."
    assert warehouse.find(row + "loans.LON-1") == (
        "databases",
        DOMAIN,
        {
            "id": row + "loans.LON-1",
            "table_name": "loans",
            "key": "LON-1",
            "parents": [row + "members.MEM-1", row + "books.BOK-1", "blueprint_lib"],
            "value": environment().rows["loans"][1],
        },
    )
    assert warehouse.find(row + "members.MEM-0")[2]["parents"] == ["blueprint_lib", "person_ada"]
    assert warehouse.find("database_lib")[2]["parents"] == ["blueprint_lib", "policy_lib"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books SET price = -0.01",
        "UPDATE books SET price = 500.01",
        "UPDATE books SET copies = 0",
        "UPDATE books SET genre = 'essay'",
        "UPDATE books SET title = repeat('x', 41)",
        "UPDATE books SET title = NULL WHERE book_id = 'BOK-2'",
        "UPDATE members SET email = 'nobody'",
        "INSERT INTO members VALUES ('MEM-0', 'new@example.org', '2000-01-01')",
        "INSERT INTO members VALUES ('MEM-9', 'm0@example.org', '2000-01-01')",
        "INSERT INTO loans VALUES ('LON-9', 'MEM-9', 'BOK-0', '2026-01-01', true)",
        "DELETE FROM members WHERE member_id = 'MEM-0'",
    ],
)
def test_duckdb_enforces_the_specification(warehouse: Warehouse, statement: str) -> None:
    warehouse.write_database(DOMAIN, environment(), STAMP)
    connection = duckdb.connect(str(warehouse.database_path(DOMAIN)))
    with connection, pytest.raises(duckdb.ConstraintException):
        connection.execute(statement)


def test_types_and_comments_are_there_for_any_client(warehouse: Warehouse) -> None:
    warehouse.write_database(DOMAIN, environment(), STAMP)
    with duckdb.connect(str(warehouse.database_path(DOMAIN)), read_only=True) as connection:
        types = connection.execute(
            "SELECT data_type FROM duckdb_columns()"
            " WHERE column_name IN ('price', 'born', 'due_at', 'returned') ORDER BY column_name"
        ).fetchall()
        comments = connection.execute("SELECT comment FROM duckdb_tables() ORDER BY table_name").fetchall()
    assert types == [("DATE",), ("TIMESTAMP",), ("DECIMAL(12,2)",), ("BOOLEAN",)]
    assert comments[1:] == [("A title on the shelf.",), ("A member's loan.",), ("A person's membership.",)]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (first("books", price=1.005), r"books\.BOK-0: price: 1\.005 is not of type money"),
        (first("books", price=1), "price: 1 is not of type money"),
        (first("books", copies=True), "copies: True is not of type integer"),
        (first("books", copies=0), "lending_library.books: a row breaks the specification"),
        (first("books", book_id="BOK-1"), "two records have the id row:lending_library.books.BOK-1"),
        (first("books", continues="BOK-99"), "continues refers to 'BOK-99', which is not in books"),
        (first("books", title=None), "title: is empty and may not be"),
        (first("books", colour="red"), "colour: is not in both the row and the specification"),
        (first("members", born="1990-2-28"), "born: '1990-2-28' is not of type date"),
        (first("members", email="m1@example.org"), "lending_library.members: a row breaks"),
        (first("loans", due_at="2026-03-20T18:30:00"), "due_at: .* is not of type datetime"),
        (first("loans", returned=1), "returned: 1 is not of type boolean"),
        (first("loans", book_id="BOK-77"), "lending_library.loans: a row breaks the specification"),
        ({"shelves": ()}, "tables and rows do not match: shelves"),
    ],
)
def test_rows_that_break_the_specification_are_named_and_nothing_is_replaced(
    warehouse: Warehouse, changes: Any, named: str
) -> None:
    warehouse.write_database(DOMAIN, environment(), STAMP)
    before = {path: path.read_bytes() for path in warehouse.root.rglob("*") if path.is_file()}
    with pytest.raises(StorageError, match=named):
        warehouse.write_database(DOMAIN, environment(**changes), STAMP)
    assert {path: path.read_bytes() for path in warehouse.root.rglob("*") if path.is_file()} == before


def test_parents_of_a_row_that_is_not_there_are_refused(warehouse: Warehouse) -> None:
    value = environment().model_copy(update={"row_parents": {"row:x.y.z": ("person_ada",)}})
    with pytest.raises(StorageError, match=r"parents are given for no row: row:x.y.z"):
        warehouse.write_database(DOMAIN, value, STAMP)


def test_tables_that_refer_to_each_other_can_be_stored(warehouse: Warehouse) -> None:
    shape = spec().model_dump()
    members = next(table for table in shape["tables"] if table["name"] == "members")
    favourite = {"name": "favourite", "type": "ref", "ref": "loans", "description": "Her first loan."}
    members["columns"] = (*members["columns"], favourite)
    rows = tuple({**row, "favourite": f"LON-{n}"} for n, row in enumerate(environment().rows["members"]))
    value = environment(members=rows).model_copy(update={"spec": spec(tables=shape["tables"])})
    warehouse.write_database(DOMAIN, value, STAMP)
    assert warehouse.read_database(DOMAIN) == value
    lost = value.model_copy(
        update={"rows": {**value.rows, "members": tuple({**row, "favourite": "LON-X"} for row in rows)}}
    )
    with pytest.raises(StorageError, match=r"lending_library\.members: .*LON-X"):
        warehouse.write_database(DOMAIN, lost, STAMP)


def test_three_hundred_rows_a_table_take_well_under_a_second(warehouse: Warehouse) -> None:
    value = environment(300)
    start = time.process_time()  # not what the disk takes
    warehouse.write_database(DOMAIN, value, STAMP)
    assert time.process_time() - start < 1.0
