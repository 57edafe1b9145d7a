"""Dagster's own history, written without waiting for the disk, or making everything ready anew, at every event.

Dagster opens its SQLite files anew for each of the hundreds of events of a run, with an engine that has yet to compile
every statement. Each commit then waits for the disk, and so does each close, because the last connection to a file
writes its log back. In a process that makes runs, or creates them as the daemon does for a backfill, one engine with
one connection serves each file of events, another connection keeps the latest files open, and commits leave it to the
operating system when they reach the disk: after a power failure the last events may be missing from the history, but
no file is damaged, and the warehouse is not concerned. To find that a file needs no migration, Dagster loads all that
it has: here it does so once, and the file of a new run is a copy of the first one that the process has made.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

from resources.storage.files import temporary

MOST_OPEN = 16
"""Files that are kept open. Each run has one of its own, and the daemon creates them by the thousand."""


@contextmanager
def quick_history() -> Iterator[None]:
    """Until it ends, SQLite files that are opened through SQLAlchemy stay open, and their commits wait for no disk."""
    from sqlalchemy import Engine, event  # noqa: PLC0415 - Dagster's, and only runs need it

    kept: dict[str, sqlite3.Connection] = {}

    def relax(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path and path not in kept and _has_log(connection):
            kept[path] = _reader(path)
            if len(kept) > MOST_OPEN:
                kept.pop(next(iter(kept))).close()

    event.listen(Engine, "connect", relax)
    try:
        with ExitStack() as quickly:
            quickly.enter_context(_one_engine_for_each_file())
            quickly.enter_context(_new_files_copied())
            quickly.enter_context(_migrations_loaded_once())
            yield
    finally:
        event.remove(Engine, "connect", relax)
        for connection in kept.values():
            connection.close()


@contextmanager
def _one_engine_for_each_file() -> Iterator[None]:
    """Dagster's event log asks for an engine whenever it connects; a test holds it to the name that it asks by."""
    from dagster._core.storage.event_log.sqlite import sqlite_event_log  # noqa: PLC0415
    from sqlalchemy import Engine  # noqa: PLC0415

    engines: OrderedDict[str, Engine] = OrderedDict()
    one_at_a_time = Lock()

    def engine_of(url: str, **options: Any) -> Engine:
        with one_at_a_time:
            if url not in engines:
                engines[url] = _engine_that_stays(url, **options)
            engines.move_to_end(url)
            if len(engines) > MOST_OPEN:
                Engine.dispose(engines.popitem(last=False)[1])
            return engines[url]

    try:
        with patch.object(sqlite_event_log, "create_engine", engine_of, create=True):
            yield
    finally:
        for engine in engines.values():
            Engine.dispose(engine)


_EMPTY: list[bytes] = []
"""The file of a run without events, once this process has made one."""
_MIGRATIONS: dict[Any, Any] = {}
"""What Alembic has loaded, by the configuration; Dagster keeps one for each of its three storages."""


@contextmanager
def _new_files_copied() -> Iterator[None]:
    """Dagster makes the file of a run when it first connects; a test holds what is copied to what it makes."""
    from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: PLC0415

    make = SqliteEventLogStorage._initdb

    def initdb(storage: Any, engine: Any, for_index_shard: bool = False) -> None:
        path = Path(engine.url.database)
        of_new_run = not for_index_shard and path.stem != "index" and not path.exists()
        if of_new_run and _EMPTY and _written(path, _EMPTY[0]):
            return
        make(storage, engine, for_index_shard)
        if of_new_run and not _EMPTY:
            with closing(sqlite3.connect(path)) as connection:
                _EMPTY.append(connection.serialize())

    with patch.object(SqliteEventLogStorage, "_initdb", initdb):
        yield


@contextmanager
def _migrations_loaded_once() -> Iterator[None]:
    """Each of Dagster's storages asks Alembic for the latest migration, whenever it is opened."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    load = ScriptDirectory.from_config

    def from_config(config: Any) -> Any:
        if config not in _MIGRATIONS:
            _MIGRATIONS[config] = load(config)
        return _MIGRATIONS[config]

    with patch.object(ScriptDirectory, "from_config", from_config):
        yield


def _written(path: Path, content: bytes) -> bool:
    """Whether the file is there with this content; False if another process has just made it, or it cannot be."""
    with suppress(OSError), temporary(path) as draft:
        draft.write_bytes(content)
        path.hardlink_to(draft)
        return True
    return False


def _engine_that_stays(url: str, **options: Any) -> Any:
    """An engine that keeps its connection for the next event, although Dagster disposes of it after each."""
    from sqlalchemy import QueuePool, create_engine  # noqa: PLC0415

    engine = create_engine(url, **{**options, "poolclass": QueuePool, "pool_size": 1})
    vars(engine)["dispose"] = lambda: None
    return engine


def _has_log(connection: sqlite3.Connection) -> bool:
    """Whether writes go to a log next to the file; Dagster sees to that after it has made the file's tables."""
    return connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def _reader(path: str) -> sqlite3.Connection:
    """A connection that has read from the file once, so that the log stays; it holds no lock that anybody waits for."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    return connection
