"""An optional part that somebody else scores, say a model; it fails closed.

Without a judge there is no such part. With one, whatever is no clear verdict counts as 0.
"""

import json
from typing import Protocol, TypeGuard

from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.tasks.models import ValidatedTask

__all__ = ["Judge", "judged", "parse_verdict"]

_SHOWN = 200


class Judge(Protocol):
    """Scores how a conversation went, beyond what rules can tell."""

    async def judge(self, rollout: Rollout, task: ValidatedTask) -> Part:
        """The part `judge`, with a score from 0 to 1 and a reason for whatever is missing to 1."""
        ...


async def judged(judge: Judge, rollout: Rollout, task: ValidatedTask) -> Part:
    """The judge's part; 0 with the reason where the judge fails, or answers with anything else."""
    try:
        answer: object = await judge.judge(rollout, task)
    except Exception as error:  # noqa: BLE001  # whatever stops the judge, the conversation was not judged
        return _failed(f"the judge failed: {type(error).__name__}: {error}")
    if answer is None:
        return _failed("the judge answered nothing")
    if not isinstance(answer, Part) or answer.name != "judge":
        return _failed(f"the judge answered no part of its own: {answer!r}")
    if not _is_score(answer.score):
        return _failed(f"the judge's score is {answer.score!r}, not a number from 0 to 1")
    if answer.score < 1 and not answer.reasons:
        return answer.model_copy(update={"reasons": ("the judge gave no reason",)})
    return answer


def parse_verdict(text: str | None) -> Part:
    """The verdict in a judge's text: a JSON object with `score` and `reason`. Anything else is a score of 0."""
    if not (text or "").strip():
        return _failed("the judge answered nothing")
    try:
        found = json.loads(str(text))
    except ValueError:
        return _failed(f"the judge's answer is no JSON: {text!r}")
    score = found.get("score") if isinstance(found, dict) else None
    reason = str(found.get("reason") or "").strip() if isinstance(found, dict) else ""
    if not _is_score(score):
        return _failed(f"the judge's answer has no score from 0 to 1: {text!r}")
    if float(score) == 1:
        return Part(name="judge", score=1.0)
    return Part(name="judge", score=float(score), reasons=(reason or "the judge gave no reason",))


def _is_score(score: object) -> TypeGuard[float]:
    """A number from 0 to 1; True and `NaN` are none."""
    return isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1


def _failed(reason: str) -> Part:
    return Part(name="judge", score=0.0, reasons=(reason[:_SHOWN],))
