"""Records to Parquet and back, through DuckDB."""

import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import duckdb
from pydantic import BaseModel
from pydantic_core import from_json

from agentskiller_assets.core.canonical import plain_json
from agentskiller_assets.errors import StorageError
from resources.storage.engine import engine, file_literal, literal, quoted

RESERVED = frozenset({"partition", "filename"})
"""Column names that the views add."""
_SCALARS: dict[type, str] = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}
_SMALLEST_BUFFER = 1 << 20


@lru_cache(maxsize=256)
def columns_of(model: type[BaseModel]) -> Mapping[str, str]:
    """Field name to DuckDB type: scalars and lists of text are typed, everything nested is JSON."""
    if clash := sorted(RESERVED & set(model.model_fields)):
        raise StorageError(model.__name__, f"the field name {clash[0]!r} is reserved", "Rename the field")
    return {name: duckdb_type(field.annotation) for name, field in model.model_fields.items()}


def duckdb_type(annotation: Any) -> str:
    """The column type for a field's annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return duckdb_type(arguments[0])
    if origin in {Union, types.UnionType}:
        kinds = {duckdb_type(item) for item in arguments if item is not type(None)}
        return kinds.pop() if len(kinds) == 1 else "JSON"
    if origin is Literal:
        kinds = {duckdb_type(type(value)) for value in arguments}
        return kinds.pop() if len(kinds) == 1 else "JSON"
    if origin in {tuple, list} and duckdb_type(arguments[0]) == "VARCHAR" and arguments[1:] in {(), (...,)}:
        return "VARCHAR[]"
    if isinstance(annotation, type) and issubclass(annotation, str | date | datetime):
        return "VARCHAR"
    return _SCALARS.get(annotation, "JSON")


def write_parquet(
    target: Path,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    cells: Mapping[int, str] | None = None,
) -> None:
    """Writes rows (plain JSON values) ordered by id; the bytes depend on columns and rows alone.

    `cells` has the JSON of values that is known already, by the identity of the value.
    Raises `OSError` or `duckdb.Error`; the caller names the file.
    """
    staged = target.with_name(target.name + ".jsonl")
    # Nested values travel as text, so that DuckDB keeps their numbers digit by digit.
    known = cells or {}
    lines = [plain_json({name: _cell(kind, row[name], known) for name, kind in columns.items()}) for row in rows]
    buffer = max(_SMALLEST_BUFFER, *(4 * len(line) + 1024 for line in lines), 0)
    typed = ", ".join(f"{quoted(name)}: '{'VARCHAR' if kind == 'JSON' else kind}'" for name, kind in columns.items())
    selected = ", ".join(
        f"{quoted(name)}::JSON AS {quoted(name)}" if kind == "JSON" else quoted(name) for name, kind in columns.items()
    )
    try:
        with staged.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        with engine() as cursor:
            cursor.execute(
                f"COPY (SELECT {selected} FROM read_json({file_literal(staged)}, columns = {{{typed}}},"
                f" format = 'newline_delimited', maximum_object_size = {buffer}) ORDER BY id)"
                f" TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
            )
    finally:
        staged.unlink(missing_ok=True)


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """The rows of a file as plain values, ordered by id.

    Raises `OSError` or `duckdb.Error`; the caller names the file.
    """
    with engine() as cursor:
        cursor.execute(f"SELECT * FROM read_parquet({file_literal(path)}, hive_partitioning = false) ORDER BY id")
        names = [str(column[0]) for column in description(cursor)]
        nested = [str(column[0]) for column in description(cursor) if str(column[1]) == "JSON"]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    # records of one partition repeat whole cells, such as the tools of a domain: they are parsed, and kept, once
    parsed = {text: from_json(text) for text in {row[name] for row in rows for name in nested} - {None}}
    for row in rows:
        row.update({name: parsed.get(row[name]) for name in nested})
    return rows


def description(cursor: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Name and type of each column of the last result."""
    return list(cursor.description or [])


def _cell(kind: str, value: Any, known: Mapping[int, str]) -> Any:
    if kind != "JSON" or value is None:
        return value
    return known.get(id(value)) or plain_json(value)
