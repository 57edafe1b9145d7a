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
        """Brings the catalog up to date with what a run has stored: once, since views are slower made than files."""
        self.open().refresh_catalog()
