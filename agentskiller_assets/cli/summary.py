"""The table at the end of a run: what each domain has."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from resources.storage.warehouse import Warehouse

_COUNTS = {
    "entities": "SELECT partition, COUNT(*) FROM entities GROUP BY 1",
    "tools": "SELECT partition, COUNT(*) FROM tool_lists GROUP BY 1",
    "rules": "SELECT partition, COUNT(*) FROM policies WHERE tool IS NOT NULL GROUP BY 1",
    "rows": "SELECT partition, row_count FROM materializations WHERE asset = 'databases'",
    "trajectories": "SELECT partition, COUNT(*) FROM task_templates GROUP BY 1",
    "certified": "SELECT partition, COUNT(*) FROM validated_tasks WHERE rejection IS NULL GROUP BY 1",
    "queries": "SELECT partition, COUNT(*) FROM queries GROUP BY 1",
    "rejected": "SELECT partition, COUNT(*) FROM validated_tasks WHERE rejection IS NOT NULL GROUP BY 1",
}


def summary_table(warehouse: Warehouse, domains: Sequence[str]) -> Table:
    """One line for each domain."""
    counts = {name: _counts(warehouse, statement) for name, statement in _COUNTS.items()}
    table = Table(title="Domains", title_justify="left")
    table.add_column("domain", no_wrap=True)
    for name in _COUNTS:
        table.add_column(name, justify="right")
    for domain in domains:
        table.add_row(domain, *(str(counts[name].get(domain, 0)) for name in _COUNTS))
    return table


def rejections(warehouse: Warehouse, domains: Sequence[str]) -> list[str]:
    """Why tasks were rejected, by domain and reason."""
    if not _has(warehouse, "validated_tasks"):
        return []
    _, rows = warehouse.query(
        "SELECT partition, rejection, COUNT(*) AS n FROM validated_tasks WHERE rejection IS NOT NULL "
        "GROUP BY ALL ORDER BY ALL"
    )
    return [f"{partition}: {n} × {reason}" for partition, reason, n in rows if partition in domains]


def some_query(warehouse: Warehouse, domains: Sequence[str]) -> str | None:
    """The id of a query to try `lineage` with."""
    if not _has(warehouse, "queries"):
        return None
    _, rows = warehouse.query("SELECT partition, id FROM queries ORDER BY partition, position")
    return next((query for partition, query in rows if partition in domains), None)


def _counts(warehouse: Warehouse, statement: str) -> dict[str, Any]:
    view = statement.partition(" FROM ")[2].split()[0]
    if not _has(warehouse, view):
        return {}
    _, rows = warehouse.query(statement)
    return dict(rows)


def _has(warehouse: Warehouse, view: str) -> bool:
    _, rows = warehouse.query(f"SELECT COUNT(*) FROM duckdb_views() WHERE view_name = '{view}'")
    return bool(rows[0][0])
