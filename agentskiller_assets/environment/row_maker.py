"""Rows of an environment: sample plans applied to a specification, people from the population, and a seed."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.authoring.plans import ColumnPlan, SamplePlans, SqlValue
from agentskiller_assets.authoring.samplers import ColumnSampler, Row
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table
from agentskiller_assets.errors import PlanningError
from agentskiller_assets.runtime.guard import STEPS_PER_TICK

FIRST_NUMBER = 10001
STEPS = 2_000_000_000
"""Instructions of SQLite that one query of a plan may take: about half a minute."""

Rows = dict[str, tuple[Row, ...]]


def make_rows(
    spec: EnvironmentSpec, plans: SamplePlans, people: Sequence[Mapping[str, Any]], seed: int, count: int
) -> Rows:
    """`count` rows for every table, in key order, satisfying every constraint and invariant by construction.

    `people` are the columns of the person table for everyone of the population; each domain serves its own
    seeded choice of them.
    """
    if len(people) < count:
        fix = f"Raise `population_size` of `population` to at least {count}, or lower `rows_per_table`."
        raise PlanningError(f"databases[{spec.domain}]", f"{count} rows need {count} people of {len(people)}", fix)
    maker = _RowMaker(spec, plans, seed, count)
    for table in _in_order(spec):
        if table.kind == "person":
            chosen = rng(seed, spec.domain, "people").sample(list(people), count)
            rows = sorted(({c.name: p[c.name] for c in PERSON.columns} for p in chosen), key=lambda r: r["person_id"])
        else:
            rows = maker.table(table)
        maker.store(table, rows)
    return maker.rows


class _RowMaker:
    """Makes one table after the other; finished columns are visible to SQL in a scratch database."""

    def __init__(self, spec: EnvironmentSpec, plans: SamplePlans, seed: int, count: int) -> None:
        self.spec = spec
        self.plans = plans
        self.seed = seed
        self.count = count
        self.rows: Rows = {}
        self.keys = {table.name: table.key for table in spec.tables}
        self.scratch = sqlite3.connect(":memory:")
        self.scratch.set_progress_handler(self._tick, STEPS_PER_TICK)
        self._ticks = 0

    def table(self, table: Table) -> list[Row]:
        """All rows of one table, column by column."""
        rows: list[Row] = [{table.key: f"{table.id_prefix}-{FIRST_NUMBER + i}"} for i in range(self.count)]
        for column in self._column_order(table):
            try:
                for row, value in zip(rows, self._column(table, column, rows), strict=True):
                    row[column.name] = value
            except (ValueError, TypeError, LookupError, ArithmeticError, sqlite3.Error) as error:
                where = f"databases[{self.spec.domain}].{table.name}.{column.name}"
                raise PlanningError(where, f"no values can be drawn: {error}", "Correct its sample plan.") from error
        return [{column.name: row[column.name] for column in table.columns} for row in rows]

    def _column_order(self, table: Table) -> list[Column]:
        """Drawn columns, then those computed in SQL, then drawn ones that look at computed ones."""
        plans = self.plans.columns[table.name]
        computed = {name for name, plan in plans.items() if isinstance(plan.sampler, SqlValue)}

        def rank(column: Column) -> int:
            if column.name in computed:
                return 1
            plan = plans.get(column.name)
            return 2 if plan and computed & _looked_at(plan) else 0

        return sorted((column for column in table.columns if column.name != table.key), key=rank)

    def store(self, table: Table, rows: list[Row]) -> None:
        """Keeps the finished rows and shows them to later SQL."""
        self.rows[table.name] = tuple(rows)
        self._show(table, rows)

    def _column(self, table: Table, column: Column, rows: list[Row]) -> list[Any]:
        if column.name == "person_id" and column.ref == PERSON.name:
            people = [row["person_id"] for row in self.rows[PERSON.name]]
            rng(self.seed, self.spec.domain, table.name, "people").shuffle(people)
            return people
        plan = self.plans.columns[table.name][column.name]
        values = (
            self._sql(table, plan.sampler, rows)
            if isinstance(plan.sampler, SqlValue)
            else self._drawn(table, column, plan, rows)
        )
        empty = plan.empty_unless
        if empty:
            values = [
                value if row[empty.column] in empty.values else None for value, row in zip(values, rows, strict=True)
            ]
        return [_typed(column, value) for value in values]

    def _drawn(self, table: Table, column: Column, plan: ColumnPlan, rows: list[Row]) -> list[Any]:
        draw = rng(self.seed, self.spec.domain, table.name, column.name)
        sampler = ColumnSampler(column, draw, self.spec.simulation_time, self._query, self.keys)
        return sampler.sample(plan.sampler, rows)

    def _sql(self, table: Table, plan: SqlValue, rows: list[Row]) -> list[Any]:
        self._show(table, rows)
        found = self._query(f"SELECT ({plan.expression}) FROM {table.name} ORDER BY {table.key}")
        return [row[0] for row in found]

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        self._ticks = 0
        return self.scratch.execute(sql, {"now": self.spec.simulation_time}).fetchall()

    def _tick(self) -> bool:
        """Ends a query that does not end by itself."""
        self._ticks += 1
        return self._ticks > STEPS // STEPS_PER_TICK

    def _show(self, table: Table, rows: list[Row]) -> None:
        names = list(rows[0])
        self.scratch.execute(f"DROP TABLE IF EXISTS {table.name}")
        self.scratch.execute(f"CREATE TABLE {table.name} ({', '.join(names)})")
        self.scratch.execute(f"CREATE UNIQUE INDEX {table.name}_key ON {table.name} ({table.key})")
        for column in table.columns:
            if column.ref and column.name in names:
                self.scratch.execute(f"CREATE INDEX {table.name}_{column.name} ON {table.name} ({column.name})")
        marks = ", ".join("?" * len(names))
        self.scratch.executemany(f"INSERT INTO {table.name} VALUES ({marks})", [tuple(row.values()) for row in rows])


def _in_order(spec: EnvironmentSpec) -> list[Table]:
    """Tables after those that they refer to, otherwise in the order of the specification."""
    import networkx  # noqa: PLC0415 - a fifth of a second that most processes never need

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for table in spec.tables:
        graph.add_node(table.name)
        graph.add_edges_from((column.ref, table.name) for column in table.columns if column.ref)
    position = {table.name: index for index, table in enumerate(spec.tables)}
    return [spec.table(name) for name in networkx.lexicographical_topological_sort(graph, key=position.__getitem__)]


def _looked_at(plan: ColumnPlan) -> set[str]:
    """Other columns of the row that a plan depends on."""
    sampler = plan.sampler
    names = {plan.empty_unless.column} if plan.empty_unless else set()
    names |= set(getattr(sampler, "distinct_within", ()))
    names |= {by for by in [getattr(sampler, "by", None)] if by}
    limit = getattr(sampler, "at_most", None)
    return names | (set(limit.per) if limit else set())


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type == "money":
        return round(float(value), 2)
    if column.type == "boolean":
        return bool(value)
    return int(value) if column.type == "integer" else value
