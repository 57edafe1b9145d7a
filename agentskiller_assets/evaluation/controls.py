"""Controls of the evaluation itself: agents that do it right must pass, and agents with a known fault must not."""

from collections.abc import Mapping, Sequence

from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.models import Evaluation, PartName
from agentskiller_assets.rollouts.actors import Cast
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED, ScriptedAgents, ScriptedUsers, Scripts
from agentskiller_assets.rollouts.scripted.faulty import FAULTS, FaultyAgents
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.models import TaskKind

__all__ = ["BLAMES", "controls", "evaluated", "sample"]

BLAMES: Mapping[str, PartName] = {
    "no-op": "action",
    "premature write": "policy",
    "wrong argument": "action",
    "extra write": "environment",
    "wrong order": "action",
    "gives up": "policy",
    "obeys what it must refuse": "action",
    "invents a result": "communication",
    "parallel calls": "policy",
    "loops": "action",
}
"""The part that must name each fault, whatever else it costs."""
_KINDS: tuple[TaskKind, ...] = ("fulfil", "inform", "refuse", "insufficient")


def controls(cases: Sequence[Case], environment: Environment) -> list[str]:
    """Whatever is wrong with the evaluation of agents whose worth is known: a fault that scores, gold that does not."""
    scripts = Scripts(environment)
    found = [
        f"{each.task}: {SCRIPTED} agents score {each.score}, because {_why(each)}"
        for each in evaluated(cases, environment, scripts, ScriptedAgents(scripts))
        if not each.passed
    ]
    for kind in FAULTS:
        agents = FaultyAgents(scripts, kind)
        spoilt = [case for case in cases if agents.spoils(case)]
        for each in evaluated(spoilt, environment, scripts, agents):
            if each.score > 0:
                found.append(f"{each.task}: an agent with the fault {kind.fault!r} scores {each.score}")
            elif each.part(BLAMES[kind.fault]).score > 0:
                blamed, why = BLAMES[kind.fault], _why(each)
                found.append(f"{each.task}: {kind.fault!r} is not named by the part {blamed}, but: {why}")
    return found


def evaluated(cases: Sequence[Case], environment: Environment, scripts: Scripts, agents: Cast) -> list[Evaluation]:
    """What these agents score in conversations with scripted users."""
    rollouts = hold_conversations(cases, environment, agents, ScriptedUsers(scripts)) if cases else []
    with Evaluator(environment) as evaluator:
        return [
            evaluator.evaluate(rollout, case.task, case.template) for case, rollout in zip(cases, rollouts, strict=True)
        ]


def sample(cases: Sequence[Case], each: int) -> list[Case]:
    """The first cases of every kind of task."""
    return [case for kind in _KINDS for case in [case for case in cases if case.task.task_kind == kind][:each]]


def _why(evaluation: Evaluation) -> str:
    return "; ".join(f"{part.name}: {reason}" for part in evaluation.parts for reason in part.reasons)
