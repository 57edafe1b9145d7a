"""`export tau2`: a domain or pair as a domain of tau2-bench."""

from pathlib import Path
from typing import Annotated

import typer

from agentskiller_assets.cli.asset_names import AssetNames, assets_of
from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.folders import write_new_folder
from agentskiller_assets.environment.models import PolicyEntry
from agentskiller_assets.errors import StorageError
from agentskiller_assets.fusion.records import FusedBlueprint
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask
from agentskiller_assets.tau2.code import RUNNER
from agentskiller_assets.tau2.content import Content
from agentskiller_assets.tau2.folder import splits_of, tau2_files
from agentskiller_assets.tau2.names import domain_name
from agentskiller_assets.tau2.tasks import write_tasks
from resources.storage.faults import rebuild_command
from resources.storage.warehouse import Warehouse, default_root


def export_tau2(
    domain: Annotated[str, typer.Argument(help="The domain, or the pair `a--b`.")],
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")],
) -> None:
    """Write a domain for tau2-bench: tools, records, tasks with strict gold, splits, and a command that runs them."""
    content = _content(Warehouse(default_root()), domain)
    tasks = write_tasks(content)
    if not tasks:
        fix = f"Run {rebuild_command(domain)} to make some."
        raise StorageError(f"{assets_of(domain).queries}[{domain}]", "there is no certified task with a query", fix)
    splits = splits_of(content, tasks)
    files = tau2_files(content, tasks)
    write_new_folder(folder, files)
    parts = f"{len(splits['train'])} train, {len(splits['test'])} test"
    out.print(f"{len(tasks)} tasks ({parts}) in {len(files)} files in {folder}", markup=False, highlight=False)
    command = f"python {folder / RUNNER} run --domain {domain_name(content.spec.domain)}"
    out.print(f"next: pip install -r {folder / 'requirements.txt'}, {command}", markup=False, highlight=False)


def _content(warehouse: Warehouse, domain: str) -> Content:
    assets = assets_of(domain)
    return Content(
        rows=warehouse.read_database(domain, assets.databases),
        policy=warehouse.read_records(assets.policies, PolicyEntry, domain),
        templates=warehouse.read_records(assets.templates, TaskTemplate, domain),
        tasks=warehouse.read_records(assets.tasks, ValidatedTask, domain),
        queries=warehouse.read_records(assets.queries, Query, domain),
        population=warehouse.read_records("population", Person, None),
        seed=_seed(warehouse, domain, assets),
    )


def _seed(warehouse: Warehouse, domain: str, assets: AssetNames) -> int:
    if assets.blueprint is FusedBlueprint:
        return warehouse.read_records(assets.blueprints, FusedBlueprint, domain)[0].seed
    return warehouse.read_records("domain_topics", DomainTopic, domain)[0].seed
