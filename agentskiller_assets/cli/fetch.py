"""`fetch`: this machine's copy of what several machines make."""

from agentskiller_assets.cli.console import out
from agentskiller_assets.errors import StorageError
from agentskiller_assets.registry import read_registry
from resources.storage.object_store import OBJECT_STORE, shared_by
from resources.storage.warehouse import Warehouse, default_root


def fetch() -> None:
    """Fetch everything that other machines have made from the object store, so that `sql` and `lineage` see it."""
    warehouse = Warehouse(default_root())
    if shared_by(warehouse.root) is None:
        fix = "Set it to the address of the store, such as s3://bucket/folder."
        raise StorageError(OBJECT_STORE, "it is not set, so that nothing is shared", fix)
    registry = read_registry(warehouse.root)
    count = warehouse.fetch_all()
    warehouse.refresh_catalog()
    domains, pairs = len(registry.domains), len(registry.pairs)
    out.print(f"{count} materializations of {domains} domains and {pairs} pairs are here as they are in the store")
