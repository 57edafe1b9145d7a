"""What it costs to hold scripted conversations and to evaluate them, on one core."""

import time
from typing import Any

from agentskiller_assets.evaluation.builds import evaluate_all
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.figures import figures_of
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from tests.fusion.pairs import pair
from tests.world import clinic

REPEATS = 10


def measure() -> dict[str, Any]:
    """Conversations a minute of one domain and of one pair, held and evaluated."""
    single, fused = clinic(), pair()
    return {
        "single": _held(single.cases, single.environment, single.validated_tasks, single.task_templates),
        "fused": _held(fused.cases, fused.environment, fused.tasks, fused.templates),
    }


def _held(cases: list[Case], environment: Any, tasks: Any, templates: Any) -> dict[str, Any]:
    repeated = [Case(**{**vars(case), "repeat": repeat}) for case in cases for repeat in range(REPEATS)]
    scripts = Scripts(environment)
    started = time.process_time()
    rollouts = hold_conversations(repeated, environment, ScriptedAgents(scripts), ScriptedUsers(scripts))
    held = time.process_time() - started
    started = time.process_time()
    evaluations = evaluate_all(environment, rollouts, tasks, templates)
    evaluated = time.process_time() - started
    return {
        "rollouts_per_minute_per_core": round(60 * len(rollouts) / held),
        "evaluations_per_minute_per_core": round(60 * len(evaluations) / evaluated),
        "passed": sum(evaluation.passed for evaluation in evaluations),
        **figures_of(rollouts).model_dump(),
    }
