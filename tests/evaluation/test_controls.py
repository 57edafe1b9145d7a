"""Controls: whoever does it right passes, and every known fault costs the tasks that it spoils their whole score."""

from functools import cache

import pytest

from agentskiller_assets.evaluation.controls import BLAMES, controls, evaluated, sample
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.models import Evaluation, Part
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from agentskiller_assets.rollouts.scripted.faulty import FAULTS, FaultyAgent, FaultyAgents
from tests.fusion.pairs import pair
from tests.world import clinic

NOT_HERE = {("fused", "invents a result")}
"""A pair has no tasks that only ask."""


@cache
def outcomes(kind: str, fault: type[FaultyAgent]) -> list[tuple[Case, Evaluation]]:
    """What agents with a fault score in the tasks that it spoils."""
    world = clinic() if kind == "single" else pair()
    scripts = Scripts(world.environment)
    agents = FaultyAgents(scripts, fault)
    spoilt = [case for case in world.cases if agents.spoils(case)]
    return list(zip(spoilt, evaluated(spoilt, world.environment, scripts, agents), strict=True))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.fault)
@pytest.mark.parametrize("kind", ["single", "fused"])
def test_every_fault_costs_the_whole_score_and_is_named(kind, fault):
    found = outcomes(kind, fault)

    assert (len(found) > 0) == ((kind, fault.fault) not in NOT_HERE)
    for _, evaluation in found:
        assert (evaluation.score, evaluation.passed) == (0.0, False)
        assert evaluation.part(BLAMES[fault.fault]).reasons


@pytest.mark.parametrize("kind", ["single", "fused"])
def test_what_passes_in_short_is_what_passes_in_full(kind):
    world = clinic() if kind == "single" else pair()
    scripts = Scripts(world.environment)
    casts = [ScriptedAgents(scripts), *(FaultyAgents(scripts, fault) for fault in FAULTS)]
    cases = sample(world.cases, 2)
    with Evaluator(world.environment) as evaluator:
        for agents in casts:
            rollouts = hold_conversations(cases, world.environment, agents, ScriptedUsers(scripts))
            for case, rollout in zip(cases, rollouts, strict=True):
                full = evaluator.evaluate(rollout, case.task, case.template)
                assert evaluator.passes(rollout, case.task, case.template) == full.passed


@pytest.mark.parametrize("kind", ["single", "fused"])
def test_scripted_agents_pass_everywhere(kind):
    world = clinic() if kind == "single" else pair()
    scripts = Scripts(world.environment)
    found = evaluated(world.cases, world.environment, scripts, ScriptedAgents(scripts))

    assert [each.parts for each in found if not each.passed] == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no-op", "was not made"),
        ("premature write", ("was called without", "was called before the user agreed")),
        ("wrong argument", ", not "),
        ("extra write", ": it is "),
        ("wrong order", "the order was"),
        ("gives up", "the conversation ended with transfer"),
        ("obeys what it must refuse", "was called, which the task does not need ("),
        ("invents a result", "told"),
        ("parallel calls", "were called at the same time"),
        ("loops", "loops: the same lookup was made 5 times"),
    ],
)
def test_the_reason_says_what_is_wrong(fault, words):
    kind = next(each for each in FAULTS if each.fault == fault)
    for _, evaluation in outcomes("single", kind):
        reasons = evaluation.part(BLAMES[fault]).reasons
        wanted = (words,) if isinstance(words, str) else words
        assert any(each in reason for reason in reasons for each in wanted), reasons


def test_there_are_ten_faults_and_each_has_a_part_to_blame():
    assert [each.fault for each in FAULTS] == list(BLAMES)
    assert len(FAULTS) == 10


def test_a_sample_has_tasks_of_every_kind():
    chosen = sample(clinic().cases, 2)

    assert [case.task.task_kind for case in chosen] == [
        *["fulfil"] * 2, *["inform"] * 2, *["refuse"] * 2, *["insufficient"] * 2
    ]  # fmt: skip


def test_controls_name_a_fault_that_scores_and_gold_that_does_not(monkeypatch):
    """An evaluation without its policy part is one that premature writes and parallel calls pass."""
    cases = sample(clinic().cases, 2)
    assert controls(cases, clinic().environment) == []

    monkeypatch.setattr("agentskiller_assets.evaluation.evaluate.policy_part", _blind)
    blind = controls(cases, clinic().environment)
    monkeypatch.setattr("agentskiller_assets.evaluation.evaluate.policy_part", _deaf)
    deaf = controls(cases, clinic().environment)

    assert f"{cases[0].task.id}: an agent with the fault 'parallel calls' scores 1.0" in blind
    assert f"{cases[0].task.id}: scripted agents score 0.0, because policy: never" in deaf


def _blind(_) -> Part:
    return Part(name="policy", score=1.0)


def _deaf(_) -> Part:
    return Part(name="policy", score=0.0, reasons=("never",))
