"""What the IO managers know about a step: which materialization it read, and the stamp of what it writes."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import dagster as dg

from agentskiller_assets.errors import StorageError
from io_managers.settings import note_settings
from resources.author import AUTHOR_SOURCES, author_of
from resources.llm import calls_of
from resources.storage.sidecars import Materialization, Parent, Stamp
from resources.storage.warehouse import Warehouse

# By step: data versions as they were when the step read them (upstream may be made again while a step runs).
_read: WeakKeyDictionary[Any, dict[tuple[str, str | None], str | None]] = WeakKeyDictionary()


def asset_name(key: dg.AssetKey) -> str:
    """The folder of an asset."""
    return "__".join(key.path)


def partition_of(context: dg.OutputContext) -> str | None:
    """The one partition that is written; `StorageError` if the run covers several at once."""
    if not context.has_asset_partitions:
        return None
    keys = context.asset_partition_keys
    if len(keys) != 1:
        fault = f"one run asks for {len(keys)} partitions at once"
        fix = "Materialize one partition per run (`BackfillPolicy.multi_run(1)`)"
        raise StorageError(asset_name(context.asset_key), fault, fix)
    return keys[0]


def remember_read(context: dg.InputContext, warehouse: Warehouse, partition: str | None) -> None:
    """Notes the data version of an upstream partition just before it is read."""
    asset = asset_name(context.asset_key)
    note = warehouse.materialization(asset, partition)
    versions = _read.setdefault(context.step_context, {})
    versions[asset, partition] = note.data_version if note else None


def previous_of(context: dg.OutputContext, warehouse: Warehouse) -> Materialization | None:
    """What is about to be replaced; None also where its sidecar cannot be read, since it is written again."""
    try:
        return warehouse.materialization(asset_name(context.asset_key), partition_of(context))
    except StorageError:
        return None


def stamp_of(context: dg.OutputContext, warehouse: Warehouse) -> Stamp:
    """Run, code version, settings, upstream versions and model calls of the output that is being written."""
    step = context.step_context
    whose = (context.run_id, asset_name(context.asset_key), partition_of(context))
    call_ids, _ = calls_of(*whose)
    return Stamp(
        run_id=context.run_id,
        code_version=context.asset_spec.code_version,
        settings=step.op_config or {},
        parents=tuple(_parents(context, warehouse)),
        author=author_of(*whose),
        call_ids=call_ids,
    )


def report(
    context: dg.OutputContext, warehouse: Warehouse, previous: Materialization | None, written: Materialization
) -> None:
    """Gives Dagster the data version and what a person wants to see of the stored files."""
    context.step_context.set_data_version(context.asset_key, dg.DataVersion(written.data_version))
    paths = [warehouse.root / name for name in written.files]
    _, totals = calls_of(written.run_id, written.asset, written.partition)
    context.add_output_metadata(
        {
            "dagster/row_count": written.row_count,
            "path": dg.MetadataValue.path(str(paths[-1])),
            "data_version": written.data_version,
            "size": dg.MetadataValue.int(sum(path.stat().st_size for path in paths)),
            "parents": dg.MetadataValue.md("\n".join(_link(parent) for parent in written.parents) or "none"),
            **note_settings(context, previous),
            **totals,
        }
    )


def _link(parent: Parent) -> str:
    """A line that leads to the asset page of a parent, with the data version that was read."""
    where = f"/assets/{parent.asset}" + (f"?partition={parent.partition}" if parent.partition else "")
    return f"- [{parent.asset}{f' of {parent.partition}' if parent.partition else ''}]({where}) `{parent.data_version}`"


def _parents(context: dg.OutputContext, warehouse: Warehouse) -> list[Parent]:
    step = context.step_context
    assets = step.assets_def
    if assets is None:
        return []
    found = []
    for name, key in sorted(assets.keys_by_input_name.items(), key=lambda item: item[1]):
        if key not in assets.asset_deps[context.asset_key] or key == context.asset_key:
            continue
        if asset_name(key) == AUTHOR_SOURCES:  # its version is in the topic itself
            continue
        partitions: Sequence[str | None] = [None]
        if step.has_asset_partitions_for_input(name):
            partitions = sorted(step.asset_partitions_subset_for_input(name).get_partition_keys())
        found += [_parent(step, warehouse, asset_name(key), partition) for partition in partitions]
    return found


def _parent(step: Any, warehouse: Warehouse, asset: str, partition: str | None) -> Parent:
    versions = _read.get(step, {})
    if (asset, partition) in versions:
        version = versions[asset, partition]
    else:
        note = warehouse.materialization(asset, partition)
        version = note.data_version if note else None
    return Parent(asset=asset, partition=partition, data_version=version)
