"""The tables at the end of a run: what each domain and each pair has."""

from collections.abc import Mapping, Sequence

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
    found, views = [], _views(warehouse)
    for view in ("validated_tasks", "fused_validated_tasks"):
        if view in views:
            _, rows = warehouse.query(
                f"SELECT partition, rejection, COUNT(*) AS n FROM {view} WHERE rejection IS NOT NULL "
                "GROUP BY ALL ORDER BY ALL"
            )
            found += [f"{partition}: {n} × {reason}" for partition, reason, n in rows if partition in partitions]
    return found


def some_record(warehouse: Warehouse, view: str, domains: Sequence[str], pairs: Sequence[str] = ()) -> str | None:
    """The id of a record of `view` to try a command with; one of a pair, if there is any."""
    views = _views(warehouse)
    for name, partitions in ((f"fused_{view}", pairs), (view, domains)):
        if partitions and name in views:
            _, rows = warehouse.query(f"SELECT partition, id FROM {name} ORDER BY partition, position")
            if found := next((record for partition, record in rows if partition in partitions), None):
                return found
    return None


def dataset_line(warehouse: Warehouse) -> str | None:
    """How many examples the dataset has, by split; None where there is none."""
    if "training_dataset" not in _views(warehouse):
        return None
    _, rows = warehouse.query("SELECT split, COUNT(*) FROM training_dataset GROUP BY 1 ORDER BY 2 DESC, 1")
    splits = ", ".join(f"{split} {count:,}" for split, count in rows)
    return f"dataset: {sum(count for _, count in rows):,} examples ({splits})"


def _table(warehouse: Warehouse, name: str, partitions: Sequence[str], statements: Mapping[str, str]) -> Table:
    counts = _counts(warehouse, statements)
    table = Table(title=f"{name.capitalize()}s", title_justify="left")
    table.add_column(name, no_wrap=True)
    for column in statements:
        table.add_column(column, justify="right")
    for partition in partitions:
        table.add_row(partition, *(str(counts.get((column, partition), 0)) for column in statements))
    return table


def _counts(warehouse: Warehouse, statements: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """What the statements of columns count, by column and partition; nothing where there is no such view yet."""
    views = _views(warehouse)
    parts = [
        f"SELECT '{column}', counted.* FROM ({statement}) AS counted"
        for column, statement in statements.items()
        if statement.partition(" FROM ")[2].split()[0] in views
    ]
    if not parts:
        return {}
    _, rows = warehouse.query(" UNION ALL ".join(parts))
    return {(column, partition): number for column, partition, number in rows}


def _views(warehouse: Warehouse) -> set[str]:
    _, rows = warehouse.query("SELECT view_name FROM duckdb_views() WHERE NOT internal")
    return {name for (name,) in rows}
