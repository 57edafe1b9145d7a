"""Two demo domains with tables and tools of the same names, and what becomes of them together."""

from dataclasses import dataclass
from functools import cache, cached_property

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import make_blueprint, make_database, make_policy, make_tool_list
from agentskiller_assets.environment.models import Blueprint, PolicyEntry
from agentskiller_assets.evaluation.builds import evaluate_all
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.fusion.builds import (
    fused_content,
    make_fused_blueprint,
    make_fused_instances,
    make_fused_policy,
    make_fused_rows,
    make_fused_templates,
    make_trajectories,
)
from agentskiller_assets.fusion.content import Content
from agentskiller_assets.fusion.environments import fuse_rows, fuse_specs
from agentskiller_assets.fusion.records import FusedBlueprint, FusedTrajectory
from agentskiller_assets.ontology.catalog import make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.runtime import Environment, build_image
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.models import Query, TaskInstance, TaskTemplate, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries
from tests.world import NOW, SEED, author, proven_server, scripted_rollouts

CLINIC, PHARMACY = "clinic_appointments", "pharmacy_orders"
PAIR = f"{CLINIC}--{PHARMACY}"
LONGEST, TASKS = 20, 40


@cache
def population() -> list[Person]:
    """Everybody there is."""
    return make_population(150, SEED)


@cache
def topic_of(domain: str) -> DomainTopic:
    """The topic of one demo domain."""
    return make_topic(author(), make_catalog(author(), 6, SEED, NOW), domain)


@cache
def blueprint_of(domain: str) -> Blueprint:
    """The blueprint of one demo domain."""
    topic = topic_of(domain)
    return make_blueprint(author(), topic, make_entity_graph(author(), topic, make_entities(author(), topic)))


@cache
def rows_of(domain: str) -> EnvironmentRows:
    """One demo domain with few rows."""
    return make_database(author(), topic_of(domain), blueprint_of(domain), population(), 120)


@cache
def tasks_of(domain: str) -> list[ValidatedTask]:
    """Certified tasks of one demo domain."""
    writer, topic, blueprint, rows = author(), topic_of(domain), blueprint_of(domain), rows_of(domain)
    graph, policy = make_tool_graph(writer, topic, blueprint), make_policy(writer, topic, blueprint)
    templates = make_templates(writer, topic, blueprint, graph, policy, 12)
    return certify(rows, make_instances(writer, topic, graph, rows, proven_server(blueprint).id, templates, 60)[0])


@cache
def environment_of(domain: str) -> Environment:
    """The environment of one demo domain."""
    rows = rows_of(domain)
    return Environment(rows.spec, build_image(rows.spec, rows.rows))


@cache
def plain_rows() -> EnvironmentRows:
    """Clinic and pharmacy in one, without a bridge."""
    one, other = rows_of(CLINIC), rows_of(PHARMACY)
    return fuse_rows(fuse_specs(one.spec, other.spec), one, other)


@cache
def plain() -> Environment:
    """The environment of clinic and pharmacy in one, without a bridge."""
    return Environment(plain_rows().spec, build_image(plain_rows().spec, plain_rows().rows))


@dataclass(frozen=True)
class Pair:
    """What the assets of one pair hold."""

    blueprint: FusedBlueprint
    content: Content
    rows: EnvironmentRows
    policy: list[PolicyEntry]
    trajectories: list[FusedTrajectory]
    templates: list[TaskTemplate]
    instances: list[TaskInstance]
    tasks: list[ValidatedTask]
    queries: list[Query]

    @property
    def environment(self) -> Environment:
        """The environment of the pair."""
        return Environment(self.blueprint.spec, build_image(self.blueprint.spec, self.rows.rows))

    @cached_property
    def cases(self) -> list[Case]:
        """A conversation to be held about every query."""
        return make_cases(
            self.blueprint.spec,
            self.policy,
            make_tool_list(self.blueprint),
            self.blueprint.role,
            self.blueprint.seed,
            self.queries,
            self.tasks,
            self.templates,
            population(),
        )

    @cached_property
    def rollouts(self) -> list[Rollout]:
        """Those conversations, held by scripts."""
        return scripted_rollouts(self.cases, self.environment)

    @cached_property
    def evaluations(self) -> list[Evaluation]:
        """What they are worth."""
        return evaluate_all(self.environment, self.rollouts, self.tasks, self.templates)


@cache
def pair(first: str = CLINIC, second: str = PHARMACY) -> Pair:
    """Two demo domains together, from blueprint to queries."""
    topics = {domain: topic_of(domain) for domain in (first, second)}
    blueprints = {domain: blueprint_of(domain) for domain in (first, second)}
    tasks = {domain: tasks_of(domain) for domain in (first, second)}
    blueprint = make_fused_blueprint(author(), (first, second), topics, blueprints)
    content = fused_content(author(), blueprint, topics, blueprints)
    rows = make_fused_rows(blueprint, {domain: rows_of(domain) for domain in (first, second)})
    policy = make_fused_policy(blueprint)
    trajectories = make_trajectories(blueprint, content, blueprints, tasks, LONGEST)
    templates = make_fused_templates(blueprint, content, trajectories, policy, LONGEST)
    server = proven_server(blueprint)
    instances, _ = make_fused_instances(blueprint, content, rows, server.id, templates, TASKS)
    certified = certify(rows, instances)
    queries = make_queries(author(), blueprint.role, blueprint.seed, blueprint.spec, templates, certified, population())
    return Pair(blueprint, content, rows, policy, trajectories, templates, instances, certified, queries)
