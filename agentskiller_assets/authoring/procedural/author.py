"""The procedural author: sector packs × service patterns × seed, with no model and no network."""

from collections.abc import Collection
from functools import cached_property, lru_cache
from pathlib import Path

from agentskiller_assets.authoring.drafts import (
    BridgeDraft,
    EntityDraft,
    Governance,
    Patch,
    PhraseBook,
    QueryDraft,
    QueryRequest,
    Question,
    RelationDraft,
    RepairRequest,
    Storyline,
    ToolPhrases,
    TopicDraft,
    Unsupported,
)
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.plans import SamplePlans
from agentskiller_assets.authoring.procedural.bridges import write_bridges
from agentskiller_assets.authoring.procedural.catalog import order_services
from agentskiller_assets.authoring.procedural.files import YamlFile
from agentskiller_assets.authoring.procedural.governance import write_governance
from agentskiller_assets.authoring.procedural.pack import SectorPack
from agentskiller_assets.authoring.procedural.plans import write_plans
from agentskiller_assets.authoring.procedural.service import Service, put_together, unknown_domain
from agentskiller_assets.authoring.procedural.specification import entity_tables, role_table, write_specification
from agentskiller_assets.authoring.procedural.wording import word_query
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table
from agentskiller_assets.errors import PackError

HERE = Path(__file__).parent


class ProceduralAuthor(Author):
    """Reads packs and patterns from folders; those of the package unless told otherwise.

    A malformed pack spoils only its own domains; the catalog alone needs all of them.
    """

    name = "procedural"

    def __init__(self, packs: Path = HERE / "packs", patterns: Path = HERE / "patterns") -> None:
        self._pack_folder = packs
        self._pattern_folder = patterns
        self._service = lru_cache(maxsize=64)(self._put_together)
        self._ordered = lru_cache(maxsize=8)(self._order)
        self._parsed: dict[Path, tuple[YamlFile, SectorPack] | PackError] = {}

    @cached_property
    def _read(self) -> tuple[dict[str, tuple[YamlFile, SectorPack]], list[PackError]]:
        """Sound packs by name of the sector, and the faults of the others."""
        every = [self._parse(path) for path in sorted(self._pack_folder.glob("*.yaml"))]
        if not every:
            raise PackError(str(self._pack_folder), "holds no sector packs", "Add at least one YAML file.")
        faults = [each for each in every if isinstance(each, PackError)]
        return {each[1].sector: each for each in every if not isinstance(each, PackError)}, faults

    def _parse(self, path: Path) -> tuple[YamlFile, SectorPack] | PackError:
        if path not in self._parsed:
            try:
                file = YamlFile(path)
                self._parsed[path] = file, parse_pack(file)
            except PackError as fault:
                self._parsed[path] = fault
        return self._parsed[path]

    @property
    def packs(self) -> dict[str, tuple[YamlFile, SectorPack]]:
        """All sector packs by name of the sector; the first malformed one raises its `PackError`."""
        found, faults = self._read
        if faults:
            raise faults[0]
        return found

    @cached_property
    def patterns(self) -> dict[str, YamlFile]:
        """All service patterns by name."""
        files = [YamlFile(path) for path in sorted(self._pattern_folder.glob("*.yaml"))]
        return {file.data["pattern"]: file for file in files}

    def read_all(self) -> None:
        """Reads every file now; those that are malformed stay the fault of whoever needs them."""
        _ = self._read, self.patterns

    def fingerprint(self, domain: str) -> str:
        file, pack = self._home(domain)
        entities = {name: pack.entities[name] for name in pack.services[domain].roles.values()}
        pattern = file.data["services"][domain]["pattern"]
        patterns = [self.patterns[name].data for name in ("common", pattern) if name in self.patterns]
        return digest([pack.role, entities, pack.services[domain], patterns])

    def expand_domains(self, count: int, seed: int) -> tuple[TopicDraft, ...]:
        ordered = self._ordered(seed)
        if count > len(ordered):
            fix = f"Ask for at most {len(ordered)}, or add services to a pack."
            raise PackError(f"target_domains={count}", f"the packs have only {len(ordered)} services", fix)
        return tuple(ordered[:count])

    def reach(self, domains: Collection[str], seed: int) -> int:
        return max((place for place, topic in enumerate(self._ordered(seed), 1) if topic.domain in domains), default=0)

    def most_domains(self, seed: int) -> int:
        return len(self._ordered(seed))

    def extract_entities(self, topic: TopicDraft, seed: int) -> tuple[EntityDraft, ...]:
        service = self._service(topic.domain, seed)
        role = _entity_draft(role_table(service), "role")
        return (role, *(_entity_draft(table, "entity") for table in entity_tables(service)))

    def relate_entities(self, topic: TopicDraft, seed: int) -> tuple[RelationDraft, ...]:
        service = self._service(topic.domain, seed)
        spec = write_specification(service, "2000-01-01 00:00:00")
        entities = {table.name for table in spec.tables if table.kind == "entity"}
        return tuple(
            RelationDraft(
                name=table.name,
                title=table.title,
                description=table.description,
                members=_members(spec, table, entities),
            )
            for table in spec.tables
            if table.kind == "relationship"
        )

    def write_blueprint(self, topic: TopicDraft, seed: int, simulation_time: str) -> EnvironmentSpec:
        return write_specification(self._service(topic.domain, seed), simulation_time)

    def repair(self, request: RepairRequest) -> Patch | None:
        """Its fragments come from patterns; there is no second opinion to be had."""
        return None

    def plan_samples(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> SamplePlans:
        return write_plans(self._service(topic.domain, seed), spec)

    def govern(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> Governance:
        return write_governance(self._service(topic.domain, seed), seed)

    def tell_storylines(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> tuple[Storyline, ...]:
        service = self._service(topic.domain, seed)
        present = {tool.name for tool in spec.tools}
        lines = (*service.common.storylines, *service.pattern.storylines)
        return tuple(Storyline(tools=line) for line in lines if present.issuperset(line))

    def write_phrases(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> PhraseBook:
        service = self._service(topic.domain, seed)
        return PhraseBook(
            tools={
                tool.name: ToolPhrases(requests=tool.requests, openers=tool.openers)
                for tool in service.tools
                if tool.access == "write"
            },
            questions=tuple(
                Question(tool=tool.name, **question.model_dump())
                for tool in service.tools
                for question in tool.questions
            ),
            rows=_row_phrases(service),
            unsupported=_unsupported(service),
        )

    def bridge(self, spec: EnvironmentSpec, seed: int) -> tuple[BridgeDraft, ...]:
        """One reference from the main record of the second service to the main record of the first."""
        return write_bridges(spec)

    def word_query(self, request: QueryRequest, seed: int) -> QueryDraft:
        return word_query(request, seed)

    def _order(self, seed: int) -> list[TopicDraft]:
        return order_services([pack for _, pack in self.packs.values()], seed)

    def _put_together(self, domain: str, seed: int) -> Service:
        file, pack = self._home(domain)
        return put_together(file, pack, domain, self.patterns, seed)

    def _home(self, domain: str) -> tuple[YamlFile, SectorPack]:
        """The pack that has the domain. A fault of another pack matters only when none of the sound ones has it."""
        for path in self._mentioning(domain):
            found = self._parse(path)
            if not isinstance(found, PackError) and domain in found[1].services:
                return found
        found, faults = self._read
        if faults:
            raise faults[0]
        raise unknown_domain(domain, sorted(name for _, pack in found.values() for name in pack.services))

    def _mentioning(self, domain: str) -> list[Path]:
        """Packs that have a key of this name: to parse all of them for one domain takes a second."""
        key = f"{domain}:"
        return [
            path
            for path in sorted(self._pack_folder.glob("*.yaml"))
            if any(line.strip() == key for line in path.read_text(encoding="utf-8").splitlines())
        ]


def parse_pack(file: YamlFile) -> SectorPack:
    """The pack of a file; `PackError` names the line of the first fault."""
    pack = file.parse(SectorPack)
    for key, service in pack.services.items():
        for part, entity in service.roles.items():
            if entity not in pack.entities:
                fault = f"`{part}: {entity}` is not one of the entities {sorted(pack.entities)}"
                raise file.error(("services", key, "roles", part), fault, "Name one of the pack's entities.")
    return pack


def _entity_draft(table: Table, part: str) -> EntityDraft:
    attributes: tuple[Column, ...] = tuple(column for column in table.columns if column.type not in ("id", "ref"))
    return EntityDraft(
        name=table.name,
        title=table.title,
        part="role" if part == "role" else "entity",
        description=table.description,
        id_prefix=table.id_prefix,
        key=table.key,
        attributes=attributes,
    )


def _members(spec: EnvironmentSpec, table: Table, entities: set[str]) -> tuple[str, ...]:
    """Entities that the table joins, directly or through another relationship; the role first."""
    found: list[str] = []
    for column in table.columns:
        if column.ref in entities:
            found.append(str(column.ref))
        elif column.ref:
            found.extend(_members(spec, spec.table(column.ref), entities))
    return tuple(sorted(dict.fromkeys(found), key=lambda name: name != spec.core_entity))


def _row_phrases(service: Service) -> dict[str, tuple[str, ...]]:
    rows = {service.nouns[table.noun].table: table.describe for table in service.pattern.tables if table.describe}
    for entity in service.entities.values():
        rows[entity.table] = (entity.called,)
    return rows


def _unsupported(service: Service) -> tuple[Unsupported, ...]:
    return (*service.source.unsupported, *service.pattern.unsupported, *service.common.unsupported)
