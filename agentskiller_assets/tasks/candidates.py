"""Candidates for a call, queried from the session's current state with the tool's own binds and rules.

One SELECT joins the customers, the rows that the call binds and sampled values of its free parameters, and keeps
what satisfies every rule, or every rule but the one that is to be violated. Nothing is guessed and then tried.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Tool

ME = "me__"
"""Alias of the core entity's row of the customer who asks, and the parameter that holds its key."""
EACH = 4
"""Candidates taken for one customer of several."""

Query = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]


@dataclass(frozen=True)
class Candidate:
    """A call that would be accepted (or refused with one code): who makes it, on which rows, with which values."""

    me: str
    rows: tuple[tuple[str, str], ...]
    """Table and key of every bound row."""
    values: tuple[tuple[str, Any], ...]
    """Value of every required parameter."""
    owner: str | None = None
    """Whose rows they are, where the one who asks is mistaken about that."""


@dataclass(frozen=True)
class CandidateQuery:
    """A compiled query: its parts, and what its result columns mean."""

    select: str
    sources: str
    conditions: tuple[str, ...]
    keyed: tuple[tuple[str, str], ...]
    """Bound tables with their keys."""
    core_key: str
    names: tuple[str, ...]
    sampled: tuple[str, ...]
    idle: tuple[str, ...]
    """Free parameters that no bind and no rule looks at: any of their values will do."""
    owned: frozenset[str]
    """Bound tables whose row belongs to the customer, so that few combinations exist."""

    def run(
        self,
        query: Query,
        customers: Sequence[str],
        keys: Mapping[str, Sequence[str]],
        samples: Mapping[str, Sequence[Any]],
        enough: int,
    ) -> list[Candidate]:
        """About `enough` candidates, a few for each customer in turn, among these bound keys and values."""
        lists = {**keys, **{f"{name}__": samples.get(name, ()) for name in self.sampled}}
        if not all(lists.values()):
            return []
        statement = self._statement(lists)
        parameters = {f"{name}_{i}": value for name, values in lists.items() for i, value in enumerate(values)}
        found: list[Candidate] = []
        for me in customers:
            rows = query(statement, {**parameters, ME: me, "limit__": EACH if len(customers) > 1 else enough})
            found += [self._candidate(me, row) for row in sorted(rows, key=str)]
            if len(found) >= enough:
                break
        return found

    def _candidate(self, me: str, row: tuple[Any, ...]) -> Candidate:
        width = len(self.keyed)
        return Candidate(
            me=me,
            rows=tuple((table, key) for (table, _), key in zip(self.keyed, row[:width], strict=True)),
            values=tuple(zip(self.names, row[width:-1], strict=True)),
        )

    def _statement(self, lists: Mapping[str, Sequence[Any]]) -> str:
        tables = ", ".join(
            f"{name}_list(value) AS (VALUES {', '.join(f'(:{name}_{i})' for i in range(len(values)))})"
            for name, values in lists.items()
        )
        limits = [f"{ME}.{self.core_key} = :{ME}"]
        limits += [f"{t}.{key} IN (SELECT value FROM {t}_list)" for t, key in self.keyed if t in lists]
        where = " AND ".join([*limits, *self.conditions])
        start = f"WITH {tables} " if tables else ""
        return f"{start}SELECT {self.select} FROM {self.sources} WHERE {where} LIMIT :limit__"


class CandidateQueries:
    """Compiles one query for each tool and violated rule of a specification."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        self.core = spec.table(spec.core_entity)
        self.compiled = lru_cache(maxsize=None)(self._compile)

    def _compile(self, tool_name: str, violated: str | None = None) -> CandidateQuery:
        tool = self.spec.tool(tool_name)
        fixed = {
            name: exp.column(column, table=bind.table)
            for bind in tool.binds
            for name, column in sql.equalities(bind.where, bind.table).items()
            if name != "me"
        }
        free = [p.name for p in tool.parameters if p.required and p.name not in fixed]
        decisive = self._mentioned(tool)
        idle = [name for name in free if name not in decisive]
        free = [name for name in free if name in decisive]
        values: dict[str, exp.Expr] = {"me": exp.column(self.core.key, table=ME), **fixed}
        values["now"] = exp.Literal.string(self.spec.simulation_time)
        values.update((name, exp.column("value", table=f"{name}__")) for name in free)
        values.update((p.name, exp.null()) for p in tool.parameters if not p.required and p.name not in fixed)
        tables = tuple(bind.table for bind in tool.binds)
        selected = [f"{t}.{self.spec.table(t).key}" for t in tables]
        names = [p.name for p in tool.parameters if p.required and p.name not in idle]
        selected += [sql.to_sql(values[name]) for name in names]
        sources = [f"{self.core.name} AS {ME}", *tables, *(f"{name}___list AS {name}__" for name in free)]
        return CandidateQuery(
            select=", ".join([*selected, "1"]),
            sources=" CROSS JOIN ".join(sources),
            conditions=(*self._may_ask(), *self._conditions(tool, violated, values)),
            keyed=tuple((table, self.spec.table(table).key) for table in tables),
            core_key=self.core.key,
            names=tuple(names),
            sampled=tuple(free),
            idle=tuple(idle),
            owned=frozenset(bind.table for bind in tool.binds if "me" in sql.names_in(bind.where)),
        )

    def _mentioned(self, tool: Tool) -> set[str]:
        """Parameters that decide whether the call is accepted."""
        texts = [*(bind.where for bind in tool.binds), *(rule.require for rule in tool.rules)]
        return set().union(*(sql.names_in(text) for text in texts))

    def _may_ask(self) -> list[str]:
        """The authorisation tool's rules, about the customer's row."""

        def about_me(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.table == self.core.name:
                return exp.column(node.name, table=ME)
            return node

        rules = [sql.parse_condition(rule.require) for rule in self.spec.authorizer.rules]
        own = {p.name for p in self.spec.authorizer.parameters}
        return [f"({sql.to_sql(rule.transform(about_me))})" for rule in rules if not sql.placeholders(rule) & own]

    def _conditions(self, tool: Tool, violated: str | None, values: dict[str, exp.Expr]) -> list[str]:
        found = []
        for bind in tool.binds:
            found.append(f"({self._fill(bind.where, values)})")
        for rule in tool.rules:
            text = self._fill(rule.require, values)
            found.append(f"({text}) IS NOT TRUE" if rule.code == violated else f"({text})")
        return found

    def _fill(self, condition: str, values: dict[str, exp.Expr]) -> str:
        return sql.to_sql(sql.replace_placeholders(sql.parse_condition(condition), values))
