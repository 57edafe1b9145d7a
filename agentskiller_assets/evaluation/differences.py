"""What tells the state that a rollout left from the state that gold leaves, by table, key and column."""

from collections.abc import Iterator, Mapping
from typing import Any

from agentskiller_assets.evaluation.trail import same
from agentskiller_assets.runtime.diff import Diff

Row = Mapping[str, Any]


def differences(gold: Diff, found: Diff, keys: Mapping[str, str]) -> list[str]:
    """Every change that is missing, too much or another one; `keys` names the key column of every table."""
    return [
        *_rows("inserted", gold, found, keys),
        *_rows("deleted", gold, found, keys),
        *_updates(gold.get("updated", {}), found.get("updated", {})),
    ]


def _rows(what: str, gold: Diff, found: Diff, keys: Mapping[str, str]) -> Iterator[str]:
    """Rows that were inserted or deleted."""
    wanted, got = gold.get(what, {}), found.get(what, {})
    for table in sorted({*wanted, *got}):
        ours, theirs = ({row[keys[table]]: row for row in each.get(table, ())} for each in (wanted, got))
        for key in sorted({*ours, *theirs}):
            if key not in theirs:
                yield f"{table} {key}: it is not {what}"
            elif key not in ours:
                yield f"{table} {key}: it is {what}, which nobody asked for"
            else:
                yield from _cells(table, key, ours[key], theirs[key])


def _cells(table: str, key: str, wanted: Row, got: Row) -> Iterator[str]:
    for name in sorted({*wanted, *got}):
        if not same(wanted.get(name), got.get(name)):
            yield f"{table} {key}.{name}: it is {got.get(name)!r}, not {wanted.get(name)!r}"


def _updates(wanted: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[str]:
    """Rows that were changed, column by column; each change is a pair of the old and the new value."""
    for table in sorted({*wanted, *got}):
        ours, theirs = ({row["key"]: row["changes"] for row in each.get(table, ())} for each in (wanted, got))
        for key in sorted({*ours, *theirs}):
            old, new = ours.get(key, {}), theirs.get(key, {})
            for name in sorted({*old, *new}):
                if name not in new:
                    yield f"{table} {key}.{name}: it is not changed to {old[name][1]!r}"
                elif name not in old:
                    yield f"{table} {key}.{name}: it is changed to {new[name][1]!r}, which nobody asked for"
                elif not same(old[name][1], new[name][1]):
                    yield f"{table} {key}.{name}: it is {new[name][1]!r}, not {old[name][1]!r}"
