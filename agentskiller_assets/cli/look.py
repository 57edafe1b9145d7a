"""`show`, `lineage` and `sql`: looking into the warehouse. None of them needs Dagster."""

import csv
import json
import math
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from agentskiller_assets.cli.console import WholeLines, out
from resources.lineage import Lineage
from resources.storage.warehouse import Warehouse, default_root


class LineageFormat(StrEnum):
    """How lineage is printed."""

    tree = "tree"
    json = "json"
    mermaid = "mermaid"


class TableFormat(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def show(
    record_id: Annotated[str, typer.Argument(help="Id of a record, or of a row (row:<domain>.<table>.<key>).")],
) -> None:
    """Show one record and where it is stored."""
    warehouse = Warehouse(default_root())
    asset, partition, record = warehouse.find(record_id)
    made = warehouse.materialization(asset, partition)
    where = f"{asset}{f' of {partition}' if partition else ''}"
    out.print(
        f"{where} · data version {made.data_version if made else 'unknown'} · run {made.run_id if made else 'unknown'}"
    )
    out.print(JSON(json.dumps(record, default=str)))


def lineage(
    record_id: Annotated[str, typer.Argument(help="Id of a record, for example of a query.")],
    down: Annotated[
        bool, typer.Option("--down", help="What was made from it, instead of what it was made from.")
    ] = False,
    depth: Annotated[int | None, typer.Option(min=1, help="How many steps to follow.")] = None,
    format: Annotated[LineageFormat, typer.Option(help="How to print it.")] = LineageFormat.tree,
) -> None:
    """Follow a record to everything it was made from, with asset, partition, run, code and data version, and seed."""
    lines = Lineage(Warehouse(default_root()))
    graph = lines.down(record_id, depth) if down else lines.up(record_id, depth)
    if format is LineageFormat.tree:
        out.print(WholeLines(graph.as_tree()))
    else:
        sys.stdout.write((graph.as_json() if format is LineageFormat.json else graph.as_mermaid()) + "\n")


def sql(
    statement: Annotated[str, typer.Argument(help="A SELECT over the views of the warehouse.")],
    format: Annotated[TableFormat, typer.Option(help="How to print it.")] = TableFormat.table,
) -> None:
    """Query the warehouse. `SHOW TABLES` lists its views."""
    columns, rows = Warehouse(default_root()).query(statement)
    if format is TableFormat.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    elif format is TableFormat.json:
        found = [dict(zip(columns, map(_for_json, row), strict=True)) for row in rows]
        sys.stdout.write(json.dumps(found, default=str, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        out.print(_table(columns, rows))


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> Table:
    """What is in brackets is printed as it is, and no markup."""
    table = Table()
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    return table


def _for_json(value: Any) -> Any:
    """Null in place of what JSON has no number for, and names where it has no other keys."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(name): _for_json(each) for name, each in value.items()}
        case list() | tuple():
            return [_for_json(each) for each in value]
    return value
