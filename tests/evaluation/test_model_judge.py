"""A model as judge: its verdict counts, and whatever is no verdict counts as 0."""

from collections.abc import Mapping
from typing import Any

import pytest

from agentskiller_assets.evaluation.builds import evaluate_all
from agentskiller_assets.evaluation.model_judge import ModelJudge
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.llm.models import Request
from agentskiller_assets.llm.scripted import ScriptedLLM
from tests.world import clinic


def judged(answer: str | Mapping[str, Any]) -> tuple[Evaluation, list[Request]]:
    """The first conversation of the clinic, judged by a model that answers so."""
    world, llm = clinic(), ScriptedLLM({"evaluation/judge": answer})
    judge = ModelJudge(llm, "some-model")
    found = evaluate_all(world.environment, world.rollouts[:1], world.validated_tasks, world.task_templates, judge)
    return found[0], llm.requests


def test_a_good_verdict_passes_and_the_judge_has_seen_policy_and_conversation():
    evaluation, requests = judged({"score": 1, "reason": ""})
    assert (evaluation.passed, evaluation.part("judge").score) == (True, 1.0)
    asked = str(requests[0].messages[-1]["content"])
    rollout = clinic().rollouts[0]
    assert str(rollout.messages[0].content) in asked
    assert all(str(m.content) in asked for m in rollout.messages if m.role == "user")


def test_a_bad_verdict_fails_what_all_rules_pass_and_says_why():
    evaluation, _ = judged({"score": 0, "reason": "The second message is rude."})
    assert (evaluation.passed, evaluation.score) == (False, 0.0)
    assert evaluation.part("judge").reasons == ("The second message is rude.",)
    assert evaluation.part("action").score == 1.0


@pytest.mark.parametrize("answer", [{"score": 0, "reason": ""}, {"score": 7, "reason": "x"}, "fine, I think", {}])
def test_what_is_no_verdict_is_asked_for_once_more_and_then_counts_as_0(answer):
    evaluation, requests = judged(answer)
    assert (evaluation.passed, len(requests)) == (False, 2)
    assert "the judge failed" in evaluation.part("judge").reasons[0]
