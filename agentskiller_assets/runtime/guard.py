"""What SQL of a specification may touch, and for how long it may run."""

import sqlite3

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.runtime.ddl import CHANGES, trigger_names

_HARMLESS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE})
_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_FORBIDDEN_FUNCTIONS = frozenset(
    {
        "load_extension",
        "random",
        "randomblob",
        "changes",
        "total_changes",
        "last_insert_rowid",
        "current_date",
        "current_time",
        "current_timestamp",
        "fts3_tokenizer",
    }
)
STEPS_PER_TICK = 20_000


class Guard:
    """Authorizer and progress handler of one connection.

    SQLite asks the authorizer when it compiles a statement, not when it runs it: calls cost nothing extra.
    Only tables of the specification can be read or written, keys cannot be updated, and the change log is
    written by its own triggers alone.
    """

    __slots__ = ("_budget", "_keys", "_triggers", "internal", "read_only", "reads", "ticks", "writes")

    def __init__(self, spec: EnvironmentSpec, step_budget: int) -> None:
        self._keys = {table.name: table.key for table in spec.tables}
        self._triggers = trigger_names(spec)
        self._budget = max(1, step_budget // STEPS_PER_TICK)
        self.internal = False
        """The runtime's own statements: anything goes."""
        self.read_only = False
        self.ticks = 0
        self.reads: set[str] = set()
        """Tables that the statements compiled so far look at."""
        self.writes: list[tuple[int, str]] = []
        """Actions and tables of the writes compiled so far, those of triggers left out."""

    def authorize(
        self, action: int, first: str | None, second: str | None, _database: str | None, trigger: str | None
    ) -> int:
        """SQLite's question whether a statement may be compiled."""
        return sqlite3.SQLITE_OK if self._allows(action, first, second, trigger) else sqlite3.SQLITE_DENY

    def tick(self) -> int:
        """Called every `STEPS_PER_TICK` instructions; non-zero aborts the statement."""
        self.ticks += 1
        return self.ticks > self._budget

    def _allows(self, action: int, first: str | None, second: str | None, trigger: str | None) -> bool:
        if self.internal or action in _HARMLESS:
            return True
        if action == sqlite3.SQLITE_FUNCTION:
            return (second or "").lower() not in _FORBIDDEN_FUNCTIONS
        if action == sqlite3.SQLITE_READ:
            self.reads.add(first or "")
            return first in self._keys
        return action in _WRITES and not self.read_only and self._may_write(action, first, second, trigger)

    def _may_write(self, action: int, first: str | None, second: str | None, trigger: str | None) -> bool:
        if first == CHANGES:
            return action == sqlite3.SQLITE_INSERT and trigger in self._triggers
        if first not in self._keys or (action == sqlite3.SQLITE_UPDATE and second == self._keys[first]):
            return False
        self.writes.append((action, first))
        return True
