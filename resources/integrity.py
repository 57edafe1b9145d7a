"""Whether a warehouse holds all that its own notes speak of, whole and once; from sidecars, files and ids alone."""

from collections.abc import Iterable, Iterator

from agentskiller_assets.errors import StorageError
from resources.storage.faults import rebuild_command
from resources.storage.sidecars import Place, name_of
from resources.storage.warehouse import Warehouse


def broken(warehouse: Warehouse, places: Iterable[Place]) -> Iterator[str]:
    """What of these is half-written or damaged, was found at fault, or was made from something that is lost."""
    for place in places:
        try:
            yield from _faults(warehouse, *place)
        except StorageError as error:
            yield str(error)


def _faults(warehouse: Warehouse, asset: str, partition: str | None) -> Iterator[str]:
    name, fix = name_of(asset, partition), f"Run {rebuild_command(partition)} to make it again"
    if warehouse.condition(asset, partition) == "unfinished":
        yield f"{name}: its files are not those that its sidecar was written for. {fix}"
    note = warehouse.materialization(asset, partition)
    for check in note.failed_checks if note else ():
        yield f"{name}: the check {check} failed. {fix}"
    for parent in note.parents if note else ():
        if parent.data_version and warehouse.materialization(parent.asset, parent.partition) is None:
            lost = name_of(parent.asset, parent.partition)
            yield f"{lost} is lost, and {name} was made from it. Run {rebuild_command(parent.partition)}"


def stored_twice(warehouse: Warehouse) -> Iterator[str]:
    """Records that are in more than one place; views must be readable, hence nothing `broken`."""
    _, rows = warehouse.query(
        "SELECT id, string_agg(concat_ws('/', asset, partition), ' and ' ORDER BY asset, partition) FROM records"
        " WHERE id IN (SELECT id FROM records GROUP BY id HAVING count(*) > 1) GROUP BY id ORDER BY id"
    )
    for record_id, where in rows:
        yield f"{record_id} is stored twice: in {where}"
