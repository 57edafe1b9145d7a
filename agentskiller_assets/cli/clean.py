"""`clean`: lets go of what nobody needs any more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentskiller_assets.cli.console import dagster_home, out
from resources.storage.files import abandoned
from resources.storage.sidecars import run_ids
from resources.storage.warehouse import Warehouse, default_root

if TYPE_CHECKING:
    import dagster as dg


def clean(
    runs_older_than: Annotated[int, typer.Option(min=0, help="Days after which a finished run may go.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove old runs from Dagster's history, and what killed processes left in the warehouse.

    The run that made what is stored now always stays, with its events and logs: lineage leads to it.
    """
    dagster_home()
    import dagster as dg  # noqa: PLC0415 - two seconds that only some commands need

    warehouse = Warehouse(default_root())
    with dg.DagsterInstance.get() as instance:
        old = _old_runs(instance, warehouse, timedelta(days=runs_older_than))
        for run_id in old:
            if not dry_run:
                instance.delete_run(run_id)
    left = _left_over(warehouse.root)
    size = sum(path.stat().st_size for path in left)
    for path in left:
        if not dry_run:
            path.unlink(missing_ok=True)
    would = "would remove" if dry_run else "removed"
    out.print(f"{would} {len(old)} runs and {len(left)} unfinished files ({size / 1e6:.1f} MB)")


def _old_runs(instance: "dg.DagsterInstance", warehouse: Warehouse, age: timedelta) -> list[str]:
    """Finished runs that are older and made nothing of what is stored."""
    import dagster as dg  # noqa: PLC0415
    from dagster._core.storage.dagster_run import FINISHED_STATUSES  # noqa: PLC0415

    before = datetime.now(UTC) - age
    finished = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=before)
    kept = run_ids(warehouse.root)
    return sorted(run.run_id for run in instance.get_runs(finished) if run.run_id not in kept)


def _left_over(root: Path) -> list[Path]:
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())] if root.is_dir() else []
    return [path for folder in folders for path in abandoned(folder)]
