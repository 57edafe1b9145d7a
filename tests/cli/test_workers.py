"""Worker processes outlive one that dies, share nothing that is still being written, and write history quickly."""

import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from agentskiller_assets.cli import workers as workers_module
from agentskiller_assets.cli.runs import RunResult
from agentskiller_assets.cli.workers import Workers
from agentskiller_assets.launching import history as quickly
from agentskiller_assets.launching.history import MOST_OPEN, quick_history
from agentskiller_assets.launching.launcher import ForkingRunLauncher
from agentskiller_assets.launching.preloaded import PRELOADED


@dg.asset(name="nothing")
def _nothing() -> None:
    """An asset that stores nothing."""


def make(job: str, partition: str, assets: list[str], _config: dict) -> RunResult:
    """Stands for a run: it dies when the job is to die, and otherwise says in which process it was made."""
    if job == "die":
        os._exit(1)
    return RunResult(partition=partition, run_id=str(os.getpid()), success=True)


def test_a_worker_that_dies_takes_no_later_run_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "run_in_worker", make)
    with Workers(1) as workers:
        first = workers.submit("run", "a", [], {}).result()
        assert workers.submit("run", "b", [], {}).result().run_id == first.run_id, "one process makes both"
        assert workers.submit("die", "c", [], {}).exception() is not None
        assert workers.submit("run", "d", [], {}).result().success


def test_no_more_workers_start_than_there_are_domains_and_pairs_to_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "get_ready", os.getpid)
    with Workers(500) as workers:
        workers.get_ready(2)
        assert 1 <= len(active_children()) <= 2


def linger(job: str, partition: str, assets: list[str], _config: dict) -> RunResult:
    """Stands for a run that takes a while."""
    time.sleep(0.5)
    return RunResult(partition=partition, run_id="", success=True)


def test_who_interrupts_waits_for_no_run_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "run_in_worker", linger)
    asked: list[Future[RunResult]] = []
    with pytest.raises(KeyboardInterrupt), Workers(1) as workers:
        asked += [workers.submit("job", str(number), [], {}) for number in range(8)]
        raise KeyboardInterrupt
    assert sum(future.cancelled() for future in asked) >= 5


def test_a_worker_ends_with_a_parent_that_is_killed() -> None:
    code = (
        "import time; from agentskiller_assets.cli import workers; from tests.cli.test_workers import make; "
        "workers.run_in_worker = make; pool = workers.Workers(1); "
        "print(pool.submit('any', 'a', [], {}).result().run_id, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        worker = Path("/proc") / parent.stdout.readline().strip() / "stat"
        assert worker.exists()
        parent.kill()
    for _ in range(100):
        try:
            state = worker.read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the worker waits for a parent that is gone")


def test_what_loads_for_workers_keeps_nobody_waiting_who_reads_what_the_command_prints() -> None:
    code = (
        "import os; from multiprocessing import forkserver; from agentskiller_assets.cli.workers import Workers; "
        "Workers(1).load(); pid = forkserver._forkserver._forkserver_pid; "
        "print(*(os.readlink(f'/proc/{pid}/fd/{stream}') for stream in (1, 2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [os.devnull, os.devnull]


def test_what_is_loaded_early_has_not_read_the_registry() -> None:
    code = (
        f"import importlib, sys; [importlib.import_module(name) for name in {PRELOADED!r}]; "
        "print('agentskiller_assets.partitions' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_history_is_written_without_waiting_for_the_disk_and_whole_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(text("CREATE TABLE event (id INTEGER)"))
    log = path.with_name("history.db-wal")
    with quick_history():
        for number in range(3):
            with engine.begin() as connection:
                assert connection.execute(text("PRAGMA synchronous")).scalar() == 1
                connection.execute(text("INSERT INTO event VALUES (:id)"), {"id": number})
        assert log.exists(), "no close has written the log back"
        with engine.connect() as connection:
            assert connection.execute(text("SELECT COUNT(*) FROM event")).scalar() == 3
    assert not log.exists()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM event")).scalar() == 3
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


def test_one_engine_with_one_connection_serves_dagsters_event_log_for_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster asks for its engines by this name; if it no longer does, events take twice as long again."""
    made: list[str] = []
    opened: list[str] = []

    def note(connection: sqlite3.Connection, _record: object) -> None:
        opened.append(connection.execute("PRAGMA database_list").fetchone()[2])

    def counted(url: str, **options: Any) -> Engine:
        made.append(url)
        return create_engine(url, **options)

    monkeypatch.setattr(sqlalchemy, "create_engine", counted)
    with quick_history(), dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        instance.get_latest_materialization_event(dg.AssetKey("queries"))
        event.listen(Engine, "connect", note)
        try:
            for _ in range(3):
                instance.report_runless_asset_event(dg.AssetMaterialization("queries"))
        finally:
            event.remove(Engine, "connect", note)
        found = instance.get_latest_materialization_event(dg.AssetKey("queries"))
    assert found is not None
    assert len([url for url in made if "index.db" in url]) == 1
    assert not [path for path in opened if path.endswith("index.db")], "each event has opened the file anew"


def test_the_file_of_a_later_run_is_what_dagster_makes_and_dagster_need_not_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def a_run(instance: dg.DagsterInstance) -> str:
        return dg.materialize([_nothing], instance=instance).run_id

    def schema_of(run_id: str) -> list[Any]:
        with closing(sqlite3.connect(next(tmp_path.rglob(f"{run_id}.db")))) as file:
            tables = file.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
            revision = file.execute("SELECT version_num FROM alembic_version").fetchall()
            return [tables, revision, file.execute("PRAGMA journal_mode").fetchall()]

    monkeypatch.setattr(quickly, "_EMPTY", [])
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        by_dagster = a_run(instance)
        with quick_history():
            first = a_run(instance)
            monkeypatch.setattr(sqlite_event_log, "stamp_alembic_rev", None)
            second = a_run(instance)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        records = {run: instance.all_logs(run) for run in (by_dagster, first, second)}
    assert schema_of(first) == schema_of(second) == schema_of(by_dagster)
    assert len(records[second]) == len(records[first]) == len(records[by_dagster]) > 5
    assert not list(tmp_path.rglob(f".{second}*")), "nothing is left behind"


def test_dagsters_migrations_are_loaded_once_however_often_its_history_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = ScriptDirectory._load_revisions  # type: ignore[reportPrivateUsage]

    def counted(scripts: ScriptDirectory) -> Any:
        loaded.append(scripts.dir)
        return load(scripts)

    monkeypatch.setattr(ScriptDirectory, "_load_revisions", counted)
    monkeypatch.setattr(quickly, "_MIGRATIONS", {})
    for _ in range(2):
        with quick_history(), dg.instance_for_test(temp_dir=str(tmp_path)):
            pass
    assert len(loaded) == len(set(quickly._MIGRATIONS)) == 3, "once for each of the three storages"  # type: ignore[reportPrivateUsage]
    with dg.instance_for_test(temp_dir=str(tmp_path)):
        assert len(loaded) > 3, "and as ever outside of it"


def test_few_files_are_kept_open_however_many_runs_there_are(tmp_path: Path) -> None:
    """The daemon writes to one file for each run of a backfill, and may open a thousand."""
    with quick_history():
        for number in range(3 * MOST_OPEN):
            engine = create_engine(f"sqlite:///{tmp_path}/{number}.db", poolclass=NullPool)
            for statement in ("PRAGMA journal_mode = WAL", "CREATE TABLE event (id INTEGER)"):
                with engine.begin() as connection:
                    connection.execute(text(statement))
        files = {link.resolve() for link in Path("/proc/self/fd").iterdir()}
        assert len([path for path in files if path.parent == tmp_path and path.suffix == ".db"]) == MOST_OPEN


def test_the_process_that_launches_runs_writes_their_history_quickly(tmp_path: Path) -> None:
    """The daemon, that is: it writes fifty events for each run of a backfill before the run begins."""
    engine = create_engine(f"sqlite:///{tmp_path}/any.db", poolclass=NullPool)

    def waits_for_the_disk() -> bool:
        with engine.connect() as connection:
            return connection.execute(text("PRAGMA synchronous")).scalar() == 2

    launcher = ForkingRunLauncher()
    with dg.DagsterInstance.ephemeral() as instance:
        launcher.register_instance(instance)
        assert not waits_for_the_disk()
        launcher.dispose()
    assert waits_for_the_disk()
