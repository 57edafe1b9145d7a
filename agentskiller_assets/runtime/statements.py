"""Statements that SQLite has compiled, so that many tools with the same fragments are compiled once."""

from dataclasses import dataclass
from itertools import count

from agentskiller_assets.runtime.store import Store

_FRESH = count()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What SQLite told of a statement when it compiled it."""

    names: frozenset[str]
    """The parameters that it asks for."""
    reads: frozenset[str]
    writes: tuple[tuple[int, str], ...]


class Statements:
    """The statements that were compiled on one set of tables: what holds of one text holds for every tool with it."""

    __slots__ = ("_columns", "_prepared")

    def __init__(self) -> None:
        self._prepared: dict[tuple[str, tuple[str, ...], bool], Prepared] = {}
        self._columns: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def prepare(self, store: Store, sql: str, names: tuple[str, ...], *, read_only: bool = False) -> Prepared:
        """Compile without running: names, columns and permissions are checked. `sqlite3.Error` if that fails.

        The number makes the text a new one, since a statement from the cache would not be checked again.
        """
        key = (sql, names, read_only)
        if key not in self._prepared:
            guard, given = store.guard, _Names(names)
            guard.reads.clear()
            guard.writes.clear()
            guard.read_only = read_only
            try:
                store.execute(f"EXPLAIN /* {next(_FRESH)} */ {sql}", given).fetchall()
            finally:
                guard.read_only = False
            self._prepared[key] = Prepared(frozenset(given.used), frozenset(guard.reads), tuple(guard.writes))
        return self._prepared[key]

    def columns(self, store: Store, sql: str, names: tuple[str, ...]) -> list[str]:
        """The names of a result's columns; `sqlite3.Error` if it is not the result of a SELECT."""
        key = (sql, names)
        if key not in self._columns:
            store.guard.read_only = True
            try:
                cursor = store.execute(f"SELECT * FROM ({sql}\n) LIMIT 0", _Names(names))
            finally:
                store.guard.read_only = False
            self._columns[key] = [column[0] for column in cursor.description]
        return self._columns[key]


class _Names(dict[str, None]):
    """Gives NULL for every declared name and notes which were asked for."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(dict.fromkeys(names))
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> None:
        self.used.add(name)
        return super().__getitem__(name)
