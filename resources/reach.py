"""Which stored partitions the lineage of a record can lead through, as their sidecars say.

A large warehouse has millions of edges; those of one record are in some thirty of its thousands of files.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from resources.storage.calls import CALLS_VIEW
from resources.storage.engine import file_literal, literal
from resources.storage.sidecars import UNPARTITIONED, Place
from resources.storage.warehouse import Warehouse

EVERYTHING = "SELECT id, parents, asset, partition FROM records"
"""Every stored record, with where it is."""


def records_of(warehouse: Warehouse, places: Iterable[Place]) -> str:
    """A query for the records of these partitions, as far as they are stored: `EVERYTHING` in small."""
    paths = [path for place in sorted(places, key=str) if (path := warehouse.data_path(*place)).exists()]
    if not paths:
        return f"{EVERYTHING} WHERE false"
    return (
        "SELECT id, parents, regexp_extract(filename, '([^/]+)/[^/]+$', 1) AS asset,"
        f" nullif(parse_filename(filename, true), {literal(UNPARTITIONED)}) AS partition"
        f" FROM read_parquet([{', '.join(map(file_literal, paths))}], filename = true, hive_partitioning = false)"
    )


class Reach(NamedTuple):
    """Where a lineage can lead, if sidecars name all that is upstream."""

    places: frozenset[Place]
    roots: frozenset[Place] = frozenset()
    """Of these, those that name nothing upstream: if one is reached all the same, sidecars do not say all."""


def reach_above(warehouse: Warehouse, record_id: str) -> Reach | None:
    """What the record may have been made from, and where it is itself; None if that is not known.

    It starts from where its own parents are: the dataset has all partitions upstream, an example of it one.
    """
    start = warehouse.locate([record_id]).get(record_id)
    if start is None or not warehouse.data_path(*start).exists():
        return None
    _, rows = warehouse.query(
        f"SELECT unnest(parents) FROM ({records_of(warehouse, [start])}) WHERE id = ?", [record_id]
    )
    parents = [parent for (parent,) in rows]
    near = records_of(warehouse, {start, *_upstream(warehouse, start)})
    _, found = warehouse.query(f"SELECT DISTINCT asset, partition FROM ({near}) WHERE list_contains(?, id)", [parents])
    return Reach(frozenset([start, *_closure(found, lambda place: _upstream(warehouse, place))]))


def reach_below(warehouse: Warehouse, record_id: str) -> Reach | None:
    """What may have been made from the record, and where it is itself; None if that is not known."""
    start = warehouse.locate([record_id]).get(record_id)
    if start is None or start[0] == CALLS_VIEW:  # no sidecar says what came of a model's call
        return None
    _, rows = warehouse.query(
        "SELECT asset, partition, parent.asset, parent.partition FROM"
        " (SELECT asset, partition, unnest(CASE WHEN len(parents) > 0 THEN parents ELSE [NULL] END) AS parent"
        " FROM materializations)"
    )
    downstream: defaultdict[Place, list[Place]] = defaultdict(list)
    for asset, partition, parent, its_partition in rows:
        if parent:
            downstream[parent, its_partition].append((asset, partition))
    roots = frozenset((asset, partition) for asset, partition, parent, _ in rows if not parent) - {start}
    return Reach(roots | _closure([start], lambda place: downstream.get(place, [])), roots)


def _upstream(warehouse: Warehouse, place: Place) -> list[Place]:
    note = warehouse.materialization(*place)
    return [(parent.asset, parent.partition) for parent in note.parents] if note else []


def _closure(starts: Iterable[Place], following: Callable[[Place], Iterable[Place]]) -> set[Place]:
    met, waiting = set(starts), list(starts)
    for place in waiting:
        new = dict.fromkeys(other for other in following(place) if other not in met)
        met.update(new)
        waiting += new
    return met
