"""`clean`: lets go of what nobody needs any more."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentskiller_assets.cli.console import dagster_home, out
from agentskiller_assets.cli.instance import opened_instance
from agentskiller_assets.llm.calls import CALLS, UNFINISHED
from resources.storage.faults import storage_faults
from resources.storage.files import TEMPORARY, abandoned
from resources.storage.object_store import ObjectStore, shared_by
from resources.storage.sidecars import run_ids
from resources.storage.warehouse import Warehouse, default_root

if TYPE_CHECKING:
    import dagster as dg


def clean(
    runs_older_than: Annotated[
        int, typer.Option(min=0, max=36_500, help="Days after which a finished run may go.")
    ] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove old runs from Dagster's history, and what killed processes left in the warehouse.

    The run that made what is stored now always stays, with its events and logs: lineage leads to it. Of an object
    store, contents that are as old and that nothing names any more go too, unless a run is under way.
    """
    dagster_home()
    root, before = Warehouse(default_root()).root, datetime.now(UTC) - timedelta(days=runs_older_than)
    would = "would remove" if dry_run else "removed"
    runs, size, under_way = _clean_history(root, before, dry_run)
    with storage_faults(root, "read"):
        left = _left_over(root)
    size += _remove(left, dry_run)
    out.print(f"{would} {runs} runs and {len(left)} unfinished files ({size / 1e6:.1f} MB)")
    if store := shared_by(root):
        out.print(_clean_store(store, before, dry_run, under_way))


def _clean_history(root: Path, before: datetime, dry_run: bool) -> tuple[int, int, int]:
    """How many old runs have gone, the bytes of their files, and how many runs are not finished."""
    import dagster as dg  # noqa: PLC0415 - two seconds that only some commands need
    from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES  # noqa: PLC0415

    with opened_instance() as instance:
        old, size = _old_runs(instance, root, before), 0
        for run_id in old:
            files = _event_files(instance, run_id)
            if not dry_run:
                instance.compute_log_manager.delete_logs(prefix=[run_id])
                instance.delete_run(run_id)
            size += _remove(files, dry_run)
        return len(old), size, instance.get_runs_count(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES)))


def _event_files(instance: "dg.DagsterInstance", run_id: str) -> list[Path]:
    """The files of a run's events, where they are SQLite's: Dagster empties them when it deletes a run, and no more."""
    from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: PLC0415

    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    return [Path(storage.path_for_shard(run_id) + end) for end in ("", "-wal", "-shm")]


def _remove(files: Iterable[Path], dry_run: bool) -> int:
    """The bytes of those files that there are, which are gone afterwards."""
    size = 0
    for path in files:
        with storage_faults(path, "write"), suppress(FileNotFoundError):  # SQLite takes its log away by itself
            size += path.stat().st_size
            if not dry_run:
                path.unlink()
    return size


def _clean_store(store: ObjectStore, before: datetime, dry_run: bool, under_way: int) -> str:
    """What has become of contents that nothing names; a run may be about to name one of them again."""
    if under_way:
        return f"{under_way} runs are under way: the contents of the object store are left alone"
    unnamed = store.unnamed(before)
    if not dry_run:
        store.remove(unnamed)
    would = "would remove" if dry_run else "removed"
    return f"{would} {len(unnamed)} contents of the object store ({sum(unnamed.values()) / 1e6:.1f} MB)"


def _old_runs(instance: "dg.DagsterInstance", root: Path, before: datetime) -> list[str]:
    """Finished runs that are older and made nothing of what is stored, here or by any machine that shares it."""
    import dagster as dg  # noqa: PLC0415
    from dagster._core.storage.dagster_run import FINISHED_STATUSES  # noqa: PLC0415

    filtered = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=before)
    finished = [run.run_id for run in instance.get_runs(filtered)]  # first: one that ends meanwhile is not among them
    store = shared_by(root)
    kept = run_ids(root) | {told.run_id for told in (store.sidecars() if store else [])}
    return sorted(run_id for run_id in finished if run_id not in kept)


def _left_over(root: Path) -> list[Path]:
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())] if root.is_dir() else []
    names = {folder: UNFINISHED if folder.parent == root / CALLS else TEMPORARY for folder in folders}
    return [path for folder in folders for path in abandoned(folder, names=names[folder])]
