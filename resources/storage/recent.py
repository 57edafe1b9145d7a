"""What this process read last: the steps of a run read the same upstream again and again.

Whether the files are still those that the sidecar speaks of is looked at each time; only parsing them is saved.
"""

from collections import OrderedDict
from pathlib import Path
from typing import Any

from resources.storage.sidecars import Materialization

MOST_BYTES = 2_000_000
"""That are kept, as they are in Parquet."""
LARGEST = 400_000
"""What takes more is read anew each time."""

Key = tuple[Path, str, str | None, type]
"""Root, asset, partition and model."""
_RECENT: OrderedDict[Key, tuple[Materialization, Any, int]] = OrderedDict()


def recall(key: Key, sidecar: Materialization) -> Any | None:
    """The content that this sidecar was written for, if it was read not long ago."""
    found = _RECENT.get(key)
    if found is None or found[0] != sidecar:
        return None
    _RECENT.move_to_end(key)
    return found[1]


def remember(key: Key, sidecar: Materialization, content: Any, size: int) -> None:
    """Keeps a content that takes so many bytes in Parquet, and forgets those that were used longest ago."""
    _RECENT.pop(key, None)
    if size <= LARGEST:
        _RECENT[key] = (sidecar, content, size)
    kept = sum(bytes_of for _, _, bytes_of in _RECENT.values())
    while kept > MOST_BYTES:
        kept -= _RECENT.popitem(last=False)[1][2]
