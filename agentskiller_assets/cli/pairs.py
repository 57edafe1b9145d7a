"""`agentskiller pairs`: which there are, and adding one."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from agentskiller_assets.authoring.procedural.author import HERE
from agentskiller_assets.cli.console import dagster_home, out, report_tried
from agentskiller_assets.cli.domains import STATES
from agentskiller_assets.cli.make import TIME
from agentskiller_assets.cli.options import Seed
from agentskiller_assets.errors import SchemaChangedError
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.registry import read_registry
from resources.storage.warehouse import Warehouse, default_root

app = typer.Typer(no_args_is_help=True, help="The pairs of domains: list them, or add one.")


@app.command("list")
def list_pairs() -> None:
    """List the registered pairs with what speaks for them and whether they are made."""
    warehouse = Warehouse(default_root())
    known, chosen = read_registry(warehouse.root).pairs, _catalog(warehouse)
    table = Table()
    for column in ("pair", "begins with", "people in common", "score", "state", "reason"):
        table.add_column(column)
    for pair in known:
        state = STATES[warehouse.condition("fused_queries", pair)]
        if entry := chosen.get(pair):
            table.add_row(pair, entry.first, str(entry.shared_people), f"{entry.score:.2f}", state, entry.reason)
        else:
            table.add_row(pair, "", "", "", state, "added by hand" if chosen else "the catalog is not made yet")
    out.print(table)
    if rest := [pair for pair in known if warehouse.condition("fused_queries", pair) != "stored"]:
        wanted = ",".join(pair.replace("--", "+") for pair in rest)
        out.print(f"{len(rest)} of {len(known)} are not made. Next: `agentskiller run --pairs {wanted}`", markup=False)


@app.command("add")
def add(
    one: Annotated[str, typer.Argument(metavar="A", help="A domain that a sector pack has.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    seed: Seed = 7,
) -> None:
    """Register a pair, so that it becomes a partition, and its domains. `agentskiller run` makes them."""
    dagster_home()
    from agentskiller_assets.cli.choice import check_pair, named_pairs  # noqa: PLC0415
    from agentskiller_assets.partitions import register_domains, register_pairs  # noqa: PLC0415 - brings Dagster
    from agentskiller_assets.registry import domains_of  # noqa: PLC0415
    from resources.author import open_author  # noqa: PLC0415

    (pair,) = named_pairs(f"{one}+{other}")
    check_pair(open_author(), seed, TIME, pair)
    register_domains(default_root(), domains_of(pair))
    if register_pairs(default_root(), [pair]):
        wanted = pair.replace("--", "+")
        out.print(f"added {pair}. Next: `agentskiller run --pairs {wanted}`", markup=False)
    else:
        out.print(f"{pair} is registered already", markup=False)


@app.command("try")
def try_out(
    pairs: Annotated[str | None, typer.Option(help="Only these pairs, as A+B and separated by commas.")] = None,
    seed: Seed = 7,
    tasks_per_domain: Annotated[int, typer.Option(min=10, help="Task instances planned for each domain.")] = 40,
    tasks_per_pair: Annotated[int, typer.Option(min=10, help="Task instances planned for each pair.")] = 10,
    jobs: Annotated[int, typer.Option(min=1, help="Pairs tried at the same time.")] = 2,
) -> None:
    """Make pairs in memory, all registered ones or those named, with records, tasks and conversations.

    It says all that is wrong with each.
    """
    from agentskiller_assets.cli.choice import check_pair, named_pairs  # noqa: PLC0415 - brings Dagster
    from agentskiller_assets.cli.pair_trial import try_pairs  # noqa: PLC0415 - loads everything
    from resources.author import PACKS, open_author  # noqa: PLC0415

    wanted = named_pairs(pairs) if pairs is not None else list(read_registry(default_root()).pairs)
    for pair in wanted if pairs else ():
        check_pair(open_author(), seed, TIME, pair)
    chosen = _catalog(Warehouse(default_root()))
    packs = Path(os.environ.get(PACKS) or HERE / "packs")
    known = {pair: chosen.get(pair) for pair in wanted}
    report_tried(wanted, try_pairs(packs, known, seed, tasks_per_domain, tasks_per_pair, jobs))


def _catalog(warehouse: Warehouse) -> dict[str, PairEntry]:
    if warehouse.condition("domain_pair_catalog", None) != "stored":
        return {}
    try:
        return {entry.key: entry for entry in warehouse.read_records("domain_pair_catalog", PairEntry, None)}
    except SchemaChangedError:  # of an older version; the next run makes it again
        return {}
