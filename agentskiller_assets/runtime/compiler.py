"""Turns a tool of the specification into SQL texts that are prepared once and run many times."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec, Returns, Tool
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime.arguments import ArgumentChecker
from agentskiller_assets.runtime.ddl import quoted
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED, Refused
from agentskiller_assets.runtime.statements import Prepared, Statements
from agentskiller_assets.runtime.store import Store

RESERVED = ("me", "now", "new_id")
PERSON = "person_id"
"""The column of a role that says who it is: two roles in one conversation are those of one person."""
AMBIGUOUS = -1
"""In place of a rule's position: one of the binds but the last does not give exactly one row."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Gives exactly one row unless the bind is to be refused; binds before it have passed."""

    sql: str
    refusal: Refused


@dataclass(frozen=True, slots=True)
class CompiledTool:
    """All that a call needs, with nothing left to compose."""

    name: str
    checker: ArgumentChecker
    condition: str | None
    """One row: the position of the first rule that fails, or NULL; then key and person of the authorised row."""
    probes: tuple[Probe, ...]
    rules: tuple[Refused, ...]
    role: str
    """The table whose identified row is `:me`."""
    identifies: bool
    effects: tuple[str, ...]
    new_id_table: str | None
    returns: str
    many: bool
    result: Callable[[list[tuple[Any, ...]]], dict[str, Any]]
    reads: frozenset[str]
    """Tables that its conditions and its result look at."""
    writes: frozenset[str]
    """Tables that its effects change."""
    row_of_person: str | None = None
    """Where nobody is refused for want of identification: the row, in the tool's role, of a person."""


def compile_tool(
    spec: EnvironmentSpec,
    tool: Tool,
    store: Store,
    statements: Statements,
    without: str | None = None,
    like: CompiledTool | None = None,
) -> CompiledTool:
    """Compile a tool; `without` is the code of what to leave out: a rule, a bind's refusal, or `NOT_AUTHORIZED`.

    If it has the parameters of a tool that is compiled already, their checks are the same.
    """
    _check_shape(tool)
    rules = tuple(rule for rule in tool.rules if rule.code != without)
    condition, probes = _conditions(spec, tool, without)
    compiling = _Compiling(tool, store, statements, (*(p.name for p in tool.parameters), *RESERVED))
    decisive = [*([condition] if condition else []), *(probe.sql for probe in probes)]
    reads = frozenset().union(*(compiling.condition(sql) for sql in decisive), compiling.result())
    new_id_table, writes = compiling.effects()
    return CompiledTool(
        name=tool.name,
        checker=like.checker if like and like.checker.parameters == tool.parameters else ArgumentChecker(tool),
        condition=condition,
        probes=probes,
        rules=tuple(Refused(rule.code, rule.statement) for rule in rules),
        role=spec.role_of(tool),
        identifies=bool(tool.authorizes),
        effects=tool.effects,
        new_id_table=new_id_table,
        returns=tool.returns.sql,
        many=tool.returns.many,
        result=_result_builder(tool.returns),
        reads=reads,
        writes=writes,
        row_of_person=_row_of_person(spec, tool) if without == NOT_AUTHORIZED.code else None,
    )


def _row_of_person(spec: EnvironmentSpec, tool: Tool) -> str | None:
    role = spec.table(spec.role_of(tool))
    if tool.authorizes or role.column(PERSON) is None:
        return None
    return f"SELECT {quoted(role.key)} FROM {quoted(role.name)} WHERE {quoted(PERSON)} = ?"


def _check_shape(tool: Tool) -> None:
    bound = [bind.table for bind in tool.binds]
    if len(set(bound)) != len(bound):
        raise _error(tool, "binds one table twice", "Use a sub-select for the second row.")
    for parameter in tool.parameters:
        if parameter.name in RESERVED:
            raise _error(tool, f"has a parameter named {parameter.name}", "That name is reserved; rename it.")
    if tool.access == "read" and tool.effects:
        raise _error(tool, "has effects although it only reads", "Set its access to write.")
    if tool.authorizes and tool.authorizes.partition(".")[0] not in bound:
        raise _error(tool, f"does not bind the row of {tool.authorizes}", "Add a bind for that table.")


def _error(tool: Tool, fault: str, fix: str) -> SpecError:
    return SpecError(f"tool {tool.name}", fault, fix)


def _conditions(spec: EnvironmentSpec, tool: Tool, without: str | None) -> tuple[str | None, tuple[Probe, ...]]:
    """The one SELECT that decides whether a call is admitted, and the probes that say which bind failed."""
    dropped = {bind.table for bind in tool.binds if bind.refusal.code == without}
    branches = [] if dropped else _uniqueness(tool, dropped)
    kept = [rule for rule in tool.rules if rule.code != without]
    for position, rule in enumerate(kept):
        fails = f"({rule.require}\n) IS NOT TRUE"
        for table in dropped:
            # without the row the rule cannot be told: it does not refuse in place of the dropped bind
            key = f"{quoted(table)}.{quoted(spec.table(table).key)}"
            fails += f" AND NOT ({key} IS NULL AND ({rule.require}\n) IS NULL)"
        branches.append(f"WHEN {fails} THEN {position}")
    if not branches and not tool.binds:
        return None, ()
    columns = f"CASE {' '.join(branches)} END" if branches else "NULL"
    if tool.authorizes:
        table, _, key = tool.authorizes.partition(".")
        person = f"{quoted(table)}.{quoted(PERSON)}" if spec.table(table).column(PERSON) else "NULL"
        columns += f", {quoted(table)}.{quoted(key)}, {person}"
    probes = tuple(
        Probe(
            f"SELECT 1{_source(tool, upto, dropped)} LIMIT 2",
            Refused(bind.refusal.code, bind.refusal.statement),
        )
        for upto, bind in enumerate(tool.binds, start=1)
        if bind.table not in dropped
    )
    return f"SELECT {columns}{_source(tool, len(tool.binds), dropped)} LIMIT 2", probes


def _uniqueness(tool: Tool, dropped: set[str]) -> list[str]:
    """A join can hide that an earlier bind alone gives several rows; these branches uncover it."""
    return [
        f"WHEN (SELECT COUNT(*){_source(tool, upto, dropped)}) <> 1 THEN {AMBIGUOUS}"
        for upto in range(1, len(tool.binds))
    ]


def _source(tool: Tool, upto: int, dropped: set[str]) -> str:
    """FROM and WHERE over the first binds."""
    binds = tool.binds[:upto]
    if not binds:
        return ""
    if not any(bind.table in dropped for bind in binds):
        tables = ", ".join(quoted(bind.table) for bind in binds)
        return f" FROM {tables} WHERE " + " AND ".join(f"({bind.where}\n)" for bind in binds)
    joins = (
        f" {'LEFT JOIN' if bind.table in dropped else 'JOIN'} {quoted(bind.table)} ON ({bind.where}\n)"
        for bind in binds
    )
    return " FROM (SELECT 1)" + "".join(joins)


@dataclass(frozen=True, slots=True)
class _Compiling:
    """One tool whose statements are compiled."""

    tool: Tool
    store: Store
    statements: Statements
    names: tuple[str, ...]

    def condition(self, sql: str) -> frozenset[str]:
        """The tables that a condition reads."""
        return self._prepare(sql, tuple(name for name in self.names if name != "new_id")).reads

    def effects(self) -> tuple[str | None, frozenset[str]]:
        """The table whose next key is `:new_id`, if an effect inserts with it, and all tables that are changed."""
        table, changed = None, set()
        for sql in self.tool.effects:
            found = self._prepare(sql, self.names)
            if not found.writes:
                raise _error(self.tool, f"an effect changes nothing: {sql}", "Write one INSERT, UPDATE or DELETE.")
            changed |= {written for _, written in found.writes}
            action, written = found.writes[0]
            if table is None and "new_id" in found.names and action == sqlite3.SQLITE_INSERT:
                table = written
        return table, frozenset(changed)

    def result(self) -> frozenset[str]:
        """The tables that the result reads; its columns are those that are declared."""
        returns = self.tool.returns
        reads = self._prepare(returns.sql, self.names, read_only=True).reads
        try:
            given = self.statements.columns(self.store, returns.sql, self.names)
        except sqlite3.Error as error:
            raise _error(self.tool, f"its result is not a SELECT ({error})", "Write one SELECT.") from error
        declared = [column.name for column in returns.columns]
        if given != declared:
            raise _error(self.tool, f"returns the columns {given} but declares {declared}", "Make them equal.")
        return reads

    def _prepare(self, sql: str, names: tuple[str, ...], *, read_only: bool = False) -> Prepared:
        try:
            return self.statements.prepare(self.store, sql, names, read_only=read_only)
        except sqlite3.Error as error:
            fix = "Use declared tables, columns and parameters, and only what a session may do."
            raise _error(self.tool, f"its SQL cannot be used ({error}): {sql}", fix) from error


def _result_builder(returns: Returns) -> Callable[[list[tuple[Any, ...]]], dict[str, Any]]:
    """From rows of SQLite to the typed result."""
    names = tuple(column.name for column in returns.columns)
    types = {"boolean": bool, "money": float}
    converters = tuple((c.name, types[c.type]) for c in returns.columns if c.type in types)

    def build(values: tuple[Any, ...]) -> dict[str, Any]:
        row = dict(zip(names, values, strict=True))
        for name, convert in converters:
            if row[name] is not None:
                row[name] = convert(row[name])
        return row

    if returns.many:
        return lambda rows: {"results": [build(row) for row in rows]}
    return lambda rows: build(rows[0])
