"""All conversations of a partition: evaluated in order, pruned where they pass, with a judge if there is one."""

import pytest

from agentskiller_assets.errors import EvaluationError
from agentskiller_assets.evaluation.builds import evaluate_all
from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.evaluation.report import evaluation_figures, report_markdown
from agentskiller_assets.rollouts.figures import figures_of
from tests.evaluation.talks import LEAVE, call, case_of, environment, held, straight
from tests.world import clinic


class Strict:
    """A judge that likes conversations about some tasks only, and fails on the others."""

    def __init__(self, liked: str) -> None:
        self.liked = liked

    async def judge(self, rollout, task) -> Part:
        if task.id != self.liked:
            raise RuntimeError("overloaded")
        return Part(name="judge", score=1.0)


def _evaluate(rollouts, judge=None):
    return evaluate_all(environment(), rollouts, clinic().validated_tasks, clinic().task_templates, judge)


def test_every_conversation_has_its_evaluation_in_order():
    found = clinic().evaluations

    assert [each.rollout for each in found] == [rollout.id for rollout in clinic().rollouts]
    assert [each.position for each in found] == list(range(len(found)))
    assert len({each.id for each in found}) == len(found)
    for each, rollout in zip(found, clinic().rollouts, strict=True):
        assert each.parents == (rollout.id, rollout.task)
        assert (each.query, each.repeat, each.agent) == (rollout.query, rollout.repeat, rollout.agent)
    assert _evaluate(clinic().rollouts) == found


def test_redundant_calls_are_those_of_conversations_that_pass():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    idle = held(case, [*acts[:2], call("get_my_patient_record"), *acts[2:]])
    failed = held(case, [*acts[:2], call("get_my_patient_record")])

    passing, failing = _evaluate([idle, failed])

    assert passing.redundant == (idle.calls[1].id,)
    assert (failing.passed, failing.redundant) == (False, ())


def test_a_judge_is_one_more_part_and_fails_closed():
    case = case_of("fulfil", LEAVE)
    other = case_of("inform")
    acts = straight(case)
    rollouts = [held(case, [*acts[:2], call("get_my_patient_record"), *acts[2:]]), held(other, straight(other))]

    liked, disliked = _evaluate(rollouts, Strict(case.task.id))
    assert (liked.passed, len(liked.redundant), liked.part("judge").score) == (True, 1, 1.0)
    assert (disliked.passed, disliked.part("judge").reasons) == (
        False,
        ("the judge failed: RuntimeError: overloaded",),
    )
    (strict,) = _evaluate(rollouts[:1], Strict("nothing"))
    assert (strict.passed, strict.redundant) == (False, ())
    assert all(part.name != "judge" for each in _evaluate(rollouts) for part in each.parts)


def test_a_conversation_about_a_task_that_is_gone_is_an_error():
    stale = clinic().rollouts[0].model_copy(update={"task": "task_gone"})
    with pytest.raises(EvaluationError, match=r"rollout_\w+: there is no task task_gone"):
        _evaluate([stale])


def test_figures_are_those_of_the_evaluations():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    again = {"repeat": 1, "id": "rollout_again"}
    rollouts = [held(case, acts), held(case, acts[:2], **again)]
    found = _evaluate(rollouts)

    figures = evaluation_figures(found, rollouts)

    assert (figures.conversations, figures.passed, figures.pass_rate) == (2, 1, 0.5)
    assert figures.pass_hat == {1: 0.5, 2: 0.0}
    assert figures.parts == {"action": 0.5, "environment": 0.5, "communication": 0.5, "policy": 1.0}
    assert figures.kinds == {"fulfil": 0.5}
    assert figures.talk == figures_of(rollouts)


def test_the_report_shows_figures_a_picture_and_why_conversations_failed():
    case = case_of("fulfil", LEAVE)
    rollouts = [held(case, straight(case)[:2])]
    found = _evaluate(rollouts)

    text = report_markdown(evaluation_figures(found, rollouts), found)

    assert text.startswith("![mean of each part, pass rate of each kind](data:image/svg+xml;base64,")
    assert "| part action | 0.000 |" in text
    assert f"- `{found[0].rollout}` (fulfil) action: {LEAVE} was not made" in text
    assert "did not pass" not in report_markdown(
        evaluation_figures(clinic().evaluations, clinic().rollouts), clinic().evaluations
    )


def test_nothing_has_figures_of_nothing():
    figures = evaluation_figures([], [])

    assert (figures.conversations, figures.pass_rate, figures.pass_hat, figures.parts) == (0, 0.0, {}, {})
    assert "| conversations | 0, of which 0 passed |" in report_markdown(figures, [])
