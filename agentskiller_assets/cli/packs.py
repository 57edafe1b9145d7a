"""`agentskiller packs`: the sector packs, and what is wrong with one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from agentskiller_assets.authoring.procedural.author import HERE, ProceduralAuthor, parse_pack
from agentskiller_assets.authoring.procedural.catalog import topic_of
from agentskiller_assets.authoring.procedural.files import YamlFile
from agentskiller_assets.authoring.procedural.pack import SectorPack
from agentskiller_assets.cli.choice import split
from agentskiller_assets.cli.console import complain, out, report_tried
from agentskiller_assets.cli.options import Seed
from agentskiller_assets.cli.suggestions import choose_from
from agentskiller_assets.errors import AgentSkillerError, PackError

app = typer.Typer(no_args_is_help=True, help="Sector packs: list them, or check one.")
SEEDS = (1, 2, 3)
NOW = "2026-03-02 09:00:00"


@app.command("list")
def list_packs() -> None:
    """List the sector packs and their services."""
    from resources.author import open_author  # noqa: PLC0415 - brings Dagster

    author = open_author("procedural")
    assert isinstance(author, ProceduralAuthor)
    table = Table()
    for column in ("sector", "people", "services"):
        table.add_column(column)
    for _, pack in author.packs.values():
        services = ", ".join(f"{name} ({service.pattern})" for name, service in pack.services.items())
        table.add_row(pack.title, pack.role.title, services)
    out.print(table)


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="A pack; all packs of the package if it is left out.")] = None,
) -> None:
    """Say what is wrong with a pack, with line and fix: form, words, specification, texts."""
    paths = [file] if file else sorted((HERE / "packs").glob("*.yaml"))
    faults = [fault for path in paths for fault in pack_faults(path)]
    for fault in faults:
        complain(fault)
    if faults:
        raise typer.Exit(1)
    out.print(f"{len(paths)} packs, nothing at fault" if file is None else f"{file}: nothing at fault", markup=False)


@app.command("try")
def try_out(
    file: Annotated[Path | None, typer.Argument(help="A pack; all packs of the package if it is left out.")] = None,
    domains: Annotated[str | None, typer.Option(help="Only these services, separated by commas.")] = None,
    seed: Seed = 7,
    tasks: Annotated[int, typer.Option(min=10, help="Task instances planned for each service.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, help="Services tried at the same time.")] = 2,
) -> None:
    """Make services in memory, with records, tasks and conversations, and say all that is wrong with each."""
    from agentskiller_assets.cli.trial import try_services  # noqa: PLC0415 - loads everything

    folder = file.absolute().parent if file else HERE / "packs"
    paths = [file.absolute()] if file else sorted(folder.glob("*.yaml"))
    sectors = {
        domain: pack.sector for pack in (parse_pack(YamlFile(path)) for path in paths) for domain in pack.services
    }
    wanted = split(domains) or list(sectors)
    if unknown := sorted({*wanted} - {*sectors}):
        fault = f"{file} has no such service" if file else "no sector pack has it"
        fix = choose_from(unknown[0], sorted(sectors), "agentskiller packs list")
        raise PackError(f"domain {unknown[0]!r}", fault, fix)
    services = [(sectors[domain], domain) for domain in wanted]
    report_tried(wanted, try_services(folder, services, seed, tasks, jobs))


def pack_faults(path: Path) -> list[str]:
    """All faults of a pack's services, each put together for three seeds."""
    try:
        file = YamlFile(path)
        pack = parse_pack(file)
    except PackError as error:
        return [str(error)]
    author = ProceduralAuthor(packs=path.parent)
    found: list[str] = []
    for domain in pack.services:
        for seed in SEEDS:
            found += _service_faults(author, path, pack, domain, seed)
    return list(dict.fromkeys(found))


def _service_faults(author: ProceduralAuthor, path: Path, pack: SectorPack, domain: str, seed: int) -> list[str]:
    from agentskiller_assets.environment.builds import make_blueprint, make_policy  # noqa: PLC0415
    from agentskiller_assets.environment.checks import too_few_rules, unreadable_policy, unreadable_texts  # noqa: PLC0415
    from agentskiller_assets.ontology.catalog import make_catalog_entry, make_topic  # noqa: PLC0415
    from agentskiller_assets.ontology.checks import attribute_faults, badly_named, unconnected  # noqa: PLC0415
    from agentskiller_assets.ontology.entities import make_entities, make_entity_graph  # noqa: PLC0415

    try:
        draft = topic_of(pack, domain)
        topic = make_topic(author, [make_catalog_entry(draft, 0, seed, NOW, {})], domain)
        entities = make_entities(author, topic)
        graph = make_entity_graph(author, topic, entities)
        blueprint = make_blueprint(author, topic, graph)
        author.plan_samples(draft, seed, blueprint.spec)
        policy = make_policy(author, topic, blueprint)
    except AgentSkillerError as error:
        return [str(error)]
    found = [*badly_named(topic), *attribute_faults(entities), *unconnected(graph, [e.name for e in entities])]
    found += [*too_few_rules(blueprint), *unreadable_texts(blueprint), *unreadable_policy(policy, blueprint)]
    return [f"{path} {domain}: {fault}. Correct it in the pack." for fault in found]
