"""The SQLite schema of an environment: strict tables with every constraint, and the change log."""

from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table
from agentskiller_assets.runtime.schema import (
    EMAIL_LENGTH,
    GREATEST_MONEY,
    KEY_LENGTH,
    PHONE_LENGTH,
    TEXT_LENGTH,
    number,
)

CHANGES = "_changes"
_STORAGE = {"integer": "INTEGER", "boolean": "INTEGER", "money": "REAL"}
_DIGITS = {4: "[0-9][0-9][0-9][0-9]", 2: "[0-9][0-9]"}
_DATE = f"{_DIGITS[4]}-{_DIGITS[2]}-{_DIGITS[2]}"
_DATETIME = f"{_DATE} {_DIGITS[2]}:{_DIGITS[2]}:{_DIGITS[2]}"


def quoted(name: str) -> str:
    """An identifier that may be a keyword."""
    return f'"{name}"'


def literal(value: str) -> str:
    """A text literal."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def schema_sql(spec: EnvironmentSpec) -> str:
    """Tables and indexes as a person reads them; what every row obeys is a constraint here."""
    tables = "\n\n".join(_table_sql(table) for table in spec.tables)
    return "\n".join([tables, "", *_lookup_indexes(spec)]) + "\n"


def _lookup_indexes(spec: EnvironmentSpec) -> list[str]:
    """An index on every column that some tool looks up by a value which people know."""
    matched = dict.fromkeys(p.matches for tool in spec.tools for p in tool.parameters if p.matches)
    columns = [tuple(path.split(".", 1)) for path in matched]
    return [
        f"CREATE INDEX {quoted(f'{table}_{column}_lookup')} ON {quoted(table)} ({quoted(column)});"
        for table, column in columns
    ]


def change_log_sql(spec: EnvironmentSpec) -> str:
    """The log of changes, and the triggers that write it.

    Old rows are logged as SQL literals: `quote()` keeps every digit, and unlike the functions of JSON it is
    allowed in the schema of a connection that does not trust its schema.
    """
    log = (
        f"CREATE TABLE {CHANGES} (seq INTEGER PRIMARY KEY, table_name TEXT, operation TEXT, key TEXT,"
        " before TEXT) STRICT;"
    )
    return "\n".join([log, *(_triggers_sql(table) for table in spec.tables)]) + "\n"


def trigger_names(spec: EnvironmentSpec) -> frozenset[str]:
    """The names of all triggers of the change log."""
    operations = ("insert", "update", "delete")
    return frozenset(_trigger_name(table, operation) for table in spec.tables for operation in operations)


def _table_sql(table: Table) -> str:
    lines = [_column_sql(table, column) for column in table.columns]
    body = ",\n  ".join(lines)
    about = " ".join(f"{table.title}: {table.description}".split())
    statements = [f"-- {about}\nCREATE TABLE {quoted(table.name)} (\n  {body}\n) STRICT;"]
    for column in table.columns:
        if column.ref and column.name != table.key and not column.unique:
            index = quoted(f"{table.name}_{column.name}_index")
            columns = [column.name, *([table.status] if table.status else [])]
            listed = ", ".join(quoted(name) for name in columns)
            statements.append(f"CREATE INDEX {index} ON {quoted(table.name)} ({listed});")
    return "\n".join(statements)


def _column_sql(table: Table, column: Column) -> str:
    parts = [quoted(column.name), _STORAGE.get(column.type, "TEXT")]
    if column.name == table.key:
        parts.append("NOT NULL PRIMARY KEY")
    else:
        parts += [] if column.nullable else ["NOT NULL"]
        parts += ["UNIQUE"] if column.unique else []
    if column.ref:
        parts.append(f"REFERENCES {quoted(column.ref)}")
    for label, condition in _conditions(column):
        constraint = quoted(f"{table.name}_{column.name}_{label}")
        parts.append(f"CONSTRAINT {constraint} CHECK ({condition})")
    return " ".join(parts)


def _conditions(column: Column) -> list[tuple[str, str]]:
    """What CHECK can say of one column: pairs of a label and a condition that holds for NULL as well.

    The pattern keeps words such as 'now' from `date()`, and the modifier makes it reject 30 February.
    """
    name = quoted(column.name)
    match column.type:
        case "enum":
            return [("values", f"{name} IN ({', '.join(map(literal, column.values))})")]
        case "boolean":
            return [("boolean", f"{name} IN (0, 1)")]
        case "date":
            return [("date", f"{name} GLOB '{_DATE}' AND {name} IS date({name}, '+0 days')")]
        case "datetime":
            return [("datetime", f"{name} GLOB '{_DATETIME}' AND {name} IS datetime({name}, '+0 days')")]
        case "money":
            return [("cents", f"{name} = ROUND({name}, 2)"), *_bounds(column, GREATEST_MONEY)]
        case "integer":
            return _bounds(column, None)
        case "text":
            return _length(column, int(column.maximum or TEXT_LENGTH))
        case "email":
            return _length(column, EMAIL_LENGTH)
        case "phone":
            return _length(column, PHONE_LENGTH)
        case "id" | "ref":
            return _length(column, KEY_LENGTH)


def _length(column: Column, longest: int) -> list[tuple[str, str]]:
    return [("length", f"length({quoted(column.name)}) <= {longest}")]


def _bounds(column: Column, default: int | None) -> list[tuple[str, str]]:
    lowest = column.minimum if column.minimum is not None else default and -default
    highest = column.maximum if column.maximum is not None else default
    name = quoted(column.name)
    bounds = [] if lowest is None else [("minimum", f"{name} >= {number(lowest)}")]
    return bounds + ([] if highest is None else [("maximum", f"{name} <= {number(highest)}")])


def _trigger_name(table: Table, operation: str) -> str:
    return f"_{table.name}_{operation}"


def _triggers_sql(table: Table) -> str:
    before = " || ',' || ".join(f"quote(OLD.{quoted(column.name)})" for column in table.columns)
    rows = (
        ("insert", f"NEW.{quoted(table.key)}", "NULL"),
        ("update", f"OLD.{quoted(table.key)}", before),
        ("delete", f"OLD.{quoted(table.key)}", before),
    )
    return "\n".join(
        f"CREATE TRIGGER {quoted(_trigger_name(table, operation))} "
        f"AFTER {operation.upper()} ON {quoted(table.name)} BEGIN\n"
        f"  INSERT INTO {CHANGES} (table_name, operation, key, before)"
        f" VALUES ({literal(table.name)}, {literal(operation)}, {key}, {old});\nEND;"
        for operation, key, old in rows
    )
