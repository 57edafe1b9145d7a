"""Checks of pairs: those of single domains, held against the fused artifacts, and what only pairs can get wrong."""

from collections import Counter
from collections.abc import Sequence

from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.records import row_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.checks import (
    failed_tests,
    invalid_schemas,
    lossy_policy,
    repeated_keys,
    surviving_mutants,
    too_few_rules,
    uncovered,
    unreadable_policy,
    unreadable_texts,
    unsafe_names,
)
from agentskiller_assets.environment.invariants import broken_invariants, broken_rows
from agentskiller_assets.environment.models import PolicyEntry, ServerModule, ToolEntry
from agentskiller_assets.environment.validation import validate
from agentskiller_assets.fusion.records import FusedBlueprint, FusedTrajectory
from agentskiller_assets.fusion.templates import demanded_refusals
from agentskiller_assets.metadata import PAIRS
from agentskiller_assets.tasks.checks import (
    incomplete_certificates,
    incomplete_queries,
    repeated_instances,
    too_few_tasks,
    unasked_tasks,
    ungrounded_queries,
    unreadable_queries,
    unresolved_slots,
)
from agentskiller_assets.tasks.graph import build_graph, graph_faults
from agentskiller_assets.tasks.models import Query, TaskInstance, TaskTemplate, ValidatedTask


@checks_of(
    "fused_blueprints",
    partitions=PAIRS,
    closed_world="Every table, column, parameter and state that the SQL names is declared, and all limits hold.",
    nothing_lost="Every table, tool and rule of both domains is there, under a name of its own.",
    enough_rules="The tools have at least three rules with codes of their own.",
    rooted_dag="The tools have an order with one root, without a cycle, that reaches all of them.",
    readable="Titles, descriptions and statements read as a person of the field would write them.",
)
def fused_blueprint_checks(fused_blueprints: FusedBlueprint) -> Faults:
    graph = build_graph(fused_blueprints.spec, (), [fused_blueprints.id])
    return {
        "closed_world": [f"{fused_blueprints.id}: {fault}" for fault in validate(fused_blueprints.spec)],
        "nothing_lost": lost_in_fusion(fused_blueprints),
        "enough_rules": too_few_rules(fused_blueprints),
        "rooted_dag": [f"{fused_blueprints.id}: {fault}" for fault in graph_faults(graph)],
        "readable": unreadable_texts(fused_blueprints),
    }


@checks_of(
    "fused_tool_lists",
    partitions=PAIRS,
    valid_schemas="Input and output schemas are valid JSON Schema.",
    safe_names="Tool names are unique and safe for OpenAI's function calling.",
)
def fused_tool_list_checks(fused_tool_lists: list[ToolEntry]) -> Faults:
    return {"valid_schemas": invalid_schemas(fused_tool_lists), "safe_names": unsafe_names(fused_tool_lists)}


@checks_of(
    "fused_databases",
    partitions=PAIRS,
    rows_kept="Every row of both domains is there, and everybody has one identity.",
    keys_unique="No key occurs twice.",
    rows_valid="Every row satisfies its types, bounds, CHECKs and foreign keys.",
    invariants_hold="Every invariant of every table holds for every row.",
)
def fused_database_checks(fused_databases: EnvironmentRows) -> Faults:
    return {
        "rows_kept": lost_rows(fused_databases),
        "keys_unique": repeated_keys(fused_databases),
        "rows_valid": broken_rows(fused_databases),
        "invariants_hold": broken_invariants(fused_databases),
    }


@checks_of(
    "fused_policies",
    partitions=PAIRS,
    round_trips="The document is parsed back into exactly what it was rendered from.",
    covers_everything="Every tool and every rule, those of the bridges too, is in the policy, in its own words.",
    resolutions_stated="What was resolved between the two services is what the policy says.",
    readable="The policy reads as a person of the field would write it.",
)
def fused_policy_checks(fused_policies: list[PolicyEntry], fused_blueprints: FusedBlueprint) -> Faults:
    return {
        "round_trips": lossy_policy(fused_policies),
        "covers_everything": uncovered(fused_policies, fused_blueprints),
        "resolutions_stated": unstated_resolutions(fused_policies, fused_blueprints),
        "readable": unreadable_policy(fused_policies, fused_blueprints),
    }


@checks_of(
    "fused_servers",
    partitions=PAIRS,
    server_tests="The generated tests were collected and all of them pass.",
    mutants_caught="Every rule, bind and effect that is removed or altered makes a test fail.",
)
def fused_server_checks(fused_servers: ServerModule) -> Faults:
    return {"server_tests": failed_tests(fused_servers), "mutants_caught": surviving_mutants(fused_servers)}


@checks_of(
    "fused_trajectories",
    partitions=PAIRS,
    interlocked="Every trajectory that was kept carries a value from one service into the other.",
    reasons_given="Every other one says why it was left out.",
)
def fused_trajectory_checks(fused_trajectories: list[FusedTrajectory]) -> Faults:
    kept = [each for each in fused_trajectories if each.decision == "kept"]
    return {
        "interlocked": [f"{each.id} is a concatenation" for each in kept if not each.links] or _none(kept),
        "reasons_given": [f"{each.id} has no reason" for each in fused_trajectories if not each.reason],
    }


@checks_of(
    "fused_templates",
    partitions=PAIRS,
    placeholders_resolve="Every slot of every phrase is a value that the planner gives.",
    bridges_refused="Every rule of a bridge has a request that violates it.",
)
def fused_template_checks(fused_templates: list[TaskTemplate], fused_blueprints: FusedBlueprint) -> Faults:
    return {
        "placeholders_resolve": unresolved_slots(fused_templates, fused_blueprints.spec),
        "bridges_refused": bridges_without_refusal(fused_templates, fused_blueprints),
    }


@checks_of(
    "fused_instance_combos", partitions=PAIRS, distinct="No two instances are the same request of the same customer."
)
def fused_instance_checks(fused_instance_combos: list[TaskInstance]) -> Faults:
    return {"distinct": repeated_instances(fused_instance_combos)}


@checks_of(
    "fused_validated_tasks",
    partitions=PAIRS,
    certificates_complete="Every emitted task has a full certificate, and every other one a reason.",
    enough_tasks="At least ten tasks of at least three kinds are certified.",
    both_services="The gold calls of every task need a value that the other service returned, or refuses.",
    resolutions_refused="Every rule of a bridge and every resolution has a certified task in which it is refused.",
)
def fused_task_checks(fused_validated_tasks: list[ValidatedTask], fused_blueprints: FusedBlueprint) -> Faults:
    return {
        "certificates_complete": incomplete_certificates(fused_validated_tasks),
        "enough_tasks": too_few_tasks(fused_validated_tasks),
        "both_services": [f"{t.id} stays within one service" for t in fused_validated_tasks if not crosses(t)],
        "resolutions_refused": never_refused(fused_validated_tasks, fused_blueprints),
    }


@checks_of(
    "fused_queries",
    partitions=PAIRS,
    complete="The user knows every value that the task takes from the user.",
    grounded="Every value that is spoken of is one that the task or the database has.",
    readable="First messages and instructions read as a person would write them.",
    one_per_task="Every certified task has its query.",
)
def fused_query_checks(
    fused_queries: list[Query], fused_validated_tasks: list[ValidatedTask], fused_blueprints: FusedBlueprint
) -> Faults:
    tasks = {task.id: task for task in fused_validated_tasks}
    return {
        "complete": incomplete_queries(fused_queries, tasks),
        "grounded": ungrounded_queries(fused_queries, tasks),
        "readable": unreadable_queries(fused_queries, fused_blueprints.spec),
        "one_per_task": unasked_tasks(fused_queries, fused_validated_tasks),
    }


def lost_in_fusion(fused: FusedBlueprint) -> list[str]:
    """Tables, tools and codes of either domain that the pair lacks, and names that are there twice."""
    spec = fused.spec
    names = [table.name for table in spec.tables] + [tool.name for tool in spec.tools]
    names += [refusal.code for tool in spec.tools for refusal in tool.refusals]
    faults = [f"{fused.id}: {name} is there {n} times" for name, n in Counter(names).items() if n > 1]
    return faults + [f"{fused.id}: {name} is lost" for name in fused.names if name not in set(names)]


def lost_rows(fused: EnvironmentRows) -> list[str]:
    """Rows of either domain that the pair lacks, and rows of the pair that come from neither."""
    domain = fused.spec.domain
    kept = {row_id(domain, t.name, row[t.key]) for t in fused.spec.tables for row in fused.rows.get(t.name, ())}
    lost = [f"{row} is lost: it was {', '.join(old)}" for row, old in fused.row_parents.items() if row not in kept]
    return lost + [f"{row} is a row of neither domain" for row in sorted(kept - set(fused.row_parents))]


def unstated_resolutions(policy: Sequence[PolicyEntry], blueprint: FusedBlueprint) -> list[str]:
    """Resolutions that the general rule of their subject does not state."""
    general = {entry.code: entry.text for entry in policy if entry.entry == "clause" and entry.tool is None}
    return [
        f"{blueprint.id}: the policy does not say how {each.subject} was resolved"
        for each in blueprint.resolutions
        if each.resolved not in general.get(each.subject.upper(), "")
    ]


def bridges_without_refusal(templates: Sequence[TaskTemplate], blueprint: FusedBlueprint) -> list[str]:
    """Rules of bridges that no refuse template violates."""
    refused = {template.refusal for template in templates}
    codes = [rule.code for bridge in blueprint.bridges for rule in bridge.rules]
    return [f"{blueprint.id}: no request violates {code}" for code in codes if code not in refused]


def never_refused(tasks: Sequence[ValidatedTask], blueprint: FusedBlueprint) -> list[str]:
    """Rules of bridges and resolutions that no certified task violates.

    Where a bridge finds no row of the customer, the task is one in which it is looked for in vain.
    """
    certified = [task for task in tasks if task.certified]
    refused = {task.instance.refusal for task in certified}
    in_vain = {slot.name for task in certified if task.task_kind == "insufficient" for slot in task.instance.slots}
    refused |= {bridge.bind.refusal.code for bridge in blueprint.bridges if bridge.source in in_vain}
    codes = demanded_refusals(blueprint)
    return [f"{blueprint.id}: no certified task is refused with {code}" for code in codes if code not in refused]


def crosses(task: ValidatedTask) -> bool:
    """Whether a call takes a value that a call of the other service returned, or asks for one in vain."""
    instance = task.instance
    steps = instance.calls
    spaces = [step.tool.partition("__")[0] for step in steps]
    if task.task_kind == "insufficient" or instance.unidentified:
        return len(set(spaces)) > 1
    return any(
        argument.source.step is not None and spaces[argument.source.step] != spaces[index]
        for index, step in enumerate(steps)
        for argument in step.arguments
    )


def _none(kept: Sequence[FusedTrajectory]) -> list[str]:
    return [] if kept else ["no trajectory was kept"]
