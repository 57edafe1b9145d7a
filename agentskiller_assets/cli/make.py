"""`run`."""

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.cli.choice import Choice, choose, made_before
from agentskiller_assets.cli.console import complain, dagster_home, out
from agentskiller_assets.cli.options import MOST_DOMAINS, Seed, SimulationTime
from agentskiller_assets.cli.runs import Failed
from agentskiller_assets.cli.settings import AsMade, RunSettings, Settings, of_catalogs
from agentskiller_assets.cli.workers import Workers
from agentskiller_assets.dataset.models import SplitBy
from agentskiller_assets.registry import domains_of
from resources.storage.warehouse import Warehouse, default_root

if TYPE_CHECKING:
    from agentskiller_assets.cli.pipeline import Piece
    from agentskiller_assets.cli.plan import Pipeline

TIME = "2026-03-02 09:00:00"
MOST_ROWS = 20_000
FEWEST_ROWS = 150
"""Measured over all packaged domains and eight seeds: with 100 rows or fewer, some rules have no row to refuse."""


def _enough_rows(rows: int) -> int:
    if rows < FEWEST_ROWS:
        reason = f"{rows} rows leave some rules without a row that they refuse, so their tests would prove nothing"
        raise typer.BadParameter(f"give at least {FEWEST_ROWS}. {reason}.")
    if rows > MOST_ROWS:
        raise typer.BadParameter(f"give at most {MOST_ROWS}")
    return rows


def run(
    context: typer.Context,
    domains: Annotated[str | None, typer.Option(help="Domains to make, separated by commas.")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=MOST_DOMAINS, help="Make the first so many domains of the catalog.")
    ] = None,
    pairs: Annotated[
        str | None, typer.Option(help="How many pairs of the catalog to make, or which: A+B, separated by commas.")
    ] = None,
    seed: Seed = 7,
    simulation_time: SimulationTime = TIME,
    population_size: Annotated[int, typer.Option(min=10, max=100_000, help="How many people there are.")] = 400,
    rows_per_table: Annotated[int, typer.Option(callback=_enough_rows, help="Rows of every table.")] = 300,
    tasks_per_domain: Annotated[
        int, typer.Option(min=10, max=100_000, help="Task instances planned for each domain.")
    ] = 60,
    tasks_per_pair: Annotated[
        int, typer.Option(min=10, max=100_000, help="Task instances planned for each pair.")
    ] = 60,
    max_trajectory_length: Annotated[int, typer.Option(min=2, max=40, help="Longest trajectory in tool calls.")] = 12,
    rollouts_per_query: Annotated[int, typer.Option(min=1, max=64, help="Conversations about every query.")] = 1,
    split_by: Annotated[
        SplitBy, typer.Option(help="Splits of the dataset: by `group` of domains in pairs, or by `domain`.")
    ] = "group",
    decontaminate_against: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="File with texts that no example may overlap with; may be repeated."
        ),
    ] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Make what is not fresh of what was made before, with the settings of then.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Domains and pairs made at the same time.")] = 2,
    force: Annotated[bool, typer.Option("--force", help="Make everything again, fresh or not.")] = False,
) -> None:
    """Make domains, from the catalog to evaluated conversations, pairs of them, and the dataset of what passed."""
    started = time.monotonic()
    named = [each for each in (domains, count, pairs) if each is not None]
    if (domains is not None and count is not None) or bool(named) == stale:
        raise typer.BadParameter("give either --domains or --count, or --pairs with or without one of them, or --stale")
    settings = RunSettings(
        seed=seed,
        target_domains=count or 1,
        simulation_time=simulation_time,
        population_size=population_size,
        rows_per_table=rows_per_table,
        tasks_per_domain=tasks_per_domain,
        max_trajectory_length=max_trajectory_length,
        tasks_per_pair=tasks_per_pair,
        rollouts_per_query=rollouts_per_query,
        split_by=split_by,
        decontaminate_against=[str(path.absolute()) for path in decontaminate_against or ()],
    )
    warehouse, workers = Warehouse(default_root()), Workers(jobs)
    if stale:
        _refuse_settings(context)
        domains, pairs = made_before(warehouse)
        settings = of_catalogs(warehouse, settings)
    dagster_home()
    os.environ["AGENTSKILLER_SEED"] = str(settings.seed)
    if force or warehouse.materialization("domain_catalog", None) is None:
        workers.load()
    from resources.author import open_author  # noqa: PLC0415 - brings Dagster

    author = open_author()
    choice = choose(author, warehouse, settings, domains, count, pairs)
    targets = {name: getattr(choice, name) for name in ("target_domains", "target_pairs", "most_pairs_per_domain")}
    with workers:
        settings = settings.model_copy(update=targets)
        failed = _make(author, warehouse, settings, choice, workers, stale=stale, force=force)
    _report(warehouse, choice, failed, time.monotonic() - started)
    if failed:
        raise typer.Exit(1)


def _refuse_settings(context: typer.Context) -> None:
    """What is stale is made again with the settings that it was made with."""
    for name in sorted(context.params.keys() & RunSettings.model_fields):
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            fix = f"leave out {option}, or name what to make with it by --domains, --count or --pairs"
            raise typer.BadParameter(f"--stale makes everything with the settings that it was made with: {fix}")


def _make(
    author: Author,
    warehouse: Warehouse,
    settings: RunSettings,
    choice: Choice,
    workers: Workers,
    *,
    stale: bool,
    force: bool,
) -> Failed:
    """Makes what is not fresh, and answers with the failures."""
    from agentskiller_assets.cli.pipeline import make_catalog_assets, make_pieces  # noqa: PLC0415
    from agentskiller_assets.cli.plan import Pipeline  # noqa: PLC0415
    from agentskiller_assets.definitions import defs  # noqa: PLC0415

    pipeline = Pipeline(defs)
    if catalogs := stale_catalogs(pipeline, warehouse, settings, force):
        workers.get_ready(len(choice.domains) + len(choice.pairs))
    make_catalog_assets(warehouse, settings, catalogs, workers)
    used = AsMade(warehouse, settings) if stale else settings
    failed = make_pieces(warehouse, used, _pieces(pipeline, author, warehouse, used, choice, force), workers)
    warehouse.refresh_catalog()
    return failed | _make_dataset(pipeline, warehouse, used, workers, force=force)


def _pieces(
    pipeline: "Pipeline", author: Author, warehouse: Warehouse, settings: Settings, choice: Choice, force: bool
) -> "list[Piece]":
    """Every domain and pair; a pair is made from what its domains are by then."""
    from agentskiller_assets.cli.pipeline import Piece  # noqa: PLC0415
    from agentskiller_assets.cli.plan import Work, pair_states_of, states_of, to_make  # noqa: PLC0415

    def of_domain(domain: str) -> Work:
        if force:
            return Work(pipeline.of_domain, pipeline.of_domain)
        return to_make(pipeline, states_of(pipeline, warehouse, author, domain, settings))

    def of_pair(pair: str) -> Work:
        if force:
            return Work(pipeline.of_pair, pipeline.of_pair)
        return to_make(pipeline, pair_states_of(pipeline, warehouse, pair, settings))

    domains = [Piece(domain, "domain_pipeline", partial(of_domain, domain)) for domain in choice.domains]
    return [*domains, *(Piece(pair, "fusion", partial(of_pair, pair), domains_of(pair)) for pair in choice.pairs)]


def _make_dataset(
    pipeline: "Pipeline", warehouse: Warehouse, settings: Settings, workers: Workers, *, force: bool
) -> Failed:
    """The dataset of all conversations that there are, if any of them is new."""
    from agentskiller_assets.cli.pipeline import make_dataset_assets  # noqa: PLC0415
    from agentskiller_assets.cli.plan import dataset_states_of, to_make  # noqa: PLC0415

    stale = pipeline.of_all if force else to_make(pipeline, dataset_states_of(pipeline, warehouse, settings)).all
    if not stale or not warehouse.partitions_of("rollouts"):
        return {}
    result = make_dataset_assets(settings, stale, workers)
    warehouse.refresh_catalog()
    return {} if result.success else {"dataset": result.failures}


def stale_catalogs(pipeline: "Pipeline", warehouse: Warehouse, settings: RunSettings, force: bool = False) -> list[str]:
    """The catalogs to make; that of pairs is made from the others."""
    from agentskiller_assets.jobs import CATALOG_ASSETS  # noqa: PLC0415
    from resources.freshness import assess  # noqa: PLC0415

    wanted = [pipeline.wanted(asset, None, settings.of(asset)) for asset in CATALOG_ASSETS]
    stale = [state.asset for state in assess(warehouse, wanted) if force or state.freshness != "fresh"]
    return list(dict.fromkeys([*stale, CATALOG_ASSETS[-1]])) if stale else []


def _report(warehouse: Warehouse, choice: Choice, failed: Failed, seconds: float) -> None:
    from agentskiller_assets.cli.summary import dataset_line, pair_table, rejections, some_record, summary_table  # noqa: PLC0415

    out.print(summary_table(warehouse, choice.domains))
    if choice.pairs:
        out.print(pair_table(warehouse, choice.pairs))
    for line in rejections(warehouse, [*choice.domains, *choice.pairs]):
        out.print(f"rejected in {line}", markup=False)
    for partition, failures in failed.items():
        complain(f"{partition} failed:")
        for failure in failures or ("see the run in the UI",):
            complain(f"  {failure}")
    query = some_record(warehouse, "queries", choice.domains, choice.pairs) or "<id of a query>"
    rollout = some_record(warehouse, "rollouts", choice.domains, choice.pairs) or "<id of a rollout>"
    done = [
        f"{sum(each not in failed for each in chosen)} of {len(chosen)} {kind}"
        for kind, chosen in (("domains", choice.domains), ("pairs", choice.pairs))
        if chosen
    ]
    if line := dataset_line(warehouse):
        out.print(line, markup=False)
    out.print(f"{' and '.join(done)} in {seconds:.0f} s")
    next_ones = f"`make ui`, `agentskiller lineage {query}`, `agentskiller replay {rollout}`"
    out.print(f"next: {next_ones}", markup=False, highlight=False)
