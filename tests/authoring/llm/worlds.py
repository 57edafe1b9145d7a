"""A domain and a pair, from catalog to queries, by any author and in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import make_blueprint, make_database, make_policy
from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.fusion.builds import (
    fused_content,
    make_fused_blueprint,
    make_fused_instances,
    make_fused_policy,
    make_fused_rows,
    make_fused_templates,
    make_trajectories,
)
from agentskiller_assets.fusion.catalog import direction
from agentskiller_assets.fusion.records import FusedBlueprint
from agentskiller_assets.llm.calls import Call
from agentskiller_assets.ontology.catalog import make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.models import Query, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries
from tests.authoring.llm.careless import CarelessModel
from tests.authoring.llm.kit import calls_in
from tests.fusion.pairs import CLINIC, PHARMACY
from tests.llm.server import ModelServer
from tests.world import NOW, SEED, Clinic, proven_server

DOMAINS = 4
"""The pharmacy is the fourth domain of the catalog."""
PEOPLE, ROWS, TASKS, LONGEST = 150, 120, 30, 20


@dataclass(frozen=True)
class Half:
    """One domain of a pair."""

    topic: DomainTopic
    blueprint: Blueprint
    rows: EnvironmentRows
    tasks: list[ValidatedTask]


@dataclass(frozen=True)
class MadePair:
    """What becomes of two domains together."""

    halves: dict[str, Half]
    blueprint: FusedBlueprint
    tasks: list[ValidatedTask]
    queries: list[Query]


def make_half(author: Author, domain: str, people: Sequence[Person]) -> Half:
    """One domain with its certified tasks."""
    topic = make_topic(author, make_catalog(author, DOMAINS, SEED, NOW), domain)
    graph = make_entity_graph(author, topic, make_entities(author, topic))
    blueprint = make_blueprint(author, topic, graph)
    rows = make_database(author, topic, blueprint, people, ROWS)
    tools, policy = make_tool_graph(author, topic, blueprint), make_policy(author, topic, blueprint)
    templates = make_templates(author, topic, blueprint, tools, policy, LONGEST)
    planned, _ = make_instances(author, topic, tools, rows, proven_server(blueprint).id, templates, 2 * TASKS)
    return Half(topic, blueprint, rows, certify(rows, planned))


def make_pair(author: Author) -> MadePair:
    """The clinic and the pharmacy together, from catalog to queries."""
    people = make_population(PEOPLE, SEED)
    halves = {domain: make_half(author, domain, people) for domain in (CLINIC, PHARMACY)}
    topics = {domain: half.topic for domain, half in halves.items()}
    blueprints = {domain: half.blueprint for domain, half in halves.items()}
    order = direction(author, blueprints[CLINIC].spec, blueprints[PHARMACY].spec, SEED)
    assert order is not None
    fused = make_fused_blueprint(author, order, topics, blueprints)
    content = fused_content(author, fused, topics, blueprints)
    rows = make_fused_rows(fused, {domain: half.rows for domain, half in halves.items()})
    proven = {domain: half.tasks for domain, half in halves.items()}
    trajectories = make_trajectories(fused, content, blueprints, proven, LONGEST)
    templates = make_fused_templates(fused, content, trajectories, make_fused_policy(fused), LONGEST)
    planned, _ = make_fused_instances(fused, content, rows, proven_server(fused).id, templates, TASKS)
    tasks = certify(rows, planned)
    queries = make_queries(author, fused.role, SEED, fused.spec, templates, tasks, people)
    return MadePair(halves, fused, tasks, queries)


@dataclass(frozen=True)
class Made:
    """What one careless model was asked and what was made of its answers."""

    root: Path
    model: CarelessModel
    server: ModelServer
    clinic: Clinic
    pair: MadePair

    @property
    def calls(self) -> list[Call]:
        """Every call that was stored."""
        return [Call.model_validate_json(path.read_bytes()) for path in sorted(calls_in(self.root).folder.glob("*/*"))]
