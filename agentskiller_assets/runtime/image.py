"""The image of an environment: a serialized SQLite database from which every session is forked."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from agentskiller_assets.core.canonical import digest_bytes
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime.ddl import change_log_sql, quoted, schema_sql

__all__ = ["build_image", "image_digest", "schema_sql"]

Row = Mapping[str, Any]
_FIX = "Correct the row or the table's specification."


def build_image(spec: EnvironmentSpec, rows: Mapping[str, Sequence[Row]]) -> bytes:
    """The rows in strict tables with every constraint checked, an empty change log, and its triggers."""
    known = {table.name for table in spec.tables}
    for name in rows:
        if name not in known:
            raise SpecError(f"table {name}", "rows are given for a table that does not exist", "Declare it.")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _create(connection, schema_sql(spec), spec.domain)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for table in spec.tables:
            _fill(connection, table, rows.get(table.name, ()))
        _check_references(connection, spec)
        connection.execute("COMMIT")
        _create(connection, change_log_sql(spec), spec.domain)
        return connection.serialize()


def image_digest(image: bytes) -> str:
    """A digest of the content: the header's change counter and SQLite version are left out."""
    return digest_bytes(image[:24] + bytes(4) + image[28:92] + bytes(8) + image[100:])


def _create(connection: sqlite3.Connection, sql: str, domain: str) -> None:
    try:
        connection.executescript(sql)
    except sqlite3.Error as error:
        fix = "Tables and columns need distinct names, and invariants must compile."
        raise SpecError(f"environment {domain}", f"the tables cannot be created: {error}", fix) from error


def _fill(connection: sqlite3.Connection, table: Table, rows: Sequence[Row]) -> None:
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * len(names))
    columns = ", ".join(map(quoted, names))
    insert = f"INSERT INTO {quoted(table.name)} ({columns}) VALUES ({marks})"
    known = {column.name: column for column in table.columns}
    for row in rows:
        _check_values(table, known, row)
        try:
            connection.execute(insert, [row.get(name) for name in names])
        except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
            raise SpecError(_culprit(table, row), str(error), _FIX) from error


def _culprit(table: Table, row: Row) -> str:
    return f"table {table.name}, row {row.get(table.key)!r}"


def _check_values(table: Table, known: Mapping[str, Column], row: Row) -> None:
    """What SQLite would take silently: unknown columns, numbers for booleans and the reverse, NUL in text."""
    for name, value in row.items():
        column = known.get(name)
        if column is None:
            raise SpecError(_culprit(table, row), f"there is no column {name}", _FIX)
        if value is not None and isinstance(value, bool) is not (column.type == "boolean"):
            kind = "takes true or false" if column.type == "boolean" else "takes no boolean"
            raise SpecError(_culprit(table, row), f"{table.name}.{name} {kind}, not {value!r}", _FIX)
        if isinstance(value, str) and "\0" in value:
            raise SpecError(_culprit(table, row), f"{table.name}.{name} contains the NUL character", _FIX)
        if isinstance(value, bytes | bytearray):
            raise SpecError(_culprit(table, row), f"{table.name}.{name} holds bytes", _FIX)


def _check_references(connection: sqlite3.Connection, spec: EnvironmentSpec) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is None:
        return
    table = spec.table(broken[0])
    key = connection.execute(
        f"SELECT {quoted(table.key)} FROM {quoted(table.name)} WHERE rowid = ?", (broken[1],)
    ).fetchone()[0]
    keys = connection.execute(f"PRAGMA foreign_key_list({quoted(table.name)})").fetchall()
    column = next(reference[3] for reference in keys if reference[0] == broken[3])
    fault = f"FOREIGN KEY constraint failed: {table.name}.{column} names no row of {broken[2]}"
    raise SpecError(f"table {table.name}, row {key!r}", fault, _FIX)
