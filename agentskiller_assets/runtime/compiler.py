"""Turns a tool of the specification into SQL texts that are prepared once and run many times."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec, Returns, Tool
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime.arguments import ArgumentChecker
from agentskiller_assets.runtime.ddl import quoted
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED, Refused
from agentskiller_assets.runtime.store import Store

_FRESH = count()
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


class _Names(dict[str, None]):
    """Gives NULL for every declared name and notes which were asked for."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(dict.fromkeys(names))
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> None:
        self.used.add(name)
        return super().__getitem__(name)


def compile_tool(spec: EnvironmentSpec, tool: Tool, store: Store, without: str | None = None) -> CompiledTool:
    """Compile a tool; `without` is the code of what to leave out: a rule, a bind's refusal, or `NOT_AUTHORIZED`."""
    _check_shape(tool)
    rules = tuple(rule for rule in tool.rules if rule.code != without)
    condition, probes = _conditions(spec, tool, without)
    names = [*(parameter.name for parameter in tool.parameters), *RESERVED]
    store.guard.reads.clear()
    for sql in (*([condition] if condition else []), *(probe.sql for probe in probes)):
        _prepare(tool, store, sql, _Names([name for name in names if name != "new_id"]))
    _check_returns(tool, store, names)
    reads = frozenset(store.guard.reads)
    new_id_table, writes = _check_effects(tool, store, names)
    return CompiledTool(
        name=tool.name,
        checker=ArgumentChecker(tool),
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


def _prepare(tool: Tool, store: Store, sql: str, names: _Names) -> None:
    """Compile without running: names, columns and permissions are checked.

    The number makes the text a new one, since a statement from the cache would not be checked again.
    """
    try:
        store.execute(f"EXPLAIN /* {next(_FRESH)} */ {sql}", names).fetchall()
    except sqlite3.Error as error:
        fix = "Use declared tables, columns and parameters, and only what a session may do."
        raise _error(tool, f"its SQL cannot be used ({error}): {sql}", fix) from error


def _check_effects(tool: Tool, store: Store, names: list[str]) -> tuple[str | None, frozenset[str]]:
    """The table whose next key is `:new_id`, if an effect inserts with it, and all tables that are changed."""
    table, changed = None, set()
    for sql in tool.effects:
        noted = _Names(names)
        store.guard.writes.clear()
        _prepare(tool, store, sql, noted)
        if not store.guard.writes:
            raise _error(tool, f"an effect changes nothing: {sql}", "Write one INSERT, UPDATE or DELETE.")
        changed |= {written for _, written in store.guard.writes}
        action, written = store.guard.writes[0]
        if table is None and "new_id" in noted.used and action == sqlite3.SQLITE_INSERT:
            table = written
    return table, frozenset(changed)


def _check_returns(tool: Tool, store: Store, names: list[str]) -> None:
    store.guard.read_only = True
    try:
        _prepare(tool, store, tool.returns.sql, _Names(names))
        cursor = store.execute(f"SELECT * FROM ({tool.returns.sql}\n) LIMIT 0", _Names(names))
    except sqlite3.Error as error:
        raise _error(tool, f"its result is not a SELECT ({error})", "Write one SELECT.") from error
    finally:
        store.guard.read_only = False
    given = [column[0] for column in cursor.description]
    declared = [column.name for column in tool.returns.columns]
    if given != declared:
        raise _error(tool, f"returns the columns {given} but declares {declared}", "Make them equal.")


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
