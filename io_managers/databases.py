"""Environment databases: one `EnvironmentRows` per partition, as a DuckDB file."""

from typing import get_args, get_origin

import dagster as dg

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.errors import StorageError
from io_managers.stamps import asset_name, partition_of, previous_of, remember_read, report, stamp_of
from resources.warehouse import WarehouseResource


class DatabaseIOManager(dg.ConfigurableIOManager):
    """Stores and loads `EnvironmentRows`; a parameter of `dict[str, EnvironmentRows]` gets several."""

    warehouse: WarehouseResource

    def handle_output(self, context: dg.OutputContext, obj: EnvironmentRows) -> None:
        """Builds the database, its rows' records and sidecar; gives Dagster the data version."""
        warehouse = self.warehouse.open()
        asset, partition = asset_name(context.asset_key), partition_of(context)
        if partition is None or not isinstance(obj, EnvironmentRows):
            fault = "only `EnvironmentRows` of a partitioned asset can be stored as a database"
            raise StorageError(asset, fault, "Partition the asset, or use the IO manager for records")
        stamp, previous = stamp_of(context, warehouse), previous_of(context, warehouse)
        written = warehouse.write_database(partition, obj, stamp, asset)
        report(context, warehouse, previous, written)

    def load_input(self, context: dg.InputContext) -> EnvironmentRows | dict[str, EnvironmentRows]:
        """Reads exactly the upstream partitions that the run maps to."""
        warehouse, asset = self.warehouse.open(), asset_name(context.asset_key)
        loaded = {}
        for partition in sorted(context.asset_partition_keys):
            remember_read(context, warehouse, partition)
            loaded[partition] = warehouse.read_database(partition, asset)
        wanted = context.dagster_type.typing_type
        if get_origin(wanted) is dict and get_args(wanted)[1] is EnvironmentRows:
            return loaded
        if len(loaded) != 1:
            fault = f"parameter {context.name!r} maps to {len(loaded)} partitions"
            raise StorageError(asset, fault, "Annotate it as `dict[str, EnvironmentRows]`")
        return next(iter(loaded.values()))
