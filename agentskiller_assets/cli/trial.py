"""One service tried in memory, from its database to conversations: everything that is wrong with it, in one go.

A run stops at the first check that fails; whoever writes a pack wants to know all of it.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.authoring.procedural.catalog import topic_of
from agentskiller_assets.cli.packs import NOW
from agentskiller_assets.environment.builds import (
    make_blueprint,
    make_database,
    make_policy,
    make_tool_list,
    open_environment,
)
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.models import ServerModule
from agentskiller_assets.environment.mutations import mutation_score
from agentskiller_assets.environment.promises import broken_promises
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.ontology.catalog import make_catalog_entry, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import Person
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.checks import ungrounded_queries, unreadable_queries
from agentskiller_assets.tasks.models import TaskTemplate, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries

PEOPLE, ROWS, LONGEST = 400, 300, 12


def try_services(packs: Path, services: list[tuple[str, str]], seed: int, tasks: int, jobs: int) -> Iterator[list[str]]:
    """The faults of each service, given as sector and domain, in their order."""
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from pool.map(partial(_try, packs, seed, tasks), services)


def _try(packs: Path, seed: int, tasks: int, service: tuple[str, str]) -> list[str]:
    try:
        return list(faults_of(_author(packs), *service, seed, tasks))
    except AgentSkillerError as error:
        return [str(error)]


def faults_of(author: ProceduralAuthor, sector: str, domain: str, seed: int, tasks: int) -> Iterator[str]:
    """What keeps a service from certified tasks with passing conversations."""
    _, pack = author.packs[sector]
    topic = make_topic(author, [make_catalog_entry(topic_of(pack, domain), 0, seed, NOW, {})], domain)
    blueprint = make_blueprint(author, topic, make_entity_graph(author, topic, make_entities(author, topic)))
    people = _people(seed)
    rows = make_database(author, topic, blueprint, people, ROWS)
    policy, environment = make_policy(author, topic, blueprint), open_environment(rows)
    yield from _unproved(environment)
    tools = make_tool_graph(author, topic, blueprint)
    templates = make_templates(author, topic, blueprint, tools, policy, LONGEST)
    instances, _ = make_instances(author, topic, tools, rows, ServerModule.make_id(blueprint.id), templates, tasks)
    certified = certify(rows, instances)
    yield from (f"task {each.id} is rejected: {each.rejection}" for each in certified if not each.certified)
    queries = make_queries(author, topic.role, topic.seed, blueprint.spec, templates, certified, people)
    yield from unreadable_queries(queries, blueprint.spec)
    yield from ungrounded_queries(queries, {task.id: task for task in certified})
    tool_list = make_tool_list(blueprint)
    cases = make_cases(blueprint.spec, policy, tool_list, topic.role, seed, queries, certified, templates, people)
    yield from _failed_conversations(environment, cases, certified, templates)


def _unproved(environment: Environment) -> Iterator[str]:
    """Promises that the specification does not keep, and faults that no call on these records would show."""
    cases = find_cases(environment)
    broken = broken_promises(environment, cases)
    yield from map(str, broken)
    if not broken:
        yield from map(str, cases.gaps)
        yield from (f"{survivor} survives" for survivor in mutation_score(environment, cases).survivors)


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
def _author(packs: Path) -> ProceduralAuthor:
    return ProceduralAuthor(packs)


@cache
def _people(seed: int) -> list[Person]:
    return make_population(PEOPLE, seed)
