"""Checks of the evaluations, and of the evaluation itself: agents with a known fault must not pass."""

from collections import Counter
from collections.abc import Sequence
from math import prod

from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ToolEntry
from agentskiller_assets.evaluation.controls import controls, sample
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.fusion.records import FusedBlueprint
from agentskiller_assets.metadata import PAIRS
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask

_ALL = "Every conversation has its evaluation, and nothing else has one."
_REASONS = "A score is the product of its parts, and whatever is less than 1 says why."
_GOLD = "Conversations in which scripts play both sides pass."
_CONTROLS = "Agents with a known fault score 0 on tasks that it spoils, and the part that it is for says so."
_EACH = 2
"""Tasks of each kind on which the controls are tried."""


@checks_of("evaluations", complete=_ALL, scores_have_reasons=_REASONS, gold_passes=_GOLD, controls_fail=_CONTROLS)
def evaluation_checks(
    evaluations: list[Evaluation],
    rollouts: list[Rollout],
    domain_topics: DomainTopic,
    blueprints: Blueprint,
    tool_lists: list[ToolEntry],
    policies: list[PolicyEntry],
    databases: EnvironmentRows,
    task_templates: list[TaskTemplate],
    validated_tasks: list[ValidatedTask],
    queries: list[Query],
    population: list[Person],
) -> Faults:
    cases = make_cases(
        blueprints.spec,
        policies,
        tool_lists,
        domain_topics.role,
        domain_topics.seed,
        queries,
        validated_tasks,
        task_templates,
        population,
    )
    return _faults(evaluations, rollouts, cases, open_environment(databases))


@checks_of(
    "fused_evaluations",
    partitions=PAIRS,
    complete=_ALL,
    scores_have_reasons=_REASONS,
    gold_passes=_GOLD,
    controls_fail=_CONTROLS,
)
def fused_evaluation_checks(
    fused_evaluations: list[Evaluation],
    fused_rollouts: list[Rollout],
    fused_blueprints: FusedBlueprint,
    fused_tool_lists: list[ToolEntry],
    fused_policies: list[PolicyEntry],
    fused_databases: EnvironmentRows,
    fused_templates: list[TaskTemplate],
    fused_validated_tasks: list[ValidatedTask],
    fused_queries: list[Query],
    population: list[Person],
) -> Faults:
    cases = make_cases(
        fused_blueprints.spec,
        fused_policies,
        fused_tool_lists,
        fused_blueprints.role,
        fused_blueprints.seed,
        fused_queries,
        fused_validated_tasks,
        fused_templates,
        population,
    )
    return _faults(fused_evaluations, fused_rollouts, cases, open_environment(fused_databases))


def _faults(
    evaluations: Sequence[Evaluation], rollouts: Sequence[Rollout], cases: Sequence[Case], environment: Environment
) -> Faults:
    return {
        "complete": unevaluated(evaluations, rollouts),
        "scores_have_reasons": unexplained(evaluations),
        "gold_passes": failed_gold(evaluations, rollouts),
        "controls_fail": controls(sample(cases, _EACH), environment),
    }


def unevaluated(evaluations: Sequence[Evaluation], rollouts: Sequence[Rollout]) -> list[str]:
    """Conversations without an evaluation, or with two, and evaluations of none."""
    if not evaluations:
        return ["there are no evaluations"]
    times, held = Counter(each.rollout for each in evaluations), {rollout.id for rollout in rollouts}
    faults = [f"{each} has {times[each]} evaluations" for each in sorted(held) if times[each] != 1]
    return faults + [f"{each.id} is of no conversation" for each in evaluations if each.rollout not in held]


def unexplained(evaluations: Sequence[Evaluation]) -> list[str]:
    """Scores that are not the product of the parts, parts that say nothing or praise what they mark down."""
    faults = []
    for each in evaluations:
        if not each.parts or each.score != prod(part.score for part in each.parts):
            faults.append(f"{each.id}: its score {each.score} is not the product of its parts")
        if each.passed != (each.score == 1.0):
            faults.append(f"{each.id} has {'passed' if each.passed else 'failed'} with a score of {each.score}")
        for part in each.parts:
            if (part.score < 1) != bool(part.reasons):
                faults.append(f"{each.id}: {part.name} is {part.score} with {len(part.reasons)} reasons")
    return faults


def failed_gold(evaluations: Sequence[Evaluation], rollouts: Sequence[Rollout]) -> list[str]:
    """Scripted conversations that did not pass."""
    scripted = {rollout.id for rollout in rollouts if (rollout.agent, rollout.user) == (SCRIPTED, SCRIPTED)}
    return [
        f"{each.id} of {each.rollout}: {'; '.join(reason for part in each.parts for reason in part.reasons)}"
        for each in evaluations
        if each.rollout in scripted and not each.passed
    ]
