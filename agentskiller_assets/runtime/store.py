"""Connections on copies of an image: each serves one session at a time."""

import sqlite3
from collections import deque
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.runtime.guard import STEPS_PER_TICK, Guard

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 200_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
}
_PRAGMAS = ("journal_mode = MEMORY", "foreign_keys = ON", "recursive_triggers = ON", "trusted_schema = OFF")
_CACHED_STATEMENTS = 1024
_POOLED = 8


class Store:
    """One guarded connection inside one open transaction."""

    __slots__ = ("connection", "execute", "guard")

    def __init__(self, spec: EnvironmentSpec, image: bytes, step_budget: int) -> None:
        self.connection = sqlite3.connect(
            ":memory:", isolation_level=None, cached_statements=_CACHED_STATEMENTS, check_same_thread=False
        )
        self.connection.deserialize(image)
        # recursive triggers: without them the rows that INSERT OR REPLACE deletes would not be logged
        for pragma in _PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        for category, limit in _LIMITS.items():
            self.connection.setlimit(category, limit)
        self.guard = Guard(spec, step_budget)
        self.connection.set_authorizer(self.guard.authorize)
        self.connection.set_progress_handler(self.guard.tick, STEPS_PER_TICK)
        self.execute = self.connection.execute
        self.internal("BEGIN")

    def internal(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one of the runtime's own statements."""
        guard = self.guard
        guard.internal = True
        try:
            return self.execute(sql, parameters).fetchall()
        finally:
            guard.internal = False

    def reset(self) -> None:
        """Back to the image."""
        if self.connection.in_transaction:
            self.internal("ROLLBACK")
        self.internal("BEGIN")

    def query(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement that may only read.

        The comment keeps it apart from statements that were compiled, and cached, with the right to write.
        """
        guard = self.guard
        guard.ticks = 0
        guard.read_only = True
        try:
            return self.execute(f"/* query */ {sql}", parameters).fetchall()
        finally:
            guard.read_only = False


class Pool:
    """Clean stores of one image, kept for the next session."""

    __slots__ = ("_clean", "_image", "_spec", "_step_budget")

    def __init__(self, spec: EnvironmentSpec, image: bytes, step_budget: int) -> None:
        self._spec = spec
        self._image = image
        self._step_budget = step_budget
        self._clean: deque[Store] = deque()

    def take(self) -> Store:
        """A store that nobody else holds, as the image says."""
        try:
            return self._clean.pop()
        except IndexError:
            return Store(self._spec, self._image, self._step_budget)

    def give(self, store: Store) -> None:
        """Take back a store that its holder no longer uses."""
        store.reset()
        if len(self._clean) < _POOLED:
            self._clean.append(store)
        else:
            store.connection.close()
