"""Environments and sessions: one call, one outcome, and nothing changes unless the outcome is `Ok`."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from types import TracebackType
from typing import Any

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime.arguments import SqlValue, shown
from agentskiller_assets.runtime.compiler import AMBIGUOUS, CompiledTool, compile_tool
from agentskiller_assets.runtime.ddl import literal, quoted
from agentskiller_assets.runtime.diff import Diff, Layout, layouts, session_diff, state_digest
from agentskiller_assets.runtime.image import image_digest
from agentskiller_assets.runtime.outcome import (
    ALREADY_IDENTIFIED,
    INCONSISTENT_CHANGE,
    NOT_AUTHORIZED,
    NOT_FOUND,
    Invalid,
    Ok,
    Outcome,
)
from agentskiller_assets.runtime.statements import Statements
from agentskiller_assets.runtime.store import Pool, Store

STEP_BUDGET = 20_000_000
"""Instructions of SQLite's virtual machine that one call may take: about half a second."""
MOST_READS = 4096
"""Reads of the untouched image that an environment remembers; then it begins anew."""
_FIRST_NUMBER = 10_001
_DEFECT = (sqlite3.Error, ValueError, TypeError)
"""What a fragment that passed compilation can still do wrong when it runs."""

Bindings = dict[str, SqlValue]
QueryValues = Mapping[str, SqlValue] | Sequence[SqlValue]


class _Base:
    """What an environment and its variants without a rule have in common."""

    __slots__ = ("first_numbers", "image_digest", "layouts", "now", "pool", "prefixes", "reads", "statements")

    def __init__(self, spec: EnvironmentSpec, image: bytes, step_budget: int) -> None:
        self.pool = Pool(spec, image, step_budget)
        self.statements = Statements()
        self.reads: dict[tuple[SqlValue, ...], list[tuple[Any, ...]]] = {}
        self.image_digest = image_digest(image)
        self.now = spec.simulation_time
        self.layouts: dict[str, Layout] = layouts(spec)
        self.prefixes = {table.name: table.id_prefix for table in spec.tables}
        store = self.pool.take()
        self.first_numbers = {
            table.name: _next_number(store, table.name, table.key, table.id_prefix) for table in spec.tables
        }
        self.pool.give(store)


def _next_number(store: Store, table: str, key: str, prefix: str) -> int:
    number = f"substr({quoted(key)}, {len(prefix) + 2})"
    greatest = store.internal(
        f"SELECT MAX(CAST({number} AS INTEGER)) FROM {quoted(table)}"
        f" WHERE {quoted(key)} GLOB {literal(prefix + '-[0-9]*')} AND {number} NOT GLOB '*[^0-9]*'"
    )[0][0]
    return _FIRST_NUMBER if greatest is None else greatest + 1


class Environment:
    """A specification and its rows, compiled once; `fork` gives sessions that know nothing of each other."""

    __slots__ = ("_base", "_digest", "_made_of", "_tools", "_variants", "base_digest", "image", "spec", "without")

    def __init__(self, spec: EnvironmentSpec, image: bytes, *, step_budget: int = STEP_BUDGET) -> None:
        self.spec = spec
        self.image = image
        self.without: str | None = None
        """The code with which a variant does not refuse."""
        self._base = _Base(spec, image, step_budget)
        self._tools: dict[str, CompiledTool] = {}
        self._tools = self._compile(spec.tools)
        self._variants: dict[str, Environment] = {}
        self.base_digest = self._base.image_digest
        """Digest of the rows and tables that every session starts from."""
        self._made_of: tuple[Any, ...] = (spec, self.base_digest)
        self._digest: str | None = None

    @property
    def digest(self) -> str:
        """Digest of all that decides what a session does; of a variant, told only when somebody asks."""
        if self._digest is None:
            parts = [part.digest if isinstance(part, Environment) else part for part in self._made_of]
            self._digest = digest(parts)
        return self._digest

    def _twin(self, difference: Any) -> "Environment":
        """The same rows and tools, to be made different."""
        twin = copy(self)
        twin._variants = {}
        twin._made_of, twin._digest = (self, difference), None
        return twin

    def _compile(self, tools: Iterable[Tool]) -> dict[str, CompiledTool]:
        store = self._base.pool.take()
        try:
            statements = self._base.statements
            return {
                tool.name: compile_tool(self.spec, tool, store, statements, self.without, self._tools.get(tool.name))
                for tool in tools
            }
        finally:
            self._base.pool.give(store)

    def fork(self) -> "Session":
        """A new session on the environment's rows."""
        return Session(self._base, self._tools)

    def forget_reads(self) -> None:
        """Read the image anew from here on, so that a measurement shows what a first call costs."""
        self._base.reads.clear()

    def with_tool(self, tool: Tool) -> "Environment":
        """The same rows and tools, but this one in place of that of its name. `SpecError` if it does not compile."""
        tools = tuple(tool if each.name == tool.name else each for each in self.spec.tools)
        variant = self._twin(tool)
        variant.spec = self.spec.model_copy(update={"tools": tools})
        variant._tools = {**self._tools, **self._compile([tool])}
        return variant

    def in_role(self, role: str) -> "Environment":
        """The same rows, and of the tools those in which this role's row is `:me`."""
        variant = self._twin(role)
        variant.spec = self.spec.as_role(role)
        variant._tools = {tool.name: self._tools[tool.name] for tool in variant.spec.tools}
        return variant

    def without_rule(self, code: str) -> "Environment":
        """The same rows and tools, but nothing is refused with this code.

        Where a bind's refusal is dropped and there is no such row, rules that cannot be told without it do
        not refuse, and the effects run. Without `NOT_AUTHORIZED`, whoever is identified in one role is known in the
        others too.
        """
        if self.without is not None:
            raise ValueError("a variant lacks one rule at most")
        if code not in self._variants:
            self._variants[code] = self._variant(code)
        return self._variants[code]

    def _variant(self, code: str) -> "Environment":
        concerned = [tool for tool in self.spec.tools if self._refuses_with(tool, code)]
        if not concerned:
            raise SpecError(f"rule {code}", f"no tool of {self.spec.domain} has it", "Check the code.")
        variant = self._twin(code)
        variant.without = code
        variant._tools = {**self._tools, **variant._compile(concerned)}
        return variant

    def _refuses_with(self, tool: Tool, code: str) -> bool:
        if code == NOT_AUTHORIZED.code:
            return len(self.spec.roles) > 1 and not tool.authorizes
        return any(refusal.code == code for refusal in tool.refusals)


class Session:
    """One conversation's state: a fork of the environment, and who was identified."""

    __slots__ = ("_base", "_dirty", "_done", "_me", "_next", "_person", "_store", "_tools")

    def __init__(self, base: _Base, tools: Mapping[str, CompiledTool]) -> None:
        self._base = base
        self._tools = tools
        self._store: Store | None = base.pool.take()
        self._start()

    def _start(self) -> None:
        self._me: dict[str, str] = {}
        """The caller's row in every role in which they were identified."""
        self._person: str | None = None
        self._next = self._base.first_numbers.copy()
        self._done: list[tuple[CompiledTool, Bindings]] = []
        self._dirty: set[str] = set()
        """Tables that have been changed."""

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def me(self) -> str | None:
        """The key of the caller's row in the role in which they were identified first; None before that."""
        return next(iter(self._me.values()), None)

    def identified_as(self, role: str) -> str | None:
        """The key of the caller's row in a role; None while they are not identified in it."""
        return self._me.get(role)

    @property
    def has_changed(self) -> bool:
        """Whether a call that writes was carried out."""
        return bool(self._done)

    @property
    def base_digest(self) -> str:
        """Digest of the rows and tables that the session started from."""
        return self._base.image_digest

    def reset(self) -> None:
        """Back to the fork: no change, nobody identified, the same next keys."""
        store = self._live()
        if self._done:
            store.reset()
        self._start()

    def fork(self) -> "Session":
        """Another session in the same state; from here on the two know nothing of each other."""
        self._live()
        twin = Session(self._base, self._tools)
        twin._redo(twin._live(), self._done)
        twin._done = list(self._done)
        twin._me, twin._person = dict(self._me), self._person
        twin._next, twin._dirty = dict(self._next), set(self._dirty)
        return twin

    def close(self) -> None:
        """Give the connection back; the session cannot be used any more. Closing twice is harmless."""
        store, self._store = self._store, None
        if store is not None:
            self._base.pool.give(store)

    def diff(self) -> Diff:
        """The net effect of all calls: `inserted`, `updated` and `deleted` rows by table."""
        return session_diff(self._live(), self._base.layouts)

    def digest(self) -> str:
        """Digest of the diff."""
        return state_digest(self.diff())

    def query(self, sql: str, params: QueryValues = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT on the current state."""
        try:
            return self._live().query(sql, params)
        except sqlite3.Error as error:
            fix = "Write one SELECT over declared tables that ends."
            raise SpecError("query", f"it cannot be run ({error}): {sql}", fix) from error

    def call(self, tool_name: str, args: dict[str, Any]) -> Outcome:
        """Call a tool. A defect of the tool's SQL raises `SpecError` and changes nothing either."""
        store = self._live()
        tool = self._tools.get(tool_name) if isinstance(tool_name, str) else None
        if tool is None:
            return Invalid("tool", f"there is no tool named {shown(tool_name)}")
        me = self._me.get(tool.role) or self._known_otherwise(store, tool)
        if me is None and not tool.identifies:
            return NOT_AUTHORIZED
        invalid = tool.checker.check(args)
        if invalid is not None:
            return invalid
        values = tool.checker.bindings(args)
        values["me"] = None if tool.identifies else me
        values["now"] = self._base.now
        store.guard.ticks = 0
        try:
            return self._admit(store, tool, values)
        except _DEFECT as error:
            fix = "Correct the tool's SQL; the session is as it was before the call."
            raise SpecError(f"tool {tool.name}", f"its SQL failed when it ran: {error}", fix) from error

    def _known_otherwise(self, store: Store, tool: CompiledTool) -> str | None:
        """The caller's row in a role in which they were not identified; None unless a variant does without that."""
        if tool.row_of_person is None or self._person is None:
            return None
        rows = store.query(tool.row_of_person, (self._person,))
        return rows[0][0] if len(rows) == 1 else None

    def _admit(self, store: Store, tool: CompiledTool, values: Bindings) -> Outcome:
        """Binds and rules in order, then the rest."""
        identity: tuple[str, str | None] | None = None
        if tool.condition is not None:
            rows = self._select(store, tool, tool.condition, values)
            if len(rows) != 1 or rows[0][0] == AMBIGUOUS:
                for probe in tool.probes:
                    if len(self._select(store, tool, probe.sql, values)) != 1:
                        return probe.refusal
            failed = rows[0][0]
            if failed is not None:
                return tool.rules[failed]
            if tool.identifies:
                identity = (rows[0][1], rows[0][2])
                if self._is_somebody_else(tool.role, *identity):
                    return ALREADY_IDENTIFIED
                values["me"] = identity[0]
        values["new_id"] = None
        if tool.effects:
            outcome = self._write(store, tool, values)
        else:
            outcome = _result(tool, self._select(store, tool, tool.returns, values))
        if identity is not None and isinstance(outcome, Ok):
            self._me[tool.role], self._person = identity
        return outcome

    def _is_somebody_else(self, role: str, key: str, person: str | None) -> bool:
        """Whether another row was identified in this role, or another person in another one."""
        if role in self._me:
            return self._me[role] != key
        return bool(self._me) and (person is None or person != self._person)

    def _select(self, store: Store, tool: CompiledTool, sql: str, values: Bindings) -> list[tuple[Any, ...]]:
        """Rows of one of a tool's own SELECTs.

        Tables that a session has not changed are the same for every session of the image, so what was read from
        them is remembered for all: replays and mutants of a task repeat the same reads again and again.
        """
        if not tool.reads.isdisjoint(self._dirty):
            return store.execute(sql, values).fetchall()
        reads, key = self._base.reads, (sql, *values.values())
        rows = reads.get(key)
        if rows is None:
            rows = store.execute(sql, values).fetchall()
            if len(reads) >= MOST_READS:
                reads.clear()
            reads[key] = rows
        return rows

    def _write(self, store: Store, tool: CompiledTool, values: Bindings) -> Outcome:
        """Effects and result, all or nothing."""
        table = tool.new_id_table
        if table is not None:
            values["new_id"] = f"{self._base.prefixes[table]}-{self._next[table]}"
        store.internal("SAVEPOINT call")
        try:
            for sql in tool.effects:
                store.execute(sql, values)
            outcome = _result(tool, store.execute(tool.returns, values).fetchall())
        except sqlite3.IntegrityError:
            outcome = INCONSISTENT_CHANGE
        except BaseException:
            self._undo(store)
            raise
        if not isinstance(outcome, Ok):
            self._undo(store)
            return outcome
        store.internal("RELEASE call")
        if table is not None:
            self._next[table] += 1
        self._done.append((tool, values))
        self._dirty |= tool.writes
        return outcome

    def _undo(self, store: Store) -> None:
        """Back to the savepoint.

        SQLite ends the whole transaction when a write is interrupted, or when it says OR ROLLBACK: what was
        done before is then done again, which gives the same rows.
        """
        if store.connection.in_transaction:
            store.internal("ROLLBACK TO call")
            store.internal("RELEASE call")
            return
        store.reset()
        self._redo(store, self._done)

    @staticmethod
    def _redo(store: Store, done: Iterable[tuple[CompiledTool, Bindings]]) -> None:
        for tool, values in done:
            store.guard.ticks = 0
            for sql in tool.effects:
                store.execute(sql, values)

    def _live(self) -> Store:
        if self._store is None:
            raise RuntimeError("the session is closed; fork a new one")
        return self._store


def _result(tool: CompiledTool, rows: list[tuple[Any, ...]]) -> Outcome:
    if tool.many or len(rows) == 1:
        return Ok(tool.result(rows))
    if rows:
        raise ValueError(f"the result has {len(rows)} rows where one is declared")
    return NOT_FOUND
