"""One service tried in memory, from its database to conversations: everything that is wrong with it, in one go.

A run stops at the first check that fails; whoever writes a pack wants to know all of it.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.authoring.procedural.catalog import topic_of
from agentskiller_assets.cli.packs import NOW
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import (
    make_blueprint,
    make_database,
    make_policy,
    make_tool_list,
    open_environment,
)
from agentskiller_assets.environment.case_finder import tried_cases
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule
from agentskiller_assets.environment.mutations import mutation_score
from agentskiller_assets.environment.promises import broken_promises
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.ontology.catalog import make_catalog_entry, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.checks import too_few_tasks, ungrounded_queries, unreadable_queries
from agentskiller_assets.tasks.models import TaskTemplate, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries

PEOPLE, ROWS, LONGEST = 400, 300, 12


def try_services(packs: Path, services: list[tuple[str, str]], seed: int, tasks: int, jobs: int) -> Iterator[list[str]]:
    """The faults of each service, given as sector and domain, in their order."""
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from pool.map(partial(_try, packs, seed, tasks), services)


def _try(packs: Path, seed: int, tasks: int, service: tuple[str, str]) -> list[str]:
    try:
        author = author_of(packs)
        _, made = make_service(author, *service, seed, tasks)
        return list(faults_of(author, made, seed))
    except AgentSkillerError as error:
        return [str(error)]


@dataclass(frozen=True)
class Service:
    """A service, or two as one, as far as its certified tasks."""

    blueprint: Blueprint
    role: str
    seed: int
    rows: EnvironmentRows
    policy: list[PolicyEntry]
    templates: list[TaskTemplate]
    certified: list[ValidatedTask]


def make_service(
    author: ProceduralAuthor, sector: str, domain: str, seed: int, tasks: int
) -> tuple[DomainTopic, Service]:
    """What the assets of a domain would hold."""
    _, pack = author.packs[sector]
    topic = make_topic(author, [make_catalog_entry(topic_of(pack, domain), 0, seed, NOW, {})], domain)
    blueprint = make_blueprint(author, topic, make_entity_graph(author, topic, make_entities(author, topic)))
    rows = make_database(author, topic, blueprint, people(seed), ROWS)
    policy, tools = make_policy(author, topic, blueprint), make_tool_graph(author, topic, blueprint)
    templates = make_templates(author, topic, blueprint, tools, policy, LONGEST)
    instances, _ = make_instances(author, topic, tools, rows, ServerModule.make_id(blueprint.id), templates, tasks)
    certified = certify(rows, instances)
    return topic, Service(blueprint, topic.role, topic.seed, rows, policy, templates, certified)


def faults_of(author: ProceduralAuthor, made: Service, seed: int) -> Iterator[str]:
    """What keeps a service from a proven server, certified tasks and passing conversations."""
    spec, environment = made.blueprint.spec, open_environment(made.rows)
    yield from _unproved(environment)
    yield from (f"task {each.id} is rejected: {each.rejection}" for each in made.certified if not each.certified)
    yield from too_few_tasks(made.certified)
    queries = make_queries(author, made.role, made.seed, spec, made.templates, made.certified, people(seed))
    yield from unreadable_queries(queries, spec)
    yield from ungrounded_queries(queries, {task.id: task for task in made.certified})
    tools = make_tool_list(made.blueprint)
    known = (queries, made.certified, made.templates, people(seed))
    cases = make_cases(spec, made.policy, tools, made.role, seed, *known)
    yield from _failed_conversations(environment, cases, made.certified, made.templates)


def _unproved(environment: Environment) -> Iterator[str]:
    """Promises that the specification does not keep, and faults that no call on these records would show."""
    cases, caught = tried_cases(environment)
    broken = broken_promises(environment, cases)
    yield from map(str, broken)
    if not broken:
        yield from map(str, cases.gaps)
        yield from (f"{survivor} survives" for survivor in mutation_score(environment, cases, caught).survivors)


def _failed_conversations(
    environment: Environment, cases: list[Case], tasks: list[ValidatedTask], templates: list[TaskTemplate]
) -> Iterator[str]:
    scripts = Scripts(environment)
    rollouts = hold_conversations(cases, environment, ScriptedAgents(scripts), ScriptedUsers(scripts))
    by_id, kinds = {task.id: task for task in tasks}, {template.id: template for template in templates}
    with Evaluator(environment) as evaluator:
        for each in rollouts:
            template = kinds[by_id[each.task].instance.template]
            found = evaluator.evaluate(each, by_id[each.task], template)
            if not found.passed:
                reasons = "; ".join(reason for part in found.parts for reason in part.reasons)
                said = next(message.content for message in each.messages if message.role == "user")
                yield f"conversation about {said!r} ({template.task_kind}): {reasons}"


@cache
def author_of(packs: Path) -> ProceduralAuthor:
    """The author of a folder of packs."""
    return ProceduralAuthor(packs)


@cache
def people(seed: int) -> list[Person]:
    """The people whom all services know."""
    return make_population(PEOPLE, seed)
