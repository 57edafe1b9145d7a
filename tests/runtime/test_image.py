"""The image holds the rows under all constraints, and nothing that breaks one gets in."""

import sqlite3
from contextlib import closing

import pytest

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.invariants import broken_invariants
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment, build_image, schema_sql
from tests.scenario import LIBRARY, library, library_rows


def _opened(image):
    connection = sqlite3.connect(":memory:")
    connection.deserialize(image)
    return closing(connection)


def _changed(table, **values):
    rows = library_rows()
    return {**rows, table: ({**rows[table][0], **values}, *rows[table][1:])}


def test_the_image_has_all_rows_and_an_empty_log():
    with _opened(library().image) as connection:
        counts = {
            table.name: connection.execute(f'SELECT COUNT(*) FROM "{table.name}"').fetchone()[0]
            for table in LIBRARY.tables
        }
        log = connection.execute("SELECT COUNT(*) FROM _changes").fetchone()[0]
        triggers = connection.execute("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'trigger'").fetchone()[0]
    assert counts == {"person": 6, "member": 6, "book": 8, "loan": 10, "reservation": 4}
    assert (log, triggers) == (0, 3 * len(LIBRARY.tables))


def test_equal_rows_give_equal_images():
    assert build_image(LIBRARY, library_rows()) == library().image
    assert Environment(LIBRARY, library().image).digest == library().digest


def test_other_rows_give_another_digest():
    other = Environment(LIBRARY, build_image(LIBRARY, _changed("person", city="Elsewhere")))
    assert other.base_digest != library().base_digest
    assert other.digest != library().digest


def test_the_schema_is_readable_sql_with_an_index_on_every_reference():
    sql = schema_sql(LIBRARY)
    assert "-- loan: A copy that a member has, or had, at home." in sql
    assert 'CREATE INDEX "loan_book_id_index" ON "loan" ("book_id", "status");' in sql
    assert "TRIGGER" not in sql
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(sql)


BROKEN = [
    ("book", {"genre": "poetry"}, "CHECK constraint failed: book_genre_values"),
    ("book", {"copies": 0}, "CHECK constraint failed: book_copies_minimum"),
    ("book", {"copies": 21}, "CHECK constraint failed: book_copies_maximum"),
    ("book", {"copies": "three"}, "cannot store TEXT value in INTEGER column book.copies"),
    ("book", {"replacement_cost": 18.905}, "CHECK constraint failed: book_replacement_cost_cents"),
    ("book", {"replacement_cost": float("inf")}, "CHECK constraint failed: book_replacement_cost"),
    ("book", {"title": "x" * 121}, "CHECK constraint failed: book_title_length"),
    ("book", {"title": None}, "NOT NULL constraint failed: book.title"),
    ("book", {"reference_only": 1}, "book.reference_only takes true or false, not 1"),
    ("book", {"copies": True}, "book.copies takes no boolean, not True"),
    ("book", {"title": "nul\0"}, "book.title contains the NUL character"),
    ("book", {"title": b"bytes"}, "book.title holds bytes"),
    ("book", {"shelf": "A"}, "there is no column shelf"),
    ("person", {"date_of_birth": "1984-02-30"}, "CHECK constraint failed: person_date_of_birth_date"),
    ("person", {"date_of_birth": "now"}, "CHECK constraint failed: person_date_of_birth_date"),
    ("person", {"email": "noor.rahimi@example.org"}, "UNIQUE constraint failed: person.email"),
    ("person", {"full_name": "\ud800"}, "surrogates not allowed"),
    ("loan", {"returned_at": "2026-02-28"}, "CHECK constraint failed: loan_returned_at_datetime"),
    ("loan", {"book_id": "BOK-999"}, "FOREIGN KEY constraint failed: loan.book_id names no row of book"),
    ("loan", {"loan_id": "LOA-402"}, "UNIQUE constraint failed: loan.loan_id"),
]


@pytest.mark.parametrize(("table", "values", "fault"), BROKEN)
def test_a_row_that_breaks_a_constraint_names_table_key_and_constraint(table, values, fault):
    with pytest.raises(SpecError) as error:
        build_image(LIBRARY, _changed(table, **values))
    assert fault in error.value.fault
    assert error.value.culprit.startswith(f"table {table}, row '")


def test_rows_of_no_table_are_an_error():
    with pytest.raises(SpecError, match="table shelf: rows are given for a table that does not exist"):
        build_image(LIBRARY, {"shelf": []})


def test_an_invariant_is_no_constraint_of_the_session_but_is_found_by_the_check():
    changed = _changed("loan", due_on="2026-02-20")
    assert "loan_invariant" not in schema_sql(LIBRARY)
    assert build_image(LIBRARY, changed)
    rows = EnvironmentRows(id="database_x", spec=LIBRARY, rows={name: tuple(found) for name, found in changed.items()})
    assert any(fault.startswith("row:lending_library.loan.") for fault in broken_invariants(rows))


def test_tables_that_sqlite_does_not_take_are_an_error_with_a_fix():
    twice = LIBRARY.model_copy(update={"tables": (*LIBRARY.tables, LIBRARY.table("loan"))})
    with pytest.raises(SpecError, match="environment lending_library: the tables cannot be created"):
        build_image(twice, {})


def test_sqlite_leaves_30_february_as_it_is_unless_it_calculates():
    """The CHECK on dates leans on this."""
    with closing(sqlite3.connect(":memory:")) as connection:
        plain, moved = connection.execute("SELECT date('2026-02-30'), date('2026-02-30', '+0 days')").fetchone()
    assert (plain, moved) == ("2026-02-30", "2026-03-02")
