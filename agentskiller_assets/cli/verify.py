"""`verify` and `digests`: what is stored, proved and compared again in a fresh process."""

from typing import Annotated

import typer

from agentskiller_assets.cli.console import complain, out
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.invariants import broken_invariants, broken_rows
from agentskiller_assets.errors import StorageError
from agentskiller_assets.tasks.certificate import Certifier
from agentskiller_assets.tasks.models import TaskInstance, ValidatedTask
from resources.storage.warehouse import Warehouse, default_root


def verify(
    domains: Annotated[str | None, typer.Option(help="Only these domains, separated by commas.")] = None,
) -> None:
    """Certify every stored task again, from the stored database, and compare it with what is stored."""
    warehouse = Warehouse(default_root())
    chosen = _chosen(warehouse, "validated_tasks", domains)
    faults = 0
    for domain in chosen:
        found, count = _verify(warehouse, domain)
        faults += len(found)
        for fault in found:
            complain(f"{domain}: {fault}")
        out.print(f"{domain}: {count} tasks certified again, {len(found)} faults", markup=False)
    if faults:
        raise typer.Exit(1)


def digests(
    domains: Annotated[str | None, typer.Option(help="Only these domains, separated by commas.")] = None,
) -> None:
    """Print the data version of everything that is stored, and one digest over all of it."""
    warehouse = Warehouse(default_root())
    chosen = set(_chosen(warehouse, "domain_topics", domains)) if domains else None
    _, rows = warehouse.query("SELECT asset, partition, data_version FROM materializations ORDER BY ALL")
    kept = [row for row in rows if chosen is None or row[1] in chosen]
    for asset, partition, version in kept:
        out.print(f"{version}  {asset}{f'/{partition}' if partition else ''}", markup=False, highlight=False)
    out.print(f"{digest([list(row) for row in kept])}  all of it", markup=False, highlight=False)


def _verify(warehouse: Warehouse, domain: str) -> tuple[list[str], int]:
    """Faults of one domain, and how many tasks were certified again."""
    rows = warehouse.read_database(domain)
    stored = warehouse.read_records("validated_tasks", ValidatedTask, domain)
    planned = {each.id: each for each in warehouse.read_records("instance_combos", TaskInstance, domain)}
    faults = [*broken_rows(rows), *broken_invariants(rows)]
    certifier = Certifier(open_environment(rows))
    count = 0
    try:
        for task in stored:
            instance = planned.get(task.instance.id)
            if instance is None or instance != task.instance:
                faults.append(f"{task.id} is not the instance {task.instance.id} that was planned")
                continue
            count += task.certified
            if certifier.certify(instance) != task:
                faults.append(f"{task.id} is certified otherwise than it is stored")
    finally:
        certifier.close()
    if not count:
        faults.append("there is no certified task")
    return faults, count


def _chosen(warehouse: Warehouse, asset: str, domains: str | None) -> list[str]:
    stored = [name for name in warehouse.partitions_of(asset) if warehouse.condition(asset, name) == "stored"]
    chosen = [name.strip() for name in domains.split(",") if name.strip()] if domains else stored
    for name in chosen:
        if name not in stored:
            fix = f"Run `agentskiller run --domains {name}` first."
            raise StorageError(f"domain {name!r}", f"has no stored {asset} in {warehouse.root}", fix)
    if not chosen:
        raise StorageError(str(warehouse.root), "holds nothing to look at", "Run `agentskiller run --count 6` first.")
    return chosen
