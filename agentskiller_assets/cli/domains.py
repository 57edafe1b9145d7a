"""`agentskiller domains`: which there are, and adding some."""

import os
from typing import Annotated

import typer
from rich.table import Table

from agentskiller_assets.cli.choice import most_pairs
from agentskiller_assets.cli.console import dagster_home, out
from agentskiller_assets.cli.options import MOST_DOMAINS, MOST_PAIRS, MOST_PAIRS_PER_DOMAIN, Seed
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.registry import read_registry
from resources.storage.warehouse import Warehouse, default_root

STATES = {"stored": "made", "unfinished": "unfinished", "missing": "not made"}
app = typer.Typer(no_args_is_help=True, help="The domains: list them, or add some.")


@app.command("list")
def list_domains(seed: Seed = 7) -> None:
    """List the registered domains with where they come from and whether they are made."""
    from agentskiller_assets.cli.plan import drafts_of  # noqa: PLC0415 - brings Dagster
    from resources.author import open_author  # noqa: PLC0415

    warehouse = Warehouse(default_root())
    known = read_registry(warehouse.root).domains
    topics = drafts_of(open_author(), seed, known)
    table = Table()
    for column in ("domain", "title", "sector", "pattern", "found by", "parent", "state"):
        table.add_column(column)
    for domain in known:
        state = STATES[warehouse.condition("queries", domain)]
        if topic := topics.get(domain):
            cells = (topic.title, topic.sector_title, topic.pattern, topic.strategy, topic.parent or "", state)
        else:
            cells = ("no sector pack has it", "", "", "", "", state)
        table.add_row(domain, *cells)
    out.print(table)
    if rest := [name for name in known if name in topics and warehouse.condition("queries", name) != "stored"]:
        out.print(f"{len(rest)} of {len(known)} are not made. Next: `agentskiller run --domains {','.join(rest)}`")


@app.command("add")
def add(
    names: Annotated[list[str], typer.Argument(help="Domains that a sector pack has.")],
    seed: Seed = 7,
) -> None:
    """Register domains, so that they become partitions. `agentskiller run` makes them."""
    dagster_home()
    from agentskiller_assets.cli.plan import needed_count  # noqa: PLC0415
    from agentskiller_assets.partitions import register_domains  # noqa: PLC0415
    from resources.author import open_author  # noqa: PLC0415

    author = open_author()
    target = needed_count(author, seed, names, 0)
    added = register_domains(default_root(), [draft.domain for draft in author.expand_domains(target, seed)])
    new = [name for name in dict.fromkeys(names) if name in added]
    before = len(added) - len(new)
    others = f"{before} domain{'s' if before > 1 else ''} that the catalog has before"
    if new:
        also = f", and {others}" if len(added) > len(new) else ""
        out.print(f"added {', '.join(new)}{also}. Next: `agentskiller run --domains {','.join(new)}`", markup=False)
    else:
        also = f"; added {others}" if added else ""
        out.print(f"all of them are registered already{also}", markup=False)


@app.command("expand")
def expand(
    count: Annotated[int, typer.Option(min=1, max=MOST_DOMAINS, help="How many domains the catalog is to hold.")],
    pairs: Annotated[int, typer.Option(min=1, max=MOST_PAIRS, help="How many pairs of them.")] = 6,
    most_pairs_per_domain: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_PAIRS_PER_DOMAIN,
            help="How many pairs a domain is in at most; as many as it takes if left out.",
        ),
    ] = None,
    seed: Seed = 7,
) -> None:
    """Make the catalogs of so many domains and pairs, which become partitions: `agentskiller run` or a backfill in the
    UI makes them."""
    dagster_home()
    os.environ["AGENTSKILLER_SEED"] = str(seed)
    from agentskiller_assets.cli.make import stale_catalogs  # noqa: PLC0415
    from agentskiller_assets.cli.pipeline import make_catalog_assets  # noqa: PLC0415
    from agentskiller_assets.cli.plan import Pipeline  # noqa: PLC0415
    from agentskiller_assets.definitions import defs  # noqa: PLC0415

    most = most_pairs_per_domain or most_pairs(pairs, count)
    settings = RunSettings(seed=seed, target_domains=count, target_pairs=pairs, most_pairs_per_domain=most)
    warehouse = Warehouse(default_root())
    make_catalog_assets(warehouse, settings, stale_catalogs(Pipeline(defs), warehouse, settings))
    entries = warehouse.read_records("domain_catalog", CatalogEntry, None)
    found = warehouse.read_records("domain_pair_catalog", PairEntry, None)
    sectors, patterns = ({getattr(entry, name) for entry in entries} for name in ("sector", "pattern"))
    out.print(f"{len(entries)} domains in {len(sectors)} sectors, of {len(patterns)} patterns; {len(found)} pairs")
    if len(found) < pairs:
        out.print("No more pairs have a way across within `--most-pairs-per-domain`.")
    out.print("Next: `agentskiller run --domains A,B`, or a backfill of `domain_pipeline` in the UI (`make ui`)")
