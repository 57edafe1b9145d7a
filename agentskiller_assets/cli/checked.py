"""Whether what is stored has passed its checks, from Dagster's own records.

A stored asset is no proof that its checks passed: they run after it was stored, and a run may have failed or died
there. Without this, a second run would build on what the first one refused.
"""

from collections.abc import Iterable
from datetime import datetime

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from agentskiller_assets.core.records import Model
from resources.storage.sidecars import Materialization


class Verdict(Model):
    """What is wrong with the checks of a stored asset."""

    failed: bool
    """False: a check did not run since the asset was stored."""
    reason: str


class CheckLog:
    """The latest results of all checks of a code location."""

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._keys: dict[str, list[dg.AssetCheckKey]] = {}
        for check in definitions.asset_checks or ():
            if isinstance(check, dg.AssetsDefinition):
                for key in check.check_keys:
                    self._keys.setdefault(key.asset_key.to_user_string(), []).append(key)

    def verdicts(self, stored: Iterable[Materialization], partition: str | None) -> dict[str, Verdict]:
        """For every asset of one partition with a check that has not passed since it was stored, which and why."""
        notes = {note.asset: note for note in stored}
        keys = [key for asset in notes for key in self._keys.get(asset, ())]
        storage = self._instance.event_log_storage
        latest = storage.get_latest_asset_check_execution_by_key(keys, PartitionKeyFilter(key=partition))
        found: dict[str, Verdict] = {}
        for key in keys:
            asset = key.asset_key.to_user_string()
            verdict = _verdict(key, latest.get(key), datetime.fromisoformat(notes[asset].time).timestamp())
            if verdict and (asset not in found or verdict.failed):
                found[asset] = verdict
        return found


def _verdict(key: dg.AssetCheckKey, record: dg.AssetCheckExecutionRecord | None, stored: float) -> Verdict | None:
    event = record.event if record else None
    if record is None or event is None or record.status == Status.PLANNED or event.timestamp < stored:
        return Verdict(failed=False, reason=f"check {key.name} did not run since it was stored")
    if record.status == Status.SUCCEEDED:
        return None
    evaluation = record.evaluation
    return Verdict(failed=True, reason=f"check {key.name}: {evaluation.description if evaluation else 'failed'}")
