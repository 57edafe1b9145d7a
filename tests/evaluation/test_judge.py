"""The judge: without one there is no such part, and whatever is no clear verdict counts as 0."""

import asyncio
from typing import Any

import pytest

from agentskiller_assets.evaluation.evaluate import with_parts
from agentskiller_assets.evaluation.judge import judged, parse_verdict
from agentskiller_assets.evaluation.models import Part
from tests.evaluation.talks import case_of, held, score, straight


class Answering:
    """A judge that always answers the same, or fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def judge(self, rollout: Any, task: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def verdict(answer: Any) -> Part:
    """What comes of a judge's answer about a conversation that passes otherwise."""
    case = case_of("inform")
    return asyncio.run(judged(Answering(answer), held(case, straight(case)), case.task))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (TimeoutError("no answer within 60 s"), "the judge failed: TimeoutError: no answer within 60 s"),
        (None, "the judge answered nothing"),
        ("fine", "the judge answered no part of its own: 'fine'"),
        ({"score": 1.0}, "the judge answered no part of its own: {'score': 1.0}"),
        (Part(name="action", score=1.0), "the judge answered no part of its own: "),
        (Part.model_construct(name="judge", score=None, reasons=()), "the judge's score is None"),
        (Part(name="judge", score=7.0), "the judge's score is 7.0, not a number from 0 to 1"),
        (Part(name="judge", score=float("nan")), "the judge's score is nan"),
    ],
)
def test_a_judge_that_fails_fails_the_conversation(answer, reason):
    found = verdict(answer)

    assert (found.name, found.score) == ("judge", 0.0)
    assert found.reasons[0].startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "the judge answered nothing"),
        ("  ", "the judge answered nothing"),
        ("Looks good to me!", "the judge's answer is no JSON"),
        ("[1]", "the judge's answer has no score from 0 to 1"),
        ('{"reason": "fine"}', "the judge's answer has no score from 0 to 1"),
        ('{"score": "1"}', "the judge's answer has no score from 0 to 1"),
        ('{"score": true}', "the judge's answer has no score from 0 to 1"),
        ('{"score": 10}', "the judge's answer has no score from 0 to 1"),
        ('{"score": NaN}', "the judge's answer has no score from 0 to 1"),
    ],
)
def test_a_text_without_a_verdict_is_a_score_of_0(text, reason):
    found = parse_verdict(text)

    assert found.score == 0.0
    assert found.reasons[0].startswith(reason)


def test_a_verdict_is_taken_with_its_reason():
    assert parse_verdict('{"score": 1}') == Part(name="judge", score=1.0)
    assert parse_verdict('{"score": 0.5, "reason": "rude"}') == Part(name="judge", score=0.5, reasons=("rude",))
    assert parse_verdict('{"score": 0}').reasons == ("the judge gave no reason",)
    assert verdict(Part(name="judge", score=0.25)).reasons == ("the judge gave no reason",)


def test_the_judge_is_one_factor_of_the_composite():
    case = case_of("inform")
    plain = score(case, straight(case))
    assert [part.name for part in plain.parts] == ["action", "environment", "communication", "policy"]
    for part, passed in ((verdict(Part(name="judge", score=1.0)), True), (verdict(None), False)):
        whole = with_parts(plain, [part])
        assert (whole.score, whole.passed, whole.part("judge")) == (part.score, passed, part)
    assert with_parts(plain, [Part(name="judge", score=0.9, reasons=("curt",))]).passed is False
