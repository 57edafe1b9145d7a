"""Searches for calls that meet, or miss, exactly what is asked, over all records and callers at once.

One SELECT joins the callers, the rows that a tool binds and values to try for its other parameters. Nothing is
guessed and then tried: SQLite looks for a combination, and the finder only confirms it with a real call.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import Bind, EnvironmentSpec, Parameter, Tool
from agentskiller_assets.environment.case_values import ValueSource, typed
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Session

ME = "me__"
CHANGED = "changed__"
"""Alias of the row that an effect changes."""
CLASH = "clash__"
"""Alias of the row whose existence a rule forbids."""
OTHER = "other__"
"""Alias of the row that a bind would work on if one part of its condition were left out."""
BRANCHES = 400

Found = tuple[str, dict[str, Any]]
"""The caller's key and the arguments."""


@dataclass(frozen=True)
class Search:
    """Tables to join and conditions to meet; placeholders are filled in when it is run."""

    tool: Tool
    tables: tuple[tuple[str, str], ...]
    """Table and alias."""
    conditions: tuple[str, ...]
    fixed: Mapping[str, exp.Expr]
    """Parameters that take the value of a column of a joined table."""
    forced: Mapping[str, Any]
    """Parameters with one value to try."""


class CallSearch:
    """Composes and runs searches for the tools of one specification."""

    def __init__(self, spec: EnvironmentSpec, values: ValueSource) -> None:
        self.spec = spec
        self.values = values
        self.core = spec.table(spec.core_entity)
        self.stopped = False
        """Whether a search took longer than a call may; the finder resets it."""

    def accepted(self, tool: Tool, effect: int | None = None) -> Search:
        """Calls that meet every bind and every rule, and for which one effect finds a row to change."""
        rules = [sql.parse_condition(rule.require) for rule in tool.rules]
        tree = None if effect is None else sql.parse(tool.effects[effect])
        where = tree.args.get("where") if isinstance(tree, exp.Update | exp.Delete) else None
        if tree is None or where is None:
            return self.admitted(tool, rules)
        table, condition = _row_sought(tree.this.name, where.this)
        search = self.admitted(tool, [*rules, condition])
        return Search(tool, (*search.tables, (table, CHANGED)), search.conditions, search.fixed, {})

    def violating(self, tool: Tool, code: str, *, alone: bool) -> Search:
        """Calls that miss one rule; the other rules hold, or only those before it unless `alone`."""
        conditions: list[exp.Expr] = []
        for rule in tool.rules:
            holds = sql.parse_condition(rule.require)
            conditions.append(_fails(holds) if rule.code == code else holds)
            if rule.code == code and not alone:
                break
        return self.admitted(tool, conditions)

    def clashing(self, tool: Tool, code: str) -> Search | None:
        """Calls that miss a rule of the form NOT EXISTS, found by joining the row that must not be there."""
        rules = {rule.code: sql.parse_condition(rule.require) for rule in tool.rules}
        rule = rules.pop(code)
        inner = rule.this.this if isinstance(rule, exp.Not) and isinstance(rule.this, exp.Exists) else None
        sources = list(inner.find_all(exp.Table)) if isinstance(inner, exp.Select) else []
        where = inner.args.get("where") if inner is not None else None
        if len(sources) != 1 or where is None:
            return None
        found = _renamed(sources[0].alias_or_name, CLASH, where.this)
        fixed = {
            name: exp.column(column, table=CLASH)
            for name, column in sql.equalities(sql.to_sql(found), CLASH).items()
            if name != "me"
        }
        search = self.admitted(tool, [*rules.values(), found])
        tables = (*search.tables, (sources[0].name, CLASH))
        return Search(tool, tables, search.conditions, {**fixed, **search.fixed}, {})

    def unbound(self, tool: Tool, position: int, part: int, *, sharp: bool) -> Search:
        """Calls for which a bind finds no row, for want of one part of its condition alone.

        A `sharp` one would find exactly one row if that part were not looked at.
        """
        bind = tool.binds[position]
        earlier = tool.binds[:position]
        parts = parts_of(bind.where)
        fixed = _fixed(earlier)
        missing = exp.Not(this=exp.Exists(this=sql.parse(f'SELECT 1 FROM "{bind.table}" WHERE {bind.where}')))
        conditions: list[exp.Expr] = [*_conditions(earlier), missing]
        looked_up = {name: column for name, column in sql.equalities(bind.where, bind.table).items() if name != "me"}
        unknown = sql.placeholders(parts[part]) & set(looked_up) - set(fixed)
        if unknown:
            name = min(unknown)
            parameter = tool.parameter(name)
            assert parameter is not None
            if sharp and len(parts) > 1:
                rest = exp.and_(*(each for index, each in enumerate(parts) if index != part))
                rows = sql.parse(f'SELECT COUNT(*) FROM "{bind.table}" WHERE {sql.to_sql(rest)}')
                conditions.append(exp.EQ(this=exp.Paren(this=rows), expression=exp.Literal.number(1)))
            forced = {name: self.values.unknown(parameter)}
            return Search(tool, _tables(earlier), _texts(conditions), fixed, forced)
        others = [_renamed(bind.table, OTHER, each) for each in parts]
        conditions += [_fails(each) if index == part else each for index, each in enumerate(others)]
        found = {name: exp.column(column, table=OTHER) for name, column in looked_up.items()}
        return Search(tool, (*_tables(earlier), (bind.table, OTHER)), _texts(conditions), {**found, **fixed}, {})

    def run(self, search: Search, session: Session, callers: Sequence[str], limit: int) -> list[Found]:
        """Calls on the session's present state, evenly spread over what was found; in a fixed order."""
        tool = search.tool
        mentioned = set().union(*map(sql.names_in, search.conditions))
        wanted = [p for p in tool.parameters if p.name in mentioned and p.name not in search.forced]
        lists = {f"{p.name}__": self._tried(tool, p) for p in wanted if p.name not in search.fixed}
        lists[ME] = list(callers)
        if not all(lists.values()):
            return []
        values = {p.name: exp.column("value", table=f"{p.name}__") for p in wanted}
        values |= {name: exp.convert(value) for name, value in search.forced.items()} | dict(search.fixed)
        rows = self._query(session, search, lists, values, [p.name for p in wanted])
        step = max(1, len(rows) // limit)
        chosen = sorted(rows, key=str)[::step][:limit]
        return [(row[0], self._arguments(search, wanted, row[1:])) for row in chosen]

    def _query(
        self,
        session: Session,
        search: Search,
        lists: Mapping[str, Sequence[Any]],
        values: Mapping[str, exp.Expr],
        selected: Sequence[str],
    ) -> list[tuple[Any, ...]]:
        me = exp.column(self.core.key, table=ME)
        # nothing is inserted yet, so that a result about the new row shows none
        known = {**values, "me": me, "now": exp.Literal.string(self.spec.simulation_time), "new_id": exp.null()}
        columns = ", ".join(sql.to_sql(each) for each in (me, *(known[name] for name in selected)))
        texts = {name: sql.to_sql(value) for name, value in known.items()}
        own: dict[str, list[str]] = {name: [] for name in lists}
        where = ["TRUE"]
        for condition in search.conditions:
            used = tuple((name, texts[name]) for name in sorted(sql.names_in(condition)))
            own.get(_owner(condition, search), where).append(f"({_filled(condition, used)})")
        # what depends on a caller or a value alone is looked at once for each of them, not for every combination
        tables = ", ".join(self._tried_once(name, len(tried), own[name]) for name, tried in lists.items())
        records = ", ".join(f"{table} AS {alias}" for table, alias in search.tables)
        values_last = sorted((name for name in lists if name != ME), key=lambda name: (-len(lists[name]), name))
        # callers first: most of what a tool binds is theirs, and found by its index. Then records, then values, those
        # of which there are fewest last, so that all of them are among the first calls that are found
        sources = " CROSS JOIN ".join(filter(None, [ME, records, *values_last]))
        text = f"WITH {tables} SELECT {columns} FROM {sources} WHERE {' AND '.join(where)}"
        bound = {f"{name}{i}": value for name, tried in lists.items() for i, value in enumerate(tried)}
        try:
            return session.query(f"{text} LIMIT {BRANCHES}", bound)
        except SpecError:
            self.stopped = True
            return []

    def _tried_once(self, name: str, number: int, conditions: Sequence[str]) -> str:
        """A table of callers, or of the values of one parameter, that meet what depends on nothing else."""
        values = f"VALUES {', '.join(f'(:{name}{position})' for position in range(number))}"
        if name != ME:
            where = " AND ".join(["TRUE", *conditions])
            tried = f"(SELECT column1 AS value FROM ({values})) AS {name}"
            return f"{name} AS MATERIALIZED (SELECT * FROM {tried} WHERE {where})"
        where = " AND ".join([f"{ME}.{self.core.key} IN ({values})", *conditions])
        return f"{ME} AS MATERIALIZED (SELECT * FROM {self.core.name} AS {ME} WHERE {where})"

    def _tried(self, tool: Tool, parameter: Parameter) -> list[Any]:
        left_out = [] if parameter.required else [None]
        return [*left_out, *self.values.samples(tool, parameter)]

    def admitted(self, tool: Tool, rules: Iterable[exp.Expr]) -> Search:
        """Calls that meet every bind and these conditions."""
        conditions = _texts([*_conditions(tool.binds), *rules])
        return Search(tool, _tables(tool.binds), conditions, _fixed(tool.binds), {})

    def _arguments(self, search: Search, wanted: Sequence[Parameter], row: Sequence[Any]) -> dict[str, Any]:
        """What was found, and any value where nothing depends on it."""
        found = {p.name: typed(p, value) for p, value in zip(wanted, row, strict=True) if value is not None}
        arguments = {**found, **search.forced}
        for parameter in search.tool.parameters:
            if parameter.required and parameter.name not in arguments:
                samples = self.values.samples(search.tool, parameter)
                arguments[parameter.name] = samples[0] if samples else self.values.unknown(parameter)
        return {p.name: arguments[p.name] for p in search.tool.parameters if p.name in arguments}


def parts_of(where: str) -> list[exp.Expr]:
    """The conditions that AND joins."""
    tree = sql.parse_condition(where)
    return list(tree.flatten()) if isinstance(tree, exp.And) else [tree]


def _owner(condition: str, search: Search) -> str:
    """The one table of callers or values that it depends on; "" where it is about records, or about several."""
    names = sql.names_in(condition) - {"now"}
    if len(names) != 1 or any(re.search(rf"\b{alias}\.", condition) for _, alias in search.tables):
        return ""
    return f"{next(iter(names))}__"


def _texts(conditions: Iterable[exp.Expr]) -> tuple[str, ...]:
    return tuple(sql.to_sql(condition) for condition in conditions)


def _conditions(binds: Iterable[Bind]) -> list[exp.Expr]:
    return [sql.parse_condition(bind.where) for bind in binds]


def _tables(binds: Iterable[Bind]) -> tuple[tuple[str, str], ...]:
    return tuple((bind.table, bind.table) for bind in binds)


def _fixed(binds: Iterable[Bind]) -> dict[str, exp.Expr]:
    return {
        name: exp.column(column, table=bind.table)
        for bind in binds
        for name, column in sql.equalities(bind.where, bind.table).items()
        if name != "me"
    }


def _fails(condition: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Paren(this=exp.Is(this=exp.Paren(this=condition), expression=exp.true())))


def _row_sought(table: str, where: exp.Expr) -> tuple[str, exp.Expr]:
    """The table in which an effect looks for rows, and its condition on a row `changed__` of it."""
    inner = where.args.get("query") if isinstance(where, exp.In) else None
    select = inner.unnest() if inner is not None else None
    sources = list(select.find_all(exp.Table)) if isinstance(select, exp.Select) else []
    condition = select.args.get("where") if isinstance(select, exp.Select) else None
    if len(sources) == 1 and condition is not None:
        return sources[0].name, _renamed(sources[0].alias_or_name, CHANGED, condition.this)

    def qualify(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.find_ancestor(exp.Select) is None:
            return exp.column(node.name, table=CHANGED)
        return node

    return table, _renamed(table, CHANGED, where.transform(qualify))


def _renamed(table: str, alias: str, condition: exp.Expr) -> exp.Expr:
    """The condition about a row that goes by another name."""

    def rename(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.table == table:
            return exp.column(node.name, table=alias)
        return node

    return condition.transform(rename)


@lru_cache(maxsize=4096)
def _filled(condition: str, values: tuple[tuple[str, str], ...]) -> str:
    """The condition with SQL in place of its placeholders."""
    known = {name: sql.parse(value) for name, value in values}
    return sql.to_sql(sql.replace_placeholders(sql.parse_condition(condition), known))
