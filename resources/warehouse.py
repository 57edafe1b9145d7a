"""The warehouse as a Dagster resource. Code that needs no Dagster imports `resources.storage` instead."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from resources.storage.sidecars import Materialization, Parent, Stamp
from resources.storage.warehouse import DATABASES, Warehouse, default_root

__all__ = [
    "DATABASES",
    "Materialization",
    "Parent",
    "Stamp",
    "Warehouse",
    "WarehouseResource",
    "default_root",
]


class WarehouseResource(dg.ConfigurableResource):
    """Where everything is stored."""

    root: str = Field(
        default="",
        description="Folder of the warehouse. Empty: AGENTSKILLER_WAREHOUSE, or `warehouse` where you are.",
    )

    def open(self) -> Warehouse:
        """The warehouse in that folder; nothing is touched yet."""
        return Warehouse(Path(self.root) if self.root else default_root())

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Notes what the checks of a run found, and brings the catalog up to date with what it has stored.

        Once for each run, since views are slower made than files.
        """
        warehouse = self.open()
        try:
            if context.instance and context.run:
                _note_checks(warehouse, context.instance, context.run.run_id)
        finally:
            warehouse.refresh_catalog()


def _note_checks(warehouse: Warehouse, instance: dg.DagsterInstance, run_id: str) -> None:
    """A later run of what is downstream makes no check of what is upstream: it must see that one has failed."""
    failed: dict[tuple[str, str | None, str | None], set[str]] = {}
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    for record in records:
        found = record.event_log_entry.get_dagster_event().asset_check_evaluation_data
        if found.blocking:
            looked_at = found.target_materialization_data
            made_by = looked_at.run_id if looked_at else None
            checks = failed.setdefault((found.asset_key.to_user_string(), found.partition, made_by), set())
            if not found.passed:
                checks.add(found.check_name)
    for (asset, partition, made_by), checks in failed.items():
        warehouse.note_checks(asset, partition, checks, made_by)
