"""What of the warehouse is fresh, stale, missing or unfinished, and why; read from the sidecars alone."""

from collections.abc import Sequence
from typing import Any, Literal

from agentskiller_assets.core.records import Model
from resources.storage.sidecars import Materialization, Place, condition, name_of
from resources.storage.warehouse import Warehouse

Freshness = Literal["fresh", "stale", "missing", "unfinished"]
_NAMED = 2
"""Upstream partitions of one asset that are named; of more, their number says more."""


class Wanted(Model):
    """An asset's partition as the current code would make it."""

    asset: str
    partition: str | None = None
    upstream: tuple[Place, ...] = ()
    code_version: str | None = None
    settings: dict[str, Any] | None = None
    """None: whatever it was made with."""


class State(Model):
    """The answer for one wanted partition. Reasons are empty unless it is stale."""

    asset: str
    partition: str | None
    freshness: Freshness
    reasons: tuple[str, ...] = ()


def assess(warehouse: Warehouse, wanted: Sequence[Wanted]) -> list[State]:
    """The state of each, in the order asked.

    An upstream partition counts by its content: making it again with the same result changes nothing here.
    """
    sidecars: dict[Place, Materialization | None] = {}

    def sidecar(place: Place) -> Materialization | None:
        if place not in sidecars:
            sidecars[place] = warehouse.materialization(*place)
        return sidecars[place]

    states = []
    for want in wanted:
        note = sidecars[want.asset, want.partition] = warehouse.materialization(want.asset, want.partition)
        found, reasons = condition(warehouse.root, want.asset, want.partition, note), ()
        freshness: Freshness = "missing" if found == "missing" else "unfinished"
        if found == "stored" and note is not None:
            reasons = tuple(_reasons(want, note, {place: sidecar(place) for place in want.upstream}))
            freshness = "stale" if reasons else "fresh"
        states.append(State(asset=want.asset, partition=want.partition, freshness=freshness, reasons=reasons))
    return states


def _reasons(want: Wanted, note: Materialization, current: dict[Place, Materialization | None]) -> list[str]:
    reasons = []
    if want.code_version != note.code_version:
        reasons.append("code changed")
    if want.settings is not None and want.settings != note.settings:
        reasons.append("settings changed")
    reasons += [f"check {check} failed" for check in note.failed_checks]
    made_from = {(parent.asset, parent.partition): parent.data_version for parent in note.parents}
    versions = {place: upstream.data_version if upstream else None for place, upstream in current.items()}
    # what was not there then and is not there now has not changed
    reasons += _upstream([place for place in versions if made_from.get(place) != versions[place]], "changed")
    unused = sorted(made_from.keys() - current.keys(), key=lambda place: name_of(*place))
    return reasons + _upstream(unused, "is not used any more")


def _upstream(places: Sequence[Place], what: str) -> list[str]:
    """What has become of these, by asset: the domains of a pair by their names, and more than that counted."""
    by_asset: dict[str, list[Place]] = {}
    for place in places:
        by_asset.setdefault(place[0], []).append(place)
    reasons = []
    for asset, found in by_asset.items():
        if len(found) > _NAMED:
            reasons.append(f"upstream {asset} {what} ({len(found)})")
        else:
            reasons += [f"upstream {name_of(*place)} {what}" for place in found]
    return reasons
