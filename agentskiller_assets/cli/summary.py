"""The tables at the end of a run: what each domain and each pair has."""

from collections.abc import Mapping, Sequence
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
    "passed": "SELECT partition, COUNT(*) FROM evaluations WHERE passed GROUP BY 1",
    "rejected": "SELECT partition, COUNT(*) FROM validated_tasks WHERE rejection IS NOT NULL GROUP BY 1",
}


_PAIR_COUNTS = {
    "tools": "SELECT partition, COUNT(*) FROM fused_tool_lists GROUP BY 1",
    "rules": "SELECT partition, COUNT(*) FROM fused_policies WHERE tool IS NOT NULL GROUP BY 1",
    "rows": "SELECT partition, row_count FROM materializations WHERE asset = 'fused_databases'",
    "considered": "SELECT partition, COUNT(*) FROM fused_trajectories GROUP BY 1",
    "trajectories": "SELECT partition, COUNT(*) FROM fused_templates GROUP BY 1",
    "certified": "SELECT partition, COUNT(*) FROM fused_validated_tasks WHERE rejection IS NULL GROUP BY 1",
    "queries": "SELECT partition, COUNT(*) FROM fused_queries GROUP BY 1",
    "passed": "SELECT partition, COUNT(*) FROM fused_evaluations WHERE passed GROUP BY 1",
    "rejected": "SELECT partition, COUNT(*) FROM fused_validated_tasks WHERE rejection IS NOT NULL GROUP BY 1",
}


def summary_table(warehouse: Warehouse, domains: Sequence[str]) -> Table:
    """One line for each domain."""
    return _table(warehouse, "domain", domains, _COUNTS)


def pair_table(warehouse: Warehouse, pairs: Sequence[str]) -> Table:
    """One line for each pair."""
    return _table(warehouse, "pair", pairs, _PAIR_COUNTS)


def rejections(warehouse: Warehouse, partitions: Sequence[str]) -> list[str]:
    """Why tasks were rejected, by domain or pair and reason."""
    found = []
    for view in ("validated_tasks", "fused_validated_tasks"):
        if _has(warehouse, view):
            _, rows = warehouse.query(
                f"SELECT partition, rejection, COUNT(*) AS n FROM {view} WHERE rejection IS NOT NULL "
                "GROUP BY ALL ORDER BY ALL"
            )
            found += [f"{partition}: {n} × {reason}" for partition, reason, n in rows if partition in partitions]
    return found


def some_record(warehouse: Warehouse, view: str, domains: Sequence[str], pairs: Sequence[str] = ()) -> str | None:
    """The id of a record of `view` to try a command with; one of a pair, if there is any."""
    for name, partitions in ((f"fused_{view}", pairs), (view, domains)):
        if partitions and _has(warehouse, name):
            _, rows = warehouse.query(f"SELECT partition, id FROM {name} ORDER BY partition, position")
            if found := next((record for partition, record in rows if partition in partitions), None):
                return found
    return None


def dataset_line(warehouse: Warehouse) -> str | None:
    """How many examples the dataset has, by split; None where there is none."""
    if not _has(warehouse, "training_dataset"):
        return None
    _, rows = warehouse.query("SELECT split, COUNT(*) FROM training_dataset GROUP BY 1 ORDER BY 2 DESC, 1")
    splits = ", ".join(f"{split} {count:,}" for split, count in rows)
    return f"dataset: {sum(count for _, count in rows):,} examples ({splits})"


def _table(warehouse: Warehouse, name: str, partitions: Sequence[str], statements: Mapping[str, str]) -> Table:
    counts = {column: _counts(warehouse, statement) for column, statement in statements.items()}
    table = Table(title=f"{name.capitalize()}s", title_justify="left")
    table.add_column(name, no_wrap=True)
    for column in statements:
        table.add_column(column, justify="right")
    for partition in partitions:
        table.add_row(partition, *(str(counts[column].get(partition, 0)) for column in statements))
    return table


def _counts(warehouse: Warehouse, statement: str) -> dict[str, Any]:
    view = statement.partition(" FROM ")[2].split()[0]
    if not _has(warehouse, view):
        return {}
    _, rows = warehouse.query(statement)
    return dict(rows)


def _has(warehouse: Warehouse, view: str) -> bool:
    _, rows = warehouse.query(f"SELECT COUNT(*) FROM duckdb_views() WHERE view_name = '{view}'")
    return bool(rows[0][0])
