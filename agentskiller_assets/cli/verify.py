"""`verify` and `digests`: what is stored, proved and compared again in a fresh process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from agentskiller_assets.cli.choice import named_pairs, split
from agentskiller_assets.cli.console import complain, out
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.dataset.models import Example
from agentskiller_assets.dataset.replays import example_fault
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.invariants import broken_invariants, broken_rows
from agentskiller_assets.errors import StorageError
from agentskiller_assets.evaluation.replays import remake
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.runtime import Environment, Session, state_digest
from agentskiller_assets.tasks.certificate import Certifier
from agentskiller_assets.tasks.models import TaskInstance, ValidatedTask
from resources.integrity import broken, stored_twice
from resources.storage.faults import rebuild_command
from resources.storage.warehouse import Warehouse, default_root


@dataclass(frozen=True)
class _Assets:
    """Where tasks are kept, what they were planned as, and what they are about."""

    tasks: str
    instances: str
    databases: str
    first: str
    """The asset that a partition begins with."""
    rollouts: str


_OF_DOMAIN = _Assets("validated_tasks", "instance_combos", "databases", "domain_topics", "rollouts")
_OF_PAIR = _Assets(
    "fused_validated_tasks", "fused_instance_combos", "fused_databases", "fused_blueprints", "fused_rollouts"
)
Domains = Annotated[str | None, typer.Option(help="Only these domains, separated by commas.")]
Pairs = Annotated[str | None, typer.Option(help="Only these pairs, as A+B and separated by commas.")]


def verify(
    domains: Domains = None,
    pairs: Pairs = None,
    rollouts: Annotated[
        bool, typer.Option("--rollouts", help="Make the calls of every conversation and example again instead.")
    ] = False,
) -> None:
    """Certify every stored task again, from the stored database, and compare it with what is stored.

    Before that, whatever was lost, damaged, half-written or stored twice is named.
    """
    warehouse = Warehouse(default_root())
    everything = domains is None and pairs is None
    faults = _complain_of_storage(warehouse, None if everything else {*split(domains), *named_pairs(pairs)})
    chosen = _chosen(warehouse, domains, pairs, lambda assets: assets.rollouts if rollouts else assets.tasks)
    examples = _examples(warehouse) if rollouts else {}
    for partition, assets in chosen:
        try:
            if rollouts:
                found, done = _make_again(warehouse, partition, assets, examples.pop(partition, []))
            else:
                found, done = _verify(warehouse, partition, assets)
        except StorageError as error:  # of this one alone
            found, done = [str(error)], "nothing made"
        faults += len(found)
        for fault in found:
            complain(f"{partition}: {fault}")
        out.print(f"{partition}: {done} again, {len(found)} faults", markup=False)
    if examples and everything:
        faults += len(examples)
        complain(f"there are examples, but no conversations, of {', '.join(sorted(examples))}")
    if faults:
        raise typer.Exit(1)


def digests(domains: Domains = None, pairs: Pairs = None) -> None:
    """Print the data version of everything that is stored, and one digest over all of it."""
    warehouse = Warehouse(default_root())
    limited = domains is not None or pairs is not None
    chosen = {each for each, _ in _chosen(warehouse, domains, pairs, lambda assets: assets.first)} if limited else None
    _, rows = warehouse.query("SELECT asset, partition, data_version FROM materializations ORDER BY ALL")
    kept = [row for row in rows if chosen is None or row[1] in chosen]
    for asset, partition, version in kept:
        out.print(f"{version}  {asset}{f'/{partition}' if partition else ''}", markup=False, highlight=False)
    out.print(f"{digest([list(row) for row in kept])}  all of it", markup=False, highlight=False)


def _complain_of_storage(warehouse: Warehouse, only: set[str] | None) -> int:
    """Names what is wrong with files and sidecars, of some domains and pairs or of all; how much that is."""
    places = [place for place in warehouse.places() if only is None or place[1] in only]
    found = list(dict.fromkeys(broken(warehouse, places)))
    if places and not found and only is None:
        found = list(stored_twice(warehouse))
    for fault in found:
        complain(fault)
    out.print(f"{len(places)} materializations looked at, {len(found)} faults", markup=False)
    return len(found)


def _verify(warehouse: Warehouse, partition: str, assets: _Assets) -> tuple[list[str], str]:
    """Faults of one domain or pair, and how many tasks were certified."""
    rows = warehouse.read_database(partition, assets.databases)
    stored = warehouse.read_records(assets.tasks, ValidatedTask, partition)
    planned = {each.id: each for each in warehouse.read_records(assets.instances, TaskInstance, partition)}
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
    return faults, f"{count} tasks certified"


def _make_again(
    warehouse: Warehouse, partition: str, assets: _Assets, examples: Sequence[Example]
) -> tuple[list[str], str]:
    """Faults of the conversations and examples of one domain or pair, and how many were made."""
    environment = open_environment(warehouse.read_database(partition, assets.databases))
    stored = warehouse.read_records(assets.rollouts, Rollout, partition)
    ends = {rollout.id: rollout.final_digest for rollout in stored}
    with environment.fork() as session:
        faults = [fault for rollout in stored for fault in _rollout_faults(environment, session, rollout)]
        for example in examples:
            if example.parents[0] not in ends:
                faults.append(f"{example.id}: its conversation {example.parents[0]} is not stored")
            elif fault := example_fault(session, example, ends[example.parents[0]]):
                faults.append(fault)
    return faults, f"{len(stored)} conversations and {len(examples)} examples made"


def _rollout_faults(environment: Environment, session: Session, rollout: Rollout) -> list[str]:
    if (rollout.environment_digest, rollout.initial_digest) != (environment.digest, environment.base_digest):
        return [f"{rollout.id}: it was held in another environment than the one that is stored"]
    remade = remake(session, rollout)
    faults = [f"{rollout.id}: {fault}" for fault in remade.faults]
    if not faults and state_digest(remade.diff) != rollout.final_digest:
        faults.append(f"{rollout.id}: its calls come to another final digest than the recorded one")
    return faults


def _examples(warehouse: Warehouse) -> dict[str, list[Example]]:
    """The examples of every domain and pair, if a dataset is stored."""
    found: dict[str, list[Example]] = {}
    if warehouse.condition("training_dataset", None) == "stored":
        for example in warehouse.read_records("training_dataset", Example, None):
            found.setdefault(example.domain, []).append(example)
    return found


def _chosen(
    warehouse: Warehouse, domains: str | None, pairs: str | None, asset_of: Callable[[_Assets], str]
) -> list[tuple[str, _Assets]]:
    """The named domains and pairs, or all that are stored."""
    everything = domains is None and pairs is None
    chosen: list[tuple[str, _Assets]] = []
    for assets, kind, named in ((_OF_DOMAIN, "domain", split(domains)), (_OF_PAIR, "pair", named_pairs(pairs))):
        asset = asset_of(assets)
        stored = [name for name in warehouse.partitions_of(asset) if warehouse.condition(asset, name) == "stored"]
        for name in named:
            if name not in stored:
                fix = f"Run {rebuild_command(name)} first."
                raise StorageError(f"{kind} {name!r}", f"has no stored {asset} in {warehouse.root}", fix)
        chosen += [(name, assets) for name in (stored if everything else named)]
    if not chosen:
        raise StorageError(str(warehouse.root), "holds nothing to look at", "Run `agentskiller run --count 6` first.")
    return chosen
