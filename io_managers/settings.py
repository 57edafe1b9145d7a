"""Which settings a step used, and where they are not those of the run that it repeats or of what it replaces."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.storage.tags import PARENT_RUN_ID_TAG

from resources.storage.sidecars import Materialization


def note_settings(context: dg.OutputContext, previous: Materialization | None) -> dict[str, dg.MarkdownMetadataValue]:
    """Metadata with the settings, if the asset has any.

    Dagster drops the run config when a backfill of a job is re-executed: a difference is also a warning in the run's
    log, so that defaults are never used unnoticed.
    """
    used: Mapping[str, Any] = context.step_context.op_config or {}
    if not used:
        return {}
    repeated, replaced = _of_parent_run(context), previous.settings if previous else {}
    lines = [f"| {name} | {value} | {_remark(name, value, repeated, replaced)} |" for name, value in used.items()]
    lost = [f"`{name}` is {used[name]}, was {repeated[name]}" for name in repeated if used.get(name) != repeated[name]]
    if lost:
        context.log.warning(
            f"{context.asset_key.to_user_string()}: this run repeats another one with other settings "
            f"({'; '.join(lost)}). To make it with those again, launch a new run with them."
        )
    return {"settings": dg.MetadataValue.md("\n".join(["| setting | used | before |", "| --- | --- | --- |", *lines]))}


def _remark(name: str, value: Any, repeated: Mapping[str, Any], replaced: Mapping[str, Any]) -> str:
    if name in repeated and repeated[name] != value:
        return f"**{repeated[name]}** in the run that this one repeats"
    if name in replaced and replaced[name] != value:
        return f"{replaced[name]} in what this one replaced"
    return ""


def _of_parent_run(context: dg.OutputContext) -> dict[str, Any]:
    """What the run that this one re-executes was told about this step; empty if it is no re-execution."""
    step = context.step_context
    parent_id = step.dagster_run.tags.get(PARENT_RUN_ID_TAG)
    parent = step.instance.get_run_by_id(parent_id) if parent_id else None
    told: Any = parent.run_config if parent else {}
    return dict(told.get("ops", {}).get(step.op.name, {}).get("config") or {})
