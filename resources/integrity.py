"""Whether a warehouse holds all that its own notes speak of, whole and once; from sidecars, files and ids alone."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from agentskiller_assets.errors import StorageError
from resources.storage.sidecars import Materialization, Place, condition, name_of
from resources.storage.warehouse import Warehouse

NoteOf = Callable[[str, str | None], Materialization | None]
"""The sidecar of an asset's partition."""
_FIX = "Run `agentskiller run --stale` to make it again, with the settings of then"


def broken(warehouse: Warehouse, places: Iterable[Place]) -> Iterator[str]:
    """What of these is half-written or damaged, was found at fault, or was made from something that is lost."""
    note_of = cache(warehouse.materialization)  # of parents; a place's own is read when it is looked at
    for place in places:
        try:
            yield from _faults(warehouse, note_of, *place)
        except StorageError as error:
            yield str(error)


def _faults(warehouse: Warehouse, note_of: NoteOf, asset: str, partition: str | None) -> Iterator[str]:
    name, note = name_of(asset, partition), warehouse.materialization(asset, partition)
    if condition(warehouse.root, asset, partition, note) == "unfinished":
        yield f"{name}: its files are not those that its sidecar was written for. {_FIX}"
    for check in note.failed_checks if note else ():
        yield f"{name}: the check {check} failed. {_FIX}"
    for parent in note.parents if note else ():
        if parent.data_version and note_of(parent.asset, parent.partition) is None:
            yield f"{name_of(parent.asset, parent.partition)} is lost, and {name} was made from it. {_FIX}"


def stored_twice(warehouse: Warehouse) -> Iterator[str]:
    """Records that are in more than one place; views must be readable, hence nothing `broken`."""
    _, rows = warehouse.query(
        "SELECT id, string_agg(concat_ws('/', asset, partition), ' and ' ORDER BY asset, partition) FROM records"
        " WHERE id IN (SELECT id FROM records GROUP BY id HAVING count(*) > 1) GROUP BY id ORDER BY id"
    )
    for record_id, where in rows:
        yield f"{record_id} is stored twice: in {where}"
