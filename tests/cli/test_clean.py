"""`clean` lets go of runs and contents that nothing stored was made by, or is made of, and of nothing else."""

import os
from pathlib import Path

import dagster as dg
import pytest

from agentskiller_assets.cli.clean import clean
from agentskiller_assets.cli.console import dagster_home
from resources.storage import sidecars
from resources.storage.files import ABANDONED_AFTER
from resources.storage.object_store import OBJECT_STORE
from resources.storage.warehouse import Warehouse
from tests.storage.library import STAMP, Book, book


@dg.asset
def emma() -> None:
    """Something for a run to make."""


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of Dagster's own, and a warehouse beside it."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster_home"))
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path / "here"))
    monkeypatch.delenv(OBJECT_STORE, raising=False)
    return dagster_home()


@pytest.fixture
def store(tmp_path: Path, history: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An object store that the warehouse is shared through."""
    monkeypatch.setenv(OBJECT_STORE, f"file://{tmp_path}/store")
    return tmp_path / "store"


def _a_run(home: Path) -> str:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return dg.materialize([emma], instance=instance).run_id


def _runs(home: Path) -> set[str]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return {run.run_id for run in instance.get_runs()}


def _with_events(home: Path) -> set[str]:
    """The runs that take room on the disk."""
    return {path.name.split(".db")[0] for path in (home / "history" / "runs").iterdir()} - {"index"}


def _write(root: Path, title: str, run_id: str = "run-1") -> None:
    Warehouse(root).write_records("books", "ada", Book, [book(title)], STAMP.model_copy(update={"run_id": run_id}))


def _contents(store: Path) -> int:
    return sum(path.is_file() for path in (store / "_objects").rglob("*"))


def test_runs_that_made_nothing_of_what_is_stored_go(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = _a_run(history), _a_run(history)
    _write(tmp_path / "here", "Emma", first)
    _write(tmp_path / "here", "Persuasion", second)
    clean(runs_older_than=0, dry_run=True)
    clean(runs_older_than=1)
    assert _runs(history) == _with_events(history) == {first, second}
    (history / "history" / "runs" / f"{first}.db-wal").write_bytes(b"")
    clean(runs_older_than=0)
    assert _runs(history) == _with_events(history) == {second}
    assert [path.name for path in (history / "storage").iterdir()] == [second]
    assert [line.split(" and ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "would remove 1 runs",
        "removed 0 runs",
        "removed 1 runs",
    ]


def _long_ago(path: Path) -> Path:
    then = path.stat().st_mtime - ABANDONED_AFTER - 1
    os.utime(path, (then, then))
    return path


def _half(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"half")
    return folder / name


def test_what_a_killed_writer_left_goes_and_what_is_being_written_stays(history: Path, tmp_path: Path) -> None:
    _write(tmp_path / "here", "Emma")
    books, calls = tmp_path / "here" / "books", tmp_path / "here" / "_calls" / "0a"
    ours = [f".ada.parquet.1-0123abcd.tmp{end}" for end in ("", ".wal", ".jsonl")]
    left = [_long_ago(_half(books, name)) for name in ours] + [_long_ago(_half(calls, ".k3_9z0ab.tmp"))]
    fresh = _half(books, ".ada.parquet.2-0123abcd.tmp")
    clean()
    assert not [path for path in left if path.exists()]
    assert fresh.exists()
    assert Warehouse(tmp_path / "here").read_records("books", Book, "ada") == [book("Emma")]


def test_what_is_not_ours_stays(history: Path, tmp_path: Path) -> None:
    books = tmp_path / "here" / "books"
    theirs = [_half(books, name) for name in (".notes.tmp.md", ".document.tmp", "ada.parquet.1-0123abcd.tmp")]
    folder, link = books / ".ada.parquet.1-0123abcd.tmp", books / ".ada.parquet.2-0123abcd.tmp"
    folder.mkdir()
    link.symlink_to(_long_ago(theirs[0]))
    for path in (*theirs, folder):
        _long_ago(path)
    clean()
    assert all(path.exists() for path in (*theirs, folder, link))


def test_a_run_that_ends_meanwhile_stays(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def run_ids_then_a_run_ends(root: Path) -> set[str]:
        found = sidecars.run_ids(root)
        ended.append(_a_run(history))
        return found

    monkeypatch.setattr("agentskiller_assets.cli.clean.run_ids", run_ids_then_a_run_ends)
    clean(runs_older_than=-1)  # as if it had begun long ago
    assert _runs(history) == set(ended)


def test_the_run_that_another_machine_had_stays(history: Path, store: Path, tmp_path: Path) -> None:
    theirs, nobodys = _a_run(history), _a_run(history)
    _write(tmp_path / "there", "Emma", theirs)
    clean(runs_older_than=0)
    assert _runs(history) == {theirs}
    assert nobodys != theirs


def test_contents_that_nothing_names_any_more_leave_the_store(history: Path, store: Path, tmp_path: Path) -> None:
    for title in ("Emma", "Persuasion"):
        _write(tmp_path / "there", title)
    clean(runs_older_than=0, dry_run=True)
    clean(runs_older_than=1)
    assert _contents(store) == 2
    clean(runs_older_than=0)
    assert _contents(store) == 1
    assert Warehouse(tmp_path / "here").read_records("books", Book, "ada") == [book("Persuasion")]


def test_contents_stay_while_a_run_could_name_them_again(
    history: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for title in ("Emma", "Persuasion"):
        _write(tmp_path / "there", title)
    with dg.DagsterInstance.from_config(str(history)) as instance:
        instance.create_run_for_job(
            dg.define_asset_job("one").resolve(asset_graph=dg.Definitions(assets=[emma]).resolve_asset_graph()),
            status=dg.DagsterRunStatus.STARTED,
        )
    clean(runs_older_than=0)
    assert _contents(store) == 2
    assert "1 runs are under way" in capsys.readouterr().out
