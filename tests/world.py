"""One small world, from population to queries, in memory: the clinic whose patients book appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.authoring.procedural.catalog import topic_of
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.builds import (
    make_blueprint,
    make_database,
    make_policy,
    make_tool_list,
    open_environment,
)
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, ToolEntry
from agentskiller_assets.evaluation.builds import evaluate_all
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.ontology.catalog import make_catalog, make_catalog_entry, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import CatalogEntry, DomainTopic, Entity, EntityGraph, Person
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.models import Query, TaskInstance, TaskTemplate, ToolGraph, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries

DOMAIN = "clinic_appointments"
NOW = "2026-03-02 09:00:00"
SEED = 7
PEOPLE, ROWS, INSTANCES, LONGEST = 120, 80, 40, 12


@dataclass(frozen=True)
class Clinic:
    """What every asset of the clinic's partition holds, under the asset's key."""

    author: Author
    population: list[Person]
    domain_catalog: list[CatalogEntry]
    domain_topics: DomainTopic
    entities: list[Entity]
    entity_graph: EntityGraph
    blueprints: Blueprint
    tool_lists: list[ToolEntry]
    databases: EnvironmentRows
    policies: list[PolicyEntry]
    mcp_servers: ServerModule
    tool_graphs: ToolGraph
    task_templates: list[TaskTemplate]
    instance_combos: list[TaskInstance]
    validated_tasks: list[ValidatedTask]
    queries: list[Query]

    @property
    def spec(self) -> EnvironmentSpec:
        """The specification of the clinic's service."""
        return self.blueprints.spec

    @property
    def environment(self) -> Environment:
        """The clinic's environment; sessions are forked from it."""
        return open_environment(self.databases)

    def asset(self, key: str) -> Any:
        """What the asset with this key holds."""
        return getattr(self, key)

    @cached_property
    def cases(self) -> list[Case]:
        """A conversation to be held about every query."""
        return make_cases(
            self.spec,
            self.policies,
            self.tool_lists,
            self.domain_topics.role,
            self.domain_topics.seed,
            self.queries,
            self.validated_tasks,
            self.task_templates,
            self.population,
        )

    @cached_property
    def rollouts(self) -> list[Rollout]:
        """Those conversations, held by scripts."""
        return scripted_rollouts(self.cases, self.environment)

    @cached_property
    def evaluations(self) -> list[Evaluation]:
        """What they are worth."""
        return evaluate_all(self.environment, self.rollouts, self.validated_tasks, self.task_templates)

    def planned(self, templates: Sequence[TaskTemplate], wanted: int) -> list[TaskInstance]:
        """About so many instances of these templates alone."""
        found, _ = make_instances(
            self.author,
            self.domain_topics,
            self.tool_graphs,
            self.databases,
            self.mcp_servers.id,
            templates,
            wanted,
        )
        return found

    def task(self, kind: str) -> ValidatedTask:
        """The first task of a kind."""
        return next(task for task in self.validated_tasks if task.task_kind == kind)

    def instance(self, kind: str) -> TaskInstance:
        """The instance of the first task of a kind."""
        return self.task(kind).instance


@cache
def author() -> ProceduralAuthor:
    """The author of the shipped packs and patterns."""
    return ProceduralAuthor()


@cache
def clinic(seed: int = SEED, instances: int = INSTANCES) -> Clinic:
    """The clinic as this seed makes it: 120 people, 80 rows in every table."""
    return make_clinic(author(), sum(len(pack.services) for _, pack in author().packs.values()), seed, instances)


def make_clinic(writer: Author, services: int, seed: int = SEED, instances: int = INSTANCES) -> Clinic:
    """The clinic by this author, in a catalog of so many services."""
    population = make_population(PEOPLE, seed)
    catalog = make_catalog(writer, services, seed, NOW)
    topic = make_topic(writer, catalog, DOMAIN)
    entities = make_entities(writer, topic)
    graph = make_entity_graph(writer, topic, entities)
    blueprint = make_blueprint(writer, topic, graph)
    rows = make_database(writer, topic, blueprint, population, ROWS)
    policy = make_policy(writer, topic, blueprint)
    server = proven_server(blueprint)
    tools = make_tool_graph(writer, topic, blueprint)
    templates = make_templates(writer, topic, blueprint, tools, policy, LONGEST)
    planned, _ = make_instances(writer, topic, tools, rows, server.id, templates, instances)
    tasks = certify(rows, planned)
    return Clinic(
        author=writer,
        population=population,
        domain_catalog=catalog,
        domain_topics=topic,
        entities=entities,
        entity_graph=graph,
        blueprints=blueprint,
        tool_lists=make_tool_list(blueprint),
        databases=rows,
        policies=policy,
        mcp_servers=server,
        tool_graphs=tools,
        task_templates=templates,
        instance_combos=planned,
        validated_tasks=tasks,
        queries=make_queries(writer, topic.role, topic.seed, blueprint.spec, templates, tasks, population),
    )


def service(domain: str, people: int, rows: int) -> Environment:
    """Any service of the packs, with so many people and so many rows in every table."""
    writer = author()
    pack = next(pack for _, pack in writer.packs.values() if domain in pack.services)
    topic = make_topic(writer, [make_catalog_entry(topic_of(pack, domain), 0, SEED, NOW, {})], domain)
    blueprint = make_blueprint(writer, topic, make_entity_graph(writer, topic, make_entities(writer, topic)))
    return open_environment(make_database(writer, topic, blueprint, make_population(people, SEED), rows))


def scripted_rollouts(cases: list[Case], environment: Environment) -> list[Rollout]:
    """What scripted agents and users say in these cases."""
    scripts = Scripts(environment)
    return hold_conversations(cases, environment, ScriptedAgents(scripts), ScriptedUsers(scripts))


def proven_server(blueprint: Blueprint) -> ServerModule:
    """The record of a server whose tests passed, without a subprocess."""
    return ServerModule(
        id=ServerModule.make_id(blueprint.id),
        parents=(blueprint.id,),
        domain=blueprint.domain,
        module="def build_server(): ...\n",
        tests="def test_server(): ...\n",
        passed=40,
        failed=0,
        failures=(),
        gaps=(),
        mutants=12,
        caught=12,
        survivors=(),
    )
