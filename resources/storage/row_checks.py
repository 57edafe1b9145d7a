"""Whether rows are exactly what their specification says, before DuckDB rounds or casts a difference away."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import Column, ColumnType, Table
from agentskiller_assets.errors import StorageError

LARGEST_MONEY = 9_999_999_999.99
"""What DECIMAL(12,2) holds."""
_FIX = "Correct what generates this table's rows, then materialize it again"


def check_rows(value: EnvironmentRows) -> None:
    """`StorageError` naming table, row and column of the first value that is not of its column's type."""
    culprit = value.spec.domain
    names = [table.name for table in value.spec.tables]
    if set(names) != set(value.rows):
        difference = ", ".join(sorted(set(names) ^ set(value.rows)))
        raise StorageError(culprit, f"tables and rows do not match: {difference}", _FIX)
    for table in value.spec.tables:
        if lost := [column.ref for column in table.columns if column.ref and column.ref not in names]:
            raise StorageError(f"{culprit}.{table.name}", f"refers to {lost[0]!r}, which is no table", _FIX)
        columns = {column.name: column for column in table.columns}
        for row in value.rows[table.name]:
            if row.keys() != columns.keys():
                difference = ", ".join(sorted(row.keys() ^ columns.keys()))
                raise _fault(culprit, table, row, difference, "is not in both the row and the specification")
            _check_row(culprit, table, columns, row)


def _check_row(culprit: str, table: Table, columns: Mapping[str, Column], row: dict[str, Any]) -> None:
    for name, value in row.items():
        if value is None:
            if not columns[name].nullable:
                raise _fault(culprit, table, row, name, "is empty and may not be")
        elif not _SHAPES[columns[name].type](value):
            raise _fault(culprit, table, row, name, f"{value!r} is not of type {columns[name].type}")


def _fault(culprit: str, table: Table, row: dict[str, Any], column: str, fault: str) -> StorageError:
    return StorageError(f"{culprit}.{table.name}.{row.get(table.key)}", f"{column}: {fault}", _FIX)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_money(value: Any) -> bool:
    return isinstance(value, float) and abs(value) <= LARGEST_MONEY and round(value, 2) == value


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_datetime(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).isoformat(" ", "seconds") == value
    except ValueError:
        return False


_SHAPES: dict[ColumnType, Callable[[Any], bool]] = {
    "id": _is_text,
    "ref": _is_text,
    "text": _is_text,
    "enum": _is_text,
    "integer": _is_integer,
    "money": _is_money,
    "boolean": _is_boolean,
    "date": _is_date,
    "datetime": _is_datetime,
    "email": _is_text,
    "phone": _is_text,
}
