"""From rollouts to evaluations: what the assets of the evaluation do, without Dagster."""

import asyncio
from collections.abc import Mapping, Sequence

from agentskiller_assets.errors import EvaluationError
from agentskiller_assets.evaluation.evaluate import Evaluator, with_parts
from agentskiller_assets.evaluation.judge import Judge, judged
from agentskiller_assets.evaluation.models import Evaluation, Part
from agentskiller_assets.evaluation.pruning import prune
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.models import TaskTemplate, ValidatedTask

__all__ = ["evaluate_all"]

_JUDGED_AT_ONCE = 8


def evaluate_all(
    environment: Environment,
    rollouts: Sequence[Rollout],
    tasks: Sequence[ValidatedTask],
    templates: Sequence[TaskTemplate],
    judge: Judge | None = None,
) -> list[Evaluation]:
    """One evaluation for each rollout, in their order; of what passes, with the calls that it can do without."""
    task_of = {task.id: task for task in tasks}
    template_of = {template.id: template for template in templates}
    with Evaluator(environment) as evaluator:
        found = [_evaluate(evaluator, rollout, task_of, template_of) for rollout in rollouts]
    if judge is not None:
        parts = asyncio.run(_judge_all(judge, rollouts, task_of))
        found = [_with_verdict(each, part) for each, part in zip(found, parts, strict=True)]
    return [each.model_copy(update={"position": position}) for position, each in enumerate(found)]


def _evaluate(
    evaluator: Evaluator,
    rollout: Rollout,
    task_of: Mapping[str, ValidatedTask],
    template_of: Mapping[str, TaskTemplate],
) -> Evaluation:
    task = task_of.get(rollout.task)
    if task is None:
        fix = "Hold the conversations again, about the tasks that there are now."
        raise EvaluationError(rollout.id, f"there is no task {rollout.task}", fix)
    template = template_of[task.instance.template]
    evaluation = evaluator.evaluate(rollout, task, template)
    if not evaluation.passed:
        return evaluation
    _, redundant = prune(evaluator, rollout, task, template)
    return evaluation.model_copy(update={"redundant": redundant})


async def _judge_all(judge: Judge, rollouts: Sequence[Rollout], task_of: Mapping[str, ValidatedTask]) -> list[Part]:
    room = asyncio.Semaphore(_JUDGED_AT_ONCE)

    async def ask(rollout: Rollout) -> Part:
        async with room:
            return await judged(judge, rollout, task_of[rollout.task])

    return list(await asyncio.gather(*(ask(rollout) for rollout in rollouts)))


def _with_verdict(evaluation: Evaluation, part: Part) -> Evaluation:
    """The evaluation with the judge's part; what no longer passes has nothing to leave out."""
    found = with_parts(evaluation, [part])
    return found if found.passed else found.model_copy(update={"redundant": ()})
