"""`run` and `status`."""

import contextlib
import os
import time
from typing import Annotated

import typer

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.cli.console import complain, dagster_home, out
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.errors import RegistryError, SchemaChangedError
from agentskiller_assets.registry import read_registry
from resources.storage.warehouse import Warehouse, default_root

TIME = "2026-03-02 09:00:00"
FEWEST_ROWS = 150
"""Measured over all packaged domains and eight seeds: with 100 rows or fewer, some rules have no row to refuse."""


def _enough_rows(rows: int) -> int:
    if rows < FEWEST_ROWS:
        reason = f"{rows} rows leave some rules without a row that they refuse, so their tests would prove nothing"
        raise typer.BadParameter(f"give at least {FEWEST_ROWS}. {reason}.")
    return rows


def run(
    domains: Annotated[str | None, typer.Option(help="Domains to make, separated by commas.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Make the first so many domains of the catalog.")] = None,
    seed: Annotated[int, typer.Option(envvar="AGENTSKILLER_SEED", help="The one seed.")] = 7,
    simulation_time: Annotated[str, typer.Option(help="What time it is in every environment.")] = TIME,
    population_size: Annotated[int, typer.Option(min=10, help="How many people there are.")] = 400,
    rows_per_table: Annotated[int, typer.Option(callback=_enough_rows, help="Rows of every table.")] = 300,
    tasks_per_domain: Annotated[int, typer.Option(min=10, help="Task instances planned for each domain.")] = 60,
    max_trajectory_length: Annotated[int, typer.Option(min=2, help="Longest trajectory in tool calls.")] = 12,
    jobs: Annotated[int, typer.Option(min=1, help="Domains made at the same time.")] = 2,
    force: Annotated[bool, typer.Option("--force", help="Make everything again, fresh or not.")] = False,
) -> None:
    """Make domains, from the catalog to certified queries. What is fresh already is left as it is."""
    started = time.monotonic()
    if (domains is None) == (count is None):
        raise typer.BadParameter("give either --domains or --count")
    dagster_home()
    os.environ["AGENTSKILLER_SEED"] = str(seed)
    from resources.author import open_author  # noqa: PLC0415 - brings Dagster

    author, warehouse = open_author(), Warehouse(default_root())
    chosen, target = _chosen(author, warehouse, seed, domains, count)
    settings = RunSettings(
        seed=seed,
        target_domains=target,
        simulation_time=simulation_time,
        population_size=population_size,
        rows_per_table=rows_per_table,
        tasks_per_domain=tasks_per_domain,
        max_trajectory_length=max_trajectory_length,
    )
    failed = _make(author, warehouse, settings, chosen, jobs=jobs, force=force)
    _report(warehouse, chosen, failed, time.monotonic() - started)
    if failed:
        raise typer.Exit(1)


def status(
    domains: Annotated[str | None, typer.Option(help="Only these domains, separated by commas.")] = None,
) -> None:
    """Say what is fresh, stale, missing or failed, and why."""
    dagster_home()
    from agentskiller_assets.cli.failures import latest_failures  # noqa: PLC0415
    from agentskiller_assets.cli.plan import Pipeline, states_of  # noqa: PLC0415
    from agentskiller_assets.definitions import defs  # noqa: PLC0415
    from resources.author import open_author  # noqa: PLC0415

    warehouse, author, pipeline = Warehouse(default_root()), open_author(), Pipeline(defs)
    known = read_registry(warehouse.root).domains
    chosen = _split(domains) or list(known)
    _must_be_known(chosen, known)
    failures = latest_failures(chosen)
    for domain in chosen:
        states = states_of(pipeline, warehouse, author, domain)
        kinds = [state.freshness for state in states]
        counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
        out.print(f"[bold]{domain}[/bold]: {counted}{', last run failed' if domain in failures else ''}")
        for state in states:
            if state.freshness == "stale":
                out.print(f"  {state.asset} is stale: {'; '.join(state.reasons)}", markup=False)
            elif state.freshness != "fresh" and kinds.count(state.freshness) < len(kinds):
                out.print(f"  {state.asset} is {state.freshness}", markup=False)
        for failure in failures.get(domain, ()):
            out.print(f"  failed: {failure}", style="red", markup=False)


def _chosen(
    author: Author, warehouse: Warehouse, seed: int, domains: str | None, count: int | None
) -> tuple[list[str], int]:
    """The domains to make, and how many the catalog must hold for them; registers new ones."""
    from agentskiller_assets.cli.plan import needed_count  # noqa: PLC0415
    from agentskiller_assets.partitions import register_domains  # noqa: PLC0415

    stored, known = _stored_catalog(warehouse, seed), read_registry(warehouse.root).domains
    chosen = _split(domains) if count is None else stored[:count]
    if {*chosen, *known} <= set(stored) and len(chosen) >= (count or 1):
        return chosen, len(stored)
    if count is not None:
        chosen = [draft.domain for draft in author.expand_domains(count, seed)]
    target = needed_count(author, seed, chosen, len(stored))
    with contextlib.suppress(RegistryError):  # a registered domain may have lost its pack, which is no fault of these
        # the catalog holds every registered domain, so that a backfill of all of them in the UI finds each
        target = needed_count(author, seed, known, target)
    register_domains(warehouse.root, [draft.domain for draft in author.expand_domains(target, seed)])
    return chosen, target


def _make(
    author: Author, warehouse: Warehouse, settings: RunSettings, chosen: list[str], *, jobs: int, force: bool
) -> dict[str, tuple[str, ...]]:
    """Makes what is not fresh and answers with the failures by domain."""
    from agentskiller_assets.cli.pipeline import make_catalog_assets, make_domains  # noqa: PLC0415
    from agentskiller_assets.cli.plan import Pipeline, states_of, to_make  # noqa: PLC0415
    from agentskiller_assets.definitions import defs  # noqa: PLC0415
    from agentskiller_assets.jobs import CATALOG_ASSETS  # noqa: PLC0415
    from resources.freshness import assess  # noqa: PLC0415

    pipeline = Pipeline(defs)
    wanted = [pipeline.wanted(asset, None, settings.of(asset)) for asset in CATALOG_ASSETS]
    stale = [state.asset for state in assess(warehouse, wanted) if force or state.freshness != "fresh"]
    make_catalog_assets(warehouse, settings, stale)
    work: dict[str, list[str]] = {}
    for domain in chosen:
        assets = to_make(pipeline, states_of(pipeline, warehouse, author, domain, settings))
        if force:
            assets = pipeline.of_domain
        if assets:
            work[domain] = assets
    fresh = [domain for domain in chosen if domain not in work]
    if fresh:
        out.print(f"Fresh already: {', '.join(fresh)}", markup=False)
    results = make_domains(warehouse, settings, work, jobs)
    warehouse.refresh_catalog()
    return {str(result.domain): result.failures for result in results if not result.success}


def _report(warehouse: Warehouse, chosen: list[str], failed: dict[str, tuple[str, ...]], seconds: float) -> None:
    from agentskiller_assets.cli.summary import rejections, some_query, summary_table  # noqa: PLC0415

    out.print(summary_table(warehouse, chosen))
    for line in rejections(warehouse, chosen):
        out.print(f"rejected in {line}", markup=False)
    for domain, failures in failed.items():
        complain(f"{domain} failed:")
        for failure in failures or ("see the run in the UI",):
            complain(f"  {failure}")
    query = some_query(warehouse, chosen) or "<id of a query>"
    out.print(f"{len(chosen) - len(failed)} of {len(chosen)} domains in {seconds:.0f} s")
    out.print(f"next: `make ui`, `agentskiller lineage {query}`", markup=False, highlight=False)


def _split(domains: str | None) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in (domains or "").split(",") if name.strip()))


def _must_be_known(chosen: list[str], known: tuple[str, ...]) -> None:
    for domain in chosen:
        if domain not in known:
            fix = f"Choose from: {', '.join(known)}; or add it with `agentskiller domains add {domain}`."
            raise RegistryError(f"domain {domain!r}", "is not registered", fix)


def _stored_catalog(warehouse: Warehouse, seed: int) -> list[str]:
    """Domains of the stored catalog, if it was made with this seed."""
    from agentskiller_assets.ontology.models import CatalogEntry  # noqa: PLC0415

    if warehouse.condition("domain_catalog", None) != "stored":
        return []
    try:
        entries = warehouse.read_records("domain_catalog", CatalogEntry, None)
    except SchemaChangedError:  # of an older version, and about to be made again
        return []
    return [entry.domain for entry in entries if entry.seed == seed]
