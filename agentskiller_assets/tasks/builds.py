"""From templates to queries: what the assets of the tasks do, without Dagster."""

from collections import Counter
from collections.abc import Sequence

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.environment.builds import open_environment, rules_used
from agentskiller_assets.environment.models import Blueprint, PolicyEntry
from agentskiller_assets.errors import PlanningError
from agentskiller_assets.ontology.models import DomainTopic
from agentskiller_assets.tasks.certificate import Certifier
from agentskiller_assets.tasks.graph import build_graph
from agentskiller_assets.tasks.models import TaskInstance, TaskTemplate, ToolGraph, ValidatedTask
from agentskiller_assets.tasks.planner import Planner
from agentskiller_assets.tasks.templates import TemplateWriter
from agentskiller_assets.tasks.world import World

FEWEST_TASKS = 10
FEWEST_KINDS = 3


def make_tool_graph(author: Author, topic: DomainTopic, blueprint: Blueprint) -> ToolGraph:
    """The graph of a domain's tools."""
    storylines = author.tell_storylines(topic.draft(), topic.seed, blueprint.spec)
    return build_graph(blueprint.spec, storylines, [blueprint.id], author.calls_of(*storylines))


def make_templates(
    author: Author,
    topic: DomainTopic,
    blueprint: Blueprint,
    graph: ToolGraph,
    policy: Sequence[PolicyEntry],
    longest: int,
) -> list[TaskTemplate]:
    """All templates of a domain; each has the clauses of the rules that it rests on among its parents."""
    phrases = author.write_phrases(topic.draft(), topic.seed, blueprint.spec)
    storylines = author.tell_storylines(topic.draft(), topic.seed, blueprint.spec)
    calls = author.calls_of(phrases)
    templates = TemplateWriter(blueprint.spec, graph, phrases, longest).write(storylines)
    return resting_on(policy, [each.model_copy(update={"parents": (*each.parents, *calls)}) for each in templates])


def resting_on(policy: Sequence[PolicyEntry], templates: Sequence[TaskTemplate]) -> list[TaskTemplate]:
    """The templates in their order, each with the clauses of its rules among its parents."""
    return [
        template.model_copy(
            update={
                "parents": (*template.parents, *rules_used(policy, template.trajectory, template.refusal)),
                "position": position,
            }
        )
        for position, template in enumerate(templates)
    ]


def make_instances(
    author: Author,
    topic: DomainTopic,
    graph: ToolGraph,
    rows: EnvironmentRows,
    server: str,
    templates: Sequence[TaskTemplate],
    wanted: int,
) -> tuple[list[TaskInstance], Counter[str]]:
    """About `wanted` instances, spread over all templates, and why candidates were dropped. `server` is the id of the
    one that they will be called on."""
    return plan_instances(open_world(author, topic, graph, rows), templates, wanted, (server, rows.id))


def open_world(author: Author, topic: DomainTopic, graph: ToolGraph, rows: EnvironmentRows) -> World:
    """One domain to plan in: its environment, and how its author draws values and describes rows."""
    return World(
        environment=open_environment(rows),
        graph=graph,
        plans=author.plan_samples(topic.draft(), topic.seed, rows.spec),
        phrases=author.write_phrases(topic.draft(), topic.seed, rows.spec),
        seed=topic.seed,
    )


def plan_instances(
    world: World,
    templates: Sequence[TaskTemplate],
    wanted: int,
    parents: tuple[str, ...],
    first: Sequence[TaskTemplate] = (),
) -> tuple[list[TaskInstance], Counter[str]]:
    """About `wanted` instances in one world, with these further parents, and why candidates were dropped.

    However few are wanted, templates that come `first` are among them.
    """
    planner = Planner(world)
    try:
        found = _spread(planner, templates, first, wanted, world.seed)
    finally:
        planner.close()
    return [
        instance.model_copy(update={"position": position, "parents": (*instance.parents, *parents)})
        for position, instance in enumerate(found)
    ], planner.dropped


def _spread(
    planner: Planner, templates: Sequence[TaskTemplate], first: Sequence[TaskTemplate], wanted: int, seed: int
) -> list[TaskInstance]:
    """Kinds take turns, templates of a kind too: a short list of tasks is as varied as a long one."""
    queues: dict[str, list[TaskTemplate]] = {}
    for template in templates:
        if template not in first:
            queues.setdefault(template.task_kind, []).append(template)
    for kind, queue in queues.items():
        rng(seed, "spread", kind).shuffle(queue)
    each = max(1, -(-wanted // max(1, len(templates))))
    found = [instance for template in first for instance in planner.plan(template, each)]
    while queues and len(found) < wanted:
        for kind in list(queues):
            found += planner.plan(queues[kind].pop(0), each)
            if not queues[kind]:
                del queues[kind]
    return found[:wanted]


def certify(rows: EnvironmentRows, instances: Sequence[TaskInstance]) -> list[ValidatedTask]:
    """Every instance with its certificate. `PlanningError` when too few are certified to train on."""
    certifier = Certifier(open_environment(rows))
    try:
        tasks = [certifier.certify(instance) for instance in instances]
    finally:
        certifier.close()
    certified = [task for task in tasks if task.certified]
    kinds = {task.task_kind for task in certified}
    if len(certified) < FEWEST_TASKS or len(kinds) < FEWEST_KINDS:
        fault = f"only {len(certified)} of {len(tasks)} tasks of the kinds {sorted(kinds)} are certified"
        reasons = Counter(task.rejection for task in tasks if task.rejection).most_common(3)
        fix = f"Raise `tasks_per_domain`, or mend what rejects them: {reasons}."
        raise PlanningError(f"validated_tasks[{rows.spec.domain}]", fault, fix)
    return tasks
