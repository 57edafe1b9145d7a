"""Checks of the tasks."""

import re
from collections import Counter
from collections.abc import Sequence

from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.tasks.builds import FEWEST_KINDS, FEWEST_TASKS
from agentskiller_assets.tasks.graph import graph_faults
from agentskiller_assets.tasks.models import Query, TaskInstance, TaskTemplate, ToolGraph, ValidatedTask
from agentskiller_assets.tasks.queries import asked_values
from agentskiller_assets.tasks.world import slot_names

_SPEAKER = {"my", "me", "I"}
_SPOKEN = re.compile(r"\$[\d,.]+\d|\d{1,2} [A-Z][a-z]+ \d{4}|\d{1,2}:\d{2}|\S+@\S+\w|\d{3}-\d{3}-\d{4}|#?\d{3,}")


@checks_of(
    "tool_graphs",
    rooted_dag="The graph has no cycle, one root, and every tool can be reached from it.",
    tools_exist="Its nodes are exactly the tools of the blueprint.",
)
def tool_graph_checks(tool_graphs: ToolGraph, blueprints: Blueprint) -> Faults:
    return {
        "rooted_dag": [f"{tool_graphs.id}: {fault}" for fault in graph_faults(tool_graphs)],
        "tools_exist": strange_tools(tool_graphs, blueprints.spec),
    }


@checks_of(
    "task_templates",
    placeholders_resolve="Every slot of every phrase is a value that the planner gives.",
    kinds_present="Templates of all four kinds are there.",
)
def template_checks(task_templates: list[TaskTemplate], blueprints: Blueprint) -> Faults:
    return {
        "placeholders_resolve": unresolved_slots(task_templates, blueprints.spec),
        "kinds_present": missing_kinds(task_templates),
    }


@checks_of("instance_combos", distinct="No two instances are the same request of the same customer.")
def instance_checks(instance_combos: list[TaskInstance]) -> Faults:
    return {"distinct": repeated_instances(instance_combos)}


@checks_of(
    "validated_tasks",
    certificates_complete="Every emitted task has a full certificate, and every other one a reason.",
    enough_tasks="At least ten tasks of at least three kinds are certified.",
)
def validated_task_checks(validated_tasks: list[ValidatedTask]) -> Faults:
    return {
        "certificates_complete": incomplete_certificates(validated_tasks),
        "enough_tasks": too_few_tasks(validated_tasks),
    }


@checks_of(
    "queries",
    complete="The user knows every value that the task takes from the user.",
    grounded="Every value that is spoken of is one that the task or the database has.",
    readable="First messages and instructions read as a person would write them.",
    one_per_task="Every certified task has its query.",
)
def query_checks(queries: list[Query], validated_tasks: list[ValidatedTask], blueprints: Blueprint) -> Faults:
    tasks = {task.id: task for task in validated_tasks}
    return {
        "complete": incomplete_queries(queries, tasks),
        "grounded": ungrounded_queries(queries, tasks),
        "readable": unreadable_queries(queries, blueprints.spec),
        "one_per_task": unasked_tasks(queries, validated_tasks),
    }


def strange_tools(graph: ToolGraph, spec: EnvironmentSpec) -> list[str]:
    """Tools of the graph that the specification lacks, and the other way round."""
    nodes, tools = {graph.root, *graph.reads, *graph.writes}, {tool.name for tool in spec.tools}
    faults = [f"{graph.id}: {name!r} is no tool of the blueprint" for name in sorted(nodes - tools)]
    return faults + [f"{graph.id}: {name!r} is missing" for name in sorted(tools - nodes)]


def unresolved_slots(templates: Sequence[TaskTemplate], spec: EnvironmentSpec) -> list[str]:
    """Slots of request phrases that are neither a parameter nor a row of the goal's tool."""
    faults = []
    for template in templates:
        for goal in template.goals:
            known = set(_SPEAKER)
            if goal.tool is not None:
                tool = spec.tool(goal.tool)
                known |= {p.name for p in tool.parameters if not p.refers_to and p.required}
                known |= {str(p.refers_to).partition(".")[0] for p in tool.parameters if p.refers_to}
            for phrase in goal.requests:
                strange = sorted(slot_names(phrase) - known)
                faults += [f"{template.id}: slot {name!r} of {phrase!r} has no value" for name in strange]
            faults += [f"{template.id}: opener {o!r} has slots" for o in goal.openers if slot_names(o)]
    return faults


def missing_kinds(templates: Sequence[TaskTemplate]) -> list[str]:
    """Kinds of task without a template."""
    present = {template.task_kind for template in templates}
    return [
        f"no template of kind {kind!r}"
        for kind in ("fulfil", "inform", "refuse", "insufficient")
        if kind not in present
    ]


def repeated_instances(instances: Sequence[TaskInstance]) -> list[str]:
    """Instances that are there twice."""
    if not instances:
        return ["there are no instances"]
    wishes = Counter(_wish(instance) for instance in instances)
    return [f"{instance.id} is there twice" for instance in instances if wishes[_wish(instance)] > 1]


def _wish(instance: TaskInstance) -> str:
    values = [slot.values for slot in instance.slots]
    return digest([instance.template, instance.me, [step.values() for step in instance.steps], values])


def incomplete_certificates(tasks: Sequence[ValidatedTask]) -> list[str]:
    """Tasks whose certificate and standing do not agree."""
    if not tasks:
        return ["there are no tasks"]
    faults = []
    for task in tasks:
        missing = task.certificate.faults()
        if task.certified and missing:
            faults.append(f"{task.id} is emitted although {'; '.join(missing)}")
        probes = (task.certificate.probe_refused, task.certificate.probe_allowed_without_rule)
        if task.task_kind == "refuse" and task.certified and None in probes:
            faults.append(f"{task.id} is emitted without a probe")
        if not task.certified and not missing:
            faults.append(f"{task.id} is rejected without a reason")
    return faults


def too_few_tasks(tasks: Sequence[ValidatedTask]) -> list[str]:
    """What is missing to ten certified tasks of three kinds."""
    kinds = Counter(task.task_kind for task in tasks if task.certified)
    enough = sum(kinds.values()) >= FEWEST_TASKS and len(kinds) >= FEWEST_KINDS
    return [] if enough else [f"only {sum(kinds.values())} certified tasks, by kind {dict(kinds)}"]


def incomplete_queries(queries: Sequence[Query], tasks: dict[str, ValidatedTask]) -> list[str]:
    """Arguments that only the user can give and that the user does not know."""
    faults = []
    for query in queries:
        known = {digest(fact.value) for fact in query.known_info}
        for name, value in asked_values(tasks[query.task]):
            if digest(value) not in known:
                faults.append(f"{query.id}: the user does not know {name} = {value!r}")
    return faults


def ungrounded_queries(queries: Sequence[Query], tasks: dict[str, ValidatedTask]) -> list[str]:
    """Facts that the task does not have, and spoken values that no fact has."""
    faults = []
    for query in queries:
        instance = tasks[query.task].instance
        true = {digest(value) for slot in instance.slots for _, value in slot.values}
        faults += [
            f"{query.id}: {f.label} = {f.text!r} is made up" for f in query.known_info if digest(f.value) not in true
        ]
        told = {spoken for fact in query.known_info for spoken in _SPOKEN.findall(fact.text)}
        for spoken in _SPOKEN.findall(f"{query.first_message} {query.instruction}"):
            if spoken not in told:
                faults.append(f"{query.id}: {spoken!r} is said but not known")
    return faults


def unreadable_queries(queries: Sequence[Query], spec: EnvironmentSpec) -> list[str]:
    """Findings in what the user says and is told."""
    nouns = [table.title for table in spec.tables]
    faults = []
    for query in queries:
        allow = [fact.text for fact in query.known_info if fact.type in ("text", "phone", "email")]
        for text in (query.first_message, query.instruction):
            found = lint_prose(text, allow=allow, nouns=nouns)
            faults += [f"{query.id}: {finding.message} in {finding.excerpt!r}" for finding in found]
    return faults


def unasked_tasks(queries: Sequence[Query], tasks: Sequence[ValidatedTask]) -> list[str]:
    """Certified tasks without a query, and queries without a certified task."""
    asked, certified = Counter(query.task for query in queries), {task.id for task in tasks if task.certified}
    faults = [f"task {task} has no query" for task in sorted(certified - set(asked))]
    faults += [f"task {task} has {times} queries" for task, times in sorted(asked.items()) if times > 1]
    return faults + [f"query of {task} has no certified task" for task in sorted(set(asked) - certified)]
