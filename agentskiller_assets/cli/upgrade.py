"""`upgrade`: a warehouse of an older version in the shapes of this one."""

import typer

from agentskiller_assets.cli.console import complain, dagster_home, out
from agentskiller_assets.core.records import Record
from agentskiller_assets.errors import StorageError
from resources.storage.warehouse import Warehouse, default_root


def upgrade() -> None:
    """Store again, in the shapes of this version, what an older one stored. Nothing is made anew or becomes stale.

    What this version cannot read is named, with the command that makes it again.
    """
    dagster_home()
    warehouse, models = Warehouse(default_root()), stored_models()
    looked_at = upgraded = at_fault = 0
    for asset, model in models.items():
        for partition in _stored(warehouse, asset):
            looked_at += 1
            try:
                upgraded += warehouse.upgrade(asset, partition, model)
            except StorageError as error:
                at_fault += 1
                complain(str(error))
    out.print(f"{upgraded} of {looked_at} materializations are stored in the shapes of this version now")
    if at_fault:
        raise typer.Exit(1)


def _stored(warehouse: Warehouse, asset: str) -> list[str | None]:
    alone = [None] if warehouse.materialization(asset, None) else []
    return [*alone, *warehouse.partitions_of(asset)]


def stored_models() -> dict[str, type[Record]]:
    """Every stored asset and the model of its records, as its function says."""
    import dagster as dg  # noqa: PLC0415 - two seconds that only some commands need

    from agentskiller_assets.definitions import defs  # noqa: PLC0415
    from io_managers.records import record_type  # noqa: PLC0415

    assets = [each for each in defs.assets or () if isinstance(each, dg.AssetsDefinition)]
    returned = {each.key.to_user_string(): each.op.output_defs[0].dagster_type.typing_type for each in assets}
    return {asset: record_type(kind, asset)[0] for asset, kind in returned.items() if kind is not type(None)}
