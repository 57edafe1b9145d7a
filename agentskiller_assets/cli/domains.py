"""`agentskiller domains`: which there are, and adding some."""

from typing import Annotated

import typer
from rich.table import Table

from agentskiller_assets.cli.console import dagster_home, out
from agentskiller_assets.registry import read_registry
from resources.storage.warehouse import Warehouse, default_root

STATES = {"stored": "made", "unfinished": "unfinished", "missing": "not made"}
app = typer.Typer(no_args_is_help=True, help="The domains: list them, or add some.")


@app.command("list")
def list_domains(seed: Annotated[int, typer.Option(envvar="AGENTSKILLER_SEED", help="The one seed.")] = 7) -> None:
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
    names: Annotated[list[str] | None, typer.Argument(help="Domains that a sector pack has.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Register the first so many of the catalog.")] = None,
    seed: Annotated[int, typer.Option(envvar="AGENTSKILLER_SEED", help="The one seed.")] = 7,
) -> None:
    """Register domains, so that they become partitions. `agentskiller run` makes them."""
    if bool(names) == (count is not None):
        raise typer.BadParameter("give either names or --count")
    dagster_home()
    from agentskiller_assets.cli.plan import needed_count  # noqa: PLC0415
    from agentskiller_assets.partitions import register_domains  # noqa: PLC0415
    from resources.author import open_author  # noqa: PLC0415

    author = open_author()
    target = count if count is not None else needed_count(author, seed, names or [], 0)
    added = register_domains(default_root(), [draft.domain for draft in author.expand_domains(target, seed)])
    if added:
        out.print(f"added {', '.join(added)}. Next: `agentskiller run --domains {','.join(added)}`", markup=False)
    else:
        out.print("all of them are registered already", markup=False)
