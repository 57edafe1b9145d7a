"""Environment: the calls are made again, and what they leave is exactly what gold leaves."""

from typing import Any

import pytest

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.errors import EvaluationError
from agentskiller_assets.evaluation.differences import differences
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.runtime import Environment
from tests.evaluation.talks import (
    LEAVE,
    RATE,
    Calls,
    call,
    calling,
    case_of,
    evaluator,
    held,
    reasons,
    replaced,
    straight,
)
from tests.world import clinic

KEYS = {"loan": "loan_id"}
NOTHING: dict[str, Any] = {"inserted": {}, "updated": {}, "deleted": {}}
ROW = {"loan_id": "LOA-1", "days": 7, "paid": True}


def _changed(column: str, old: object, new: object) -> dict[str, Any]:
    return {**NOTHING, "updated": {"loan": [{"key": "LOA-1", "changes": {column: [old, new]}}]}}


@pytest.mark.parametrize(
    ("gold", "found", "reason"),
    [
        ({"inserted": {"loan": [ROW]}}, NOTHING, "loan LOA-1: it is not inserted"),
        ({"deleted": {"loan": [ROW]}}, NOTHING, "loan LOA-1: it is not deleted"),
        (NOTHING, {"inserted": {"loan": [ROW]}}, "loan LOA-1: it is inserted, which nobody asked for"),
        (NOTHING, {"deleted": {"loan": [ROW]}}, "loan LOA-1: it is deleted, which nobody asked for"),
        (
            {"inserted": {"loan": [ROW]}},
            {"inserted": {"loan": [{**ROW, "days": 7.0}]}},
            "loan LOA-1.days: it is 7.0, not 7",
        ),
        (
            {"inserted": {"loan": [ROW]}},
            {"inserted": {"loan": [{**ROW, "paid": 1}]}},
            "loan LOA-1.paid: it is 1, not True",
        ),
        (_changed("days", 7, 9), NOTHING, "loan LOA-1.days: it is not changed to 9"),
        (NOTHING, _changed("days", 7, 9), "loan LOA-1.days: it is changed to 9, which nobody asked for"),
        (_changed("days", 7, 9), _changed("days", 7, 19), "loan LOA-1.days: it is 19, not 9"),
    ],
)
def test_every_difference_is_named_by_table_key_and_column(gold, found, reason):
    assert differences(gold, found, KEYS) == [reason]
    assert differences(gold, gold, KEYS) == []


def test_a_write_that_was_not_made_leaves_the_row_as_it_was():
    case = case_of("fulfil", LEAVE)
    (key,) = (step.values()["waiting_list_entry_id"] for step in case.task.instance.steps if step.tool == LEAVE)

    (reason,) = reasons(case, replaced(straight(case), calling(LEAVE)), "environment")

    assert reason == f"waiting_list_entry {key}.status: it is not changed to 'left'"


def _stars(case: Case, stars: int) -> Rollout:
    values = next(step for step in case.task.instance.steps if step.tool == RATE).values()
    return held(case, replaced(straight(case), calling(RATE), call(RATE, **{**values, "stars": stars})))


def _environment(case: Case, rollout: Rollout) -> tuple[str, ...]:
    found = evaluator().evaluate(rollout, case.task, case.template)
    assert found.score == float(found.passed)
    return found.part("environment").reasons


def test_another_value_is_named():
    case = case_of("fulfil", RATE, "cancel_appointment")
    wrong = _environment(case, _stars(case, 1))

    assert [reason.partition(": ")[0] for reason in wrong] == ["appointment_review new:appointment_review:1.stars"]


def test_what_a_rollout_says_of_its_own_state_is_not_believed():
    """A rollout with the right digests and the wrong calls does not get the score of the right calls."""
    case = case_of("fulfil", RATE, "cancel_appointment")
    right, wrong = held(case, straight(case)), _stars(case, 1)
    boast = {"final_digest": right.final_digest, "final_diff": right.final_diff}

    assert any(": it is 1, not" in reason for reason in _environment(case, wrong.model_copy(update=boast)))
    assert "replayed otherwise" in _environment(case, right.model_copy(update={"final_diff": NOTHING}))[0]
    assert _environment(case, right.model_copy(update={"final_digest": "0" * 32})) == ()


def test_a_recorded_result_that_the_service_does_not_give_is_found():
    case = case_of("fulfil", LEAVE)
    rollout = held(case, straight(case))
    for change in ({"result": {"status": "left"}}, {"outcome": "refused", "code": "X", "result": None}):
        calls = (*rollout.calls[:-1], rollout.calls[-1].model_copy(update=change))
        (reason,) = _environment(case, rollout.model_copy(update={"calls": calls}))
        assert reason.startswith(f"replayed otherwise: {LEAVE} was recorded as")


def test_an_answer_that_the_agent_was_not_given_is_found():
    case = case_of("inform")
    rollout = held(case, straight(case))
    told = tuple(
        message.model_copy(update={"content": '{"results": []}'}) if message.role == "tool" else message
        for message in rollout.messages
    )

    (reason,) = _environment(case, rollout.model_copy(update={"messages": told}))

    assert "the agent was told something else" in reason


def test_calls_that_are_not_those_of_the_messages_are_found():
    case = case_of("fulfil", LEAVE)
    rollout = held(case, straight(case))
    forged = rollout.calls[-1].model_copy(update={"arguments": {"waiting_list_entry_id": "WLE-10001"}})
    for calls in (rollout.calls[:-1], (*rollout.calls[:-1], forged), rollout.calls[::-1]):
        found = _environment(case, rollout.model_copy(update={"calls": calls}))
        assert "replayed otherwise: the recorded calls are not those of the messages" in found


def test_answers_in_another_order_than_their_calls_are_found():
    case = case_of("inform")
    acts = straight(case)
    first, second, *_ = (act for act in acts if isinstance(act, Calls))
    rollout = held(case, [acts[0], Calls((*first.calls, *second.calls)), *acts[3:]])
    at = next(i for i, message in enumerate(rollout.messages) if message.role == "tool")
    messages = list(rollout.messages)
    messages[at], messages[at + 1] = messages[at + 1], messages[at]

    (reason,) = _environment(case, rollout.model_copy(update={"messages": tuple(messages)}))

    assert reason == f"replayed otherwise: the calls of message {at - 1} were not answered in their order"


def test_gold_that_does_not_come_to_what_was_certified_is_an_error():
    case = case_of("fulfil", LEAVE)
    rollout = held(case, straight(case))
    stale = case.task.model_copy(update={"gold_digest": "0" * 32, "id": "task_stale"})
    with pytest.raises(EvaluationError, match=r"task_stale: the gold steps leave another state .* Certify the tasks"):
        evaluator().evaluate(rollout.model_copy(update={"task": "task_stale"}), stale, case.template)


def test_a_service_that_does_not_accept_gold_is_an_error():
    case = case_of("fulfil", LEAVE)
    error = pytest.raises(EvaluationError, match="there is no tool named leave_doctor_waiting_list")
    with Evaluator(_without(clinic().environment, LEAVE)) as narrow, error:
        narrow.evaluate(held(case, straight(case)), case.task, case.template)


def _without(environment: Environment, tool: str) -> Environment:
    spec: EnvironmentSpec = environment.spec
    tools = tuple(each for each in spec.tools if each.name != tool)
    return Environment(spec.model_copy(update={"tools": tools}), environment.image)


def test_a_rollout_is_evaluated_against_its_own_task_only():
    one, other = case_of("fulfil", LEAVE), case_of("inform")
    rollout = held(one, straight(one))
    with pytest.raises(EvaluationError, match=r"rollout_\w+: it is a conversation about"):
        evaluator().evaluate(rollout, other.task, other.template)
    with pytest.raises(EvaluationError, match=r"task_\w+: it is an instance of"):
        evaluator().evaluate(rollout, one.task, other.template)
