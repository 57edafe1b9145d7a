"""Environment databases: DuckDB files with real tables, keys, checks and comments."""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import duckdb

from agentskiller_assets.core.canonical import canonical_json, plain_json
from agentskiller_assets.core.records import Record, Upgrade, row_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import Column, ColumnType, EnvironmentSpec, Table
from agentskiller_assets.errors import StorageError
from resources.storage.engine import CONFIG, file_literal, literal, quoted

ENVIRONMENT_TABLE = "_environment"
BLOCK_BYTES = 16_384
"""The smallest that DuckDB knows: small tables in blocks of the usual size take seven to ten times the room."""
_TYPES: dict[ColumnType, str] = {
    "integer": "BIGINT",
    "money": "DECIMAL(12,2)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}
_PLAIN: dict[ColumnType, str] = {
    "money": "{}::DOUBLE",
    "date": "strftime({}, '%Y-%m-%d')",
    "datetime": "strftime({}, '%Y-%m-%d %H:%M:%S')",
}
"""How a stored value is read back as the plain one."""
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_BUFFER = 1 << 22


class DatabaseRow(Record):
    """One row of an environment database, as lineage and plain SQL see it."""

    kind: ClassVar[str] = "row"

    table_name: str
    key: str
    value: dict[str, Any]


def row_records(partition: str, value: EnvironmentRows) -> list[DatabaseRow]:
    """A record for each row, after one for the database itself (table `_environment`, the partition as key).

    A row's parents are the rows it refers to, the first parent of the database and what `row_parents` adds.
    """
    summary = {"domain": value.spec.domain, "rows": {name: len(rows) for name, rows in value.rows.items()}}
    records = [
        DatabaseRow(id=value.id, parents=value.parents, table_name=ENVIRONMENT_TABLE, key=partition, value=summary)
    ]
    for table in value.spec.tables:
        refs = [(column.name, column.ref) for column in table.columns if column.ref]
        for row in value.rows[table.name]:
            own = row_id(partition, table.name, row[table.key])
            parents = [row_id(partition, ref, row[name]) for name, ref in refs if row[name] is not None]
            parents += [*value.parents[:1], *value.row_parents.get(own, ())]
            records.append(
                DatabaseRow(
                    id=own,
                    parents=tuple(dict.fromkeys(parents)),
                    table_name=table.name,
                    key=row[table.key],
                    value=row,
                )
            )
    if unknown := sorted(value.row_parents.keys() - {record.id for record in records}):
        raise StorageError(partition, f"parents are given for no row: {unknown[0]}", "Use `row_id` of a row")
    return records


def build_database(target: Path, value: EnvironmentRows) -> None:
    """Writes the database file from checked rows; `StorageError` names the table that breaks a constraint."""
    config = {**CONFIG, "default_block_size": BLOCK_BYTES}
    with closing(duckdb.connect(str(target), config=config)) as connection:
        connection.execute("BEGIN")
        built: set[str] = set()
        for table in _referenced_first(value.spec.tables):
            built.add(table.name)
            connection.execute(_create_table(table, built - {table.name}))
            for statement in _comments(table):
                connection.execute(statement)
            _insert(connection, target, value, table)
        for table in value.spec.tables:
            _check_references(connection, value.spec, table)
        _describe_environment(connection, value)
        connection.execute("COMMIT")


def load_database(path: Path, upgrade: Upgrade) -> EnvironmentRows:
    """Reads the whole file back, rows in the order in which they were written; `upgrade` gets all but the rows."""
    with closing(duckdb.connect(str(path), read_only=True, config=CONFIG)) as connection:
        found = connection.execute(f"SELECT key, value FROM {ENVIRONMENT_TABLE}").fetchall()
        about = upgrade({key: json.loads(value) for key, value in found})
        spec = EnvironmentSpec.model_validate(about["spec"])
        rows = {table.name: tuple(_select(connection, table)) for table in spec.tables}
    return EnvironmentRows(
        id=about["id"],
        parents=about["parents"],
        spec=spec,
        rows=rows,
        row_parents=about["row_parents"],
    )


def _referenced_first(tables: Sequence[Table]) -> list[Table]:
    left, placed = list(tables), []
    while left:
        done = {table.name for table in placed}
        free = (table for table in left if {c.ref for c in table.columns if c.ref} <= done | {table.name})
        following = next(free, left[0])
        left.remove(following)
        placed.append(following)
    return placed


def _create_table(table: Table, built: set[str]) -> str:
    lines = [_column(column, table.key) for column in table.columns]
    lines += [f"CHECK ({condition})" for column in table.columns for condition in _conditions(column)]
    # DuckDB knows no deferred keys: a reference to the table itself or in a circle is checked after loading.
    lines += [
        f"FOREIGN KEY ({quoted(column.name)}) REFERENCES {quoted(column.ref)}"
        for column in table.columns
        if column.ref in built
    ]
    return f"CREATE TABLE {quoted(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def _column(column: Column, key: str) -> str:
    parts = [quoted(column.name), _TYPES.get(column.type, "VARCHAR")]
    if column.name == key:
        parts.append("PRIMARY KEY")
    elif column.unique:
        parts.append("UNIQUE")
    if not column.nullable:
        parts.append("NOT NULL")
    return " ".join(parts)


def _conditions(column: Column) -> list[str]:
    name = quoted(column.name)
    found = []
    if column.type == "enum":
        found.append(f"{name} IN ({', '.join(literal(value) for value in column.values)})")
    if column.type in {"integer", "money"}:
        found += [] if column.minimum is None else [f"{name} >= {column.minimum!r}"]
        found += [] if column.maximum is None else [f"{name} <= {column.maximum!r}"]
    if column.type == "money":
        found.append(f"{name} = round({name}, 2)")
    if column.type == "text" and column.maximum is not None:
        found.append(f"length({name}) <= {column.maximum!r}")
    if column.type == "email":
        found.append(f"regexp_matches({name}, {literal(_EMAIL)})")
    return found


def _comments(table: Table) -> list[str]:
    of_columns = [
        f"COMMENT ON COLUMN {quoted(table.name)}.{quoted(column.name)} IS {literal(column.description)}"
        for column in table.columns
    ]
    return [f"COMMENT ON TABLE {quoted(table.name)} IS {literal(table.description)}", *of_columns]


def _insert(connection: duckdb.DuckDBPyConnection, target: Path, value: EnvironmentRows, table: Table) -> None:
    names = ", ".join(quoted(column.name) for column in table.columns)
    types = ", ".join(f"{quoted(c.name)}: '{_TYPES.get(c.type, 'VARCHAR')}'" for c in table.columns)
    staged = target.with_name(target.name + ".jsonl")
    try:
        with staged.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{plain_json(row)}\n" for row in value.rows[table.name])
        connection.execute(
            f"INSERT INTO {quoted(table.name)} ({names}) SELECT {names}"
            f" FROM read_json({file_literal(staged)}, columns = {{{types}}},"
            f" format = 'newline_delimited', maximum_object_size = {_BUFFER})"
        )
    except duckdb.ConstraintException as exc:
        fix = "Correct what generates this table's rows, then materialize it again"
        fault = f"a row breaks the specification: {str(exc).splitlines()[0]}"
        raise StorageError(f"{value.spec.domain}.{table.name}", fault, fix) from exc
    finally:
        staged.unlink(missing_ok=True)


def _check_references(connection: duckdb.DuckDBPyConnection, spec: EnvironmentSpec, table: Table) -> None:
    for column in table.columns:
        if column.ref is None:
            continue
        name, other, key = quoted(column.name), quoted(column.ref), quoted(spec.table(column.ref).key)
        missing = connection.execute(
            f"SELECT r.{name} FROM {quoted(table.name)} r WHERE r.{name} IS NOT NULL"
            f" AND r.{name} NOT IN (SELECT {key} FROM {other}) LIMIT 1"
        ).fetchall()
        if missing:
            fault = f"{column.name} refers to {missing[0][0]!r}, which is not in {column.ref}"
            fix = "Correct what generates this table's rows, then materialize it again"
            raise StorageError(f"{spec.domain}.{table.name}", fault, fix)


def _describe_environment(connection: duckdb.DuckDBPyConnection, value: EnvironmentRows) -> None:
    connection.execute(f"CREATE TABLE {ENVIRONMENT_TABLE} (key VARCHAR PRIMARY KEY, value JSON NOT NULL)")
    connection.execute(
        f"COMMENT ON TABLE {ENVIRONMENT_TABLE} IS 'What this database is: record id, parents, specification'"
    )
    about = {
        "id": value.id,
        "parents": value.parents,
        "spec": value.spec,
        "row_parents": value.row_parents,
        "data_version": value.digest,
    }
    # bound values would make DuckDB import pandas where it is installed, which takes longer than all the rest
    rows = ", ".join(f"({literal(key)}, {literal(canonical_json(part))})" for key, part in about.items())
    connection.execute(f"INSERT INTO {ENVIRONMENT_TABLE} VALUES {rows}")


def _select(connection: duckdb.DuckDBPyConnection, table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    selected = ", ".join(_PLAIN.get(c.type, "{}").format(quoted(c.name)) for c in table.columns)
    found = connection.execute(f"SELECT {selected} FROM {quoted(table.name)} ORDER BY rowid").fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]
