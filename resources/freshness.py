"""What of the warehouse is fresh, stale, missing or unfinished, and why; read from the sidecars alone."""

from collections.abc import Sequence
from typing import Any, Literal

from agentskiller_assets.core.records import Model
from resources.storage.sidecars import Materialization, Place, name_of
from resources.storage.warehouse import Warehouse

Freshness = Literal["fresh", "stale", "missing", "unfinished"]


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
        condition = warehouse.condition(want.asset, want.partition)
        note = sidecar((want.asset, want.partition))
        if condition != "stored" or note is None:
            freshness: Freshness = "missing" if condition == "missing" else "unfinished"
            states.append(State(asset=want.asset, partition=want.partition, freshness=freshness))
            continue
        current = {place: sidecar(place) for place in want.upstream}
        reasons = _reasons(want, note, current)
        freshness = "stale" if reasons else "fresh"
        states.append(State(asset=want.asset, partition=want.partition, freshness=freshness, reasons=tuple(reasons)))
    return states


def _reasons(want: Wanted, note: Materialization, current: dict[Place, Materialization | None]) -> list[str]:
    reasons = []
    if want.code_version != note.code_version:
        reasons.append("code changed")
    if want.settings is not None and want.settings != note.settings:
        reasons.append("settings changed")
    reasons += [f"check {check} failed" for check in note.failed_checks]
    made_from = {(parent.asset, parent.partition): parent.data_version for parent in note.parents}
    for place, upstream in current.items():
        version = upstream.data_version if upstream else None
        if place not in made_from or made_from[place] != version:
            reasons.append(f"upstream {name_of(*place)} changed")
    reasons += [f"upstream {name_of(*place)} is not used any more" for place in made_from.keys() - current.keys()]
    return reasons
