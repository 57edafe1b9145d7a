"""Records as Parquet: `list[Model]` or one model per asset and partition (Dagster cannot type a tuple)."""

from collections.abc import Sequence
from typing import Any, get_args, get_origin

import dagster as dg

from agentskiller_assets.core.records import Record
from agentskiller_assets.errors import StorageError
from io_managers.stamps import asset_name, partition_of, previous_of, remember_read, report, stamp_of
from resources.warehouse import Warehouse, WarehouseResource


class RecordsIOManager(dg.ConfigurableIOManager):
    """Stores what the asset's return annotation says, and loads what the parameter's annotation says.

    A parameter annotated `dict[str, X]` gets all upstream partitions by key; any other, the one it maps to.
    """

    warehouse: WarehouseResource

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Writes the records and their sidecar; gives Dagster their data version."""
        warehouse = self.warehouse.open()
        asset = asset_name(context.asset_key)
        model, many = record_type(context.dagster_type.typing_type, asset)
        records: Sequence[Record] = obj if many else [obj]
        stamp, previous = stamp_of(context, warehouse), previous_of(context, warehouse)
        written = warehouse.write_records(asset, partition_of(context), model, records, stamp)
        report(context, warehouse, previous, written)

    def load_input(self, context: dg.InputContext) -> Any:
        """Reads and validates exactly the upstream partitions that the run maps to."""
        warehouse = self.warehouse.open()
        asset, wanted = asset_name(context.asset_key), context.dagster_type.typing_type
        keyed = get_origin(wanted) is dict
        model, many = record_type(get_args(wanted)[1] if keyed else wanted, asset)
        loaded = {}
        for partition in _partitions(context):
            remember_read(context, warehouse, partition)
            loaded[partition] = _load(warehouse, asset, partition, model, many)
        if keyed:
            return loaded
        if len(loaded) != 1:
            fault = f"parameter {context.name!r} maps to {len(loaded)} partitions"
            raise StorageError(asset, fault, "Annotate it as `dict[str, ...]`")
        return next(iter(loaded.values()))


def record_type(annotation: Any, asset: str) -> tuple[type[Record], bool]:
    """The model in an annotation, and whether it is a list of them.

    Raises `StorageError` for anything that is not `Model` or `list[Model]`.
    """
    many = get_origin(annotation) is list
    model = get_args(annotation)[0] if many else annotation
    if not (isinstance(model, type) and issubclass(model, Record)):
        fix = "Annotate it with a record model, or a list of one"
        raise StorageError(asset, f"cannot be stored or loaded as {annotation!r}", fix)
    return model, many


def _partitions(context: dg.InputContext) -> Sequence[str | None]:
    # Sorted, since Dagster gives mapped partitions in another order in each process.
    return sorted(context.asset_partition_keys) if context.has_asset_partitions else [None]


def _load(warehouse: Warehouse, asset: str, partition: str | None, model: type[Record], many: bool) -> Any:
    records = warehouse.read_records(asset, model, partition)
    if many:
        return records
    if len(records) != 1:
        fault = f"holds {len(records)} records where one is expected"
        raise StorageError(asset, fault, "Annotate the parameter as a list")
    return records[0]
