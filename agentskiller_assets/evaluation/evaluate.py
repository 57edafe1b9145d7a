"""One rollout held against its task, part by part."""

from collections.abc import Sequence
from math import prod
from types import TracebackType

from agentskiller_assets.errors import EvaluationError
from agentskiller_assets.evaluation.action import action_part
from agentskiller_assets.evaluation.communication import communication_part
from agentskiller_assets.evaluation.differences import differences
from agentskiller_assets.evaluation.models import Evaluation, Part
from agentskiller_assets.evaluation.policy import policy_part
from agentskiller_assets.evaluation.replays import remake
from agentskiller_assets.evaluation.trail import Desk, Trail
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.runtime import Environment, state_digest
from agentskiller_assets.runtime.diff import Diff
from agentskiller_assets.tasks.models import TaskTemplate, ValidatedTask
from agentskiller_assets.tasks.replay import run

__all__ = ["Evaluator", "with_parts"]


class Evaluator:
    """Evaluates rollouts in one environment. Owns a session: not shared between threads.

    Nothing that a rollout says of its own state is believed: its calls are made again.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.desk = Desk(environment.spec)
        self._session = environment.fork()
        self._gold: dict[str, Diff] = {}

    def __enter__(self) -> "Evaluator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the session back."""
        self._session.close()

    def evaluate(self, rollout: Rollout, task: ValidatedTask, template: TaskTemplate) -> Evaluation:
        """The scores of a rollout with the reasons. `EvaluationError` when it is not one of this task."""
        _belong_together(rollout, task, template)
        gold = self._gold_diff(task)
        trail = Trail(rollout, task, self.desk)
        parts = (action_part(trail), self._environment(rollout, gold), communication_part(trail), policy_part(trail))
        score = _composite(parts)
        return Evaluation(
            id=Evaluation.make_id(rollout.id),
            parents=(rollout.id, task.id),
            position=0,
            domain=rollout.domain,
            rollout=rollout.id,
            query=rollout.query,
            task=task.id,
            task_kind=task.task_kind,
            repeat=rollout.repeat,
            agent=rollout.agent,
            parts=parts,
            score=score,
            passed=score == 1.0,
        )

    def passes(self, rollout: Rollout, task: ValidatedTask, template: TaskTemplate) -> bool:
        """Whether all parts would be 1: for trials, where the first part that is not settles it."""
        _belong_together(rollout, task, template)
        gold = self._gold_diff(task)
        trail = Trail(rollout, task, self.desk)
        told = all(part(trail).score == 1.0 for part in (action_part, communication_part, policy_part))
        return told and self._environment(rollout, gold).score == 1.0

    def _environment(self, rollout: Rollout, gold: Diff) -> Part:
        """1 when the calls come to what was recorded, and leave exactly the state that gold leaves."""
        remade = remake(self._session, rollout)
        reasons = (*remade.faults, *differences(gold, remade.diff, self.desk.keys))
        return Part(name="environment", score=float(not reasons), reasons=reasons)

    def _gold_diff(self, task: ValidatedTask) -> Diff:
        """The state that the gold steps leave; the one that was certified, or an error."""
        if task.id not in self._gold:
            replay = run(self._session, task.instance.steps)
            diff = self._session.diff()
            if not replay.ok or state_digest(diff) != task.gold_digest:
                fault = replay.stopped or "the gold steps leave another state than the certified one"
                raise EvaluationError(task.id, fault, "Certify the tasks again in this environment.")
            self._gold[task.id] = diff
        return self._gold[task.id]


def with_parts(evaluation: Evaluation, parts: Sequence[Part]) -> Evaluation:
    """The evaluation with further parts, and the product of all."""
    every = (*evaluation.parts, *parts)
    score = _composite(every)
    return evaluation.model_copy(update={"parts": every, "score": score, "passed": score == 1.0})


def _composite(parts: Sequence[Part]) -> float:
    return prod(part.score for part in parts)


def _belong_together(rollout: Rollout, task: ValidatedTask, template: TaskTemplate) -> None:
    if rollout.task != task.id:
        fault = f"it is a conversation about {rollout.task}, not about {task.id}"
        raise EvaluationError(rollout.id, fault, "Evaluate it against its own task.")
    if task.instance.template != template.id:
        fault = f"it is an instance of {task.instance.template}, not of {template.id}"
        raise EvaluationError(task.id, fault, "Evaluate it with its own template.")
