"""What went wrong when the reference implementation of the method judged conversations, and why it cannot here.

The numbers are those of the list of defects that this project was specified against.
"""

import asyncio
import json

import pytest

from agentskiller_assets.evaluation.differences import differences
from agentskiller_assets.evaluation.evaluate import Evaluator, with_parts
from agentskiller_assets.evaluation.judge import judged
from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.evaluation.pruning import prune
from agentskiller_assets.rollouts.models import StopReason
from agentskiller_assets.runtime import Environment
from tests.evaluation.talks import (
    BOOK,
    CANCEL,
    LEAVE,
    LIST,
    Calls,
    call,
    calling,
    case_of,
    evaluator,
    held,
    reasons,
    replaced,
    score,
    straight,
)
from tests.runtime.specs import library_with, tool
from tests.scenario import LIBRARY, NOOR, session_of
from tests.world import clinic

KEYS = {table.name: table.key for table in LIBRARY.tables}
EVERYTHING_ELSE = "DELETE FROM reservation WHERE reservation_id <> 'RES-501'"


@pytest.mark.parametrize(
    ("gold", "found"),
    [
        ("DELETE FROM reservation WHERE reservation_id = 'RES-501'", "DELETE FROM reservation WHERE 0"),
        ("UPDATE reservation SET status = 'ready' WHERE reservation_id = 'RES-501'", "DELETE FROM reservation WHERE 0"),
        ("UPDATE reservation SET note = '7' WHERE reservation_id = 'RES-504'", "DELETE FROM reservation WHERE 0"),
        ("UPDATE reservation SET note = '7' WHERE reservation_id = 'RES-504'", "UPDATE reservation SET note = '7.0'"),
        ("UPDATE reservation SET status = 'ready' WHERE reservation_id = 'RES-501'", EVERYTHING_ELSE),
        ("DELETE FROM reservation WHERE 0", EVERYTHING_ELSE),
    ],
    ids=["deleted row", "status", "number-like text", "another number-like text", "other rows wiped", "all wiped"],
)
def test_defect_14_neither_doing_nothing_nor_wiping_rows_has_the_score_of_gold(gold: str, found: str) -> None:
    """There, a do-nothing agent passed where gold deletes a row, changes a status or a text like a number, and an
    agent that wiped other rows passed as well. Here the two states are compared whole, in both directions."""
    states = []
    for effect in (gold, found):
        with session_of(NOOR, library_with(tool(effects=[effect]))) as session:
            session.call("probe", {})
            states.append(session.diff())

    assert differences(states[0], states[1], KEYS) != []
    assert differences(states[0], states[0], KEYS) == []


def test_defect_14_a_state_that_was_not_captured_is_no_match() -> None:
    """There, a conversation whose state could not be captured passed. Here the state comes of making the calls again,
    and a record that says something else about it is a fault."""
    case = case_of("fulfil", LEAVE)
    rollout = held(case, straight(case))
    for lost in ({}, {"inserted": {}, "updated": {}, "deleted": {}}):
        found = evaluator().evaluate(rollout.model_copy(update={"final_diff": lost}), case.task, case.template)
        assert (found.score, len(found.part("environment").reasons)) == (0.0, 1)


def test_defect_15_the_right_tools_with_other_arguments_are_not_the_right_actions() -> None:
    """There, actions were scored by tool names. Here by tools, arguments, number and order."""
    case = case_of("fulfil", BOOK)
    gold = case.task.instance.steps[-1].values()
    for name, value in (("starts_at", "2026-03-09 11:00:00"), ("reason_for_visit", "a cough"), ("doctor_id", "DOC-1")):
        acts = replaced(straight(case), calling(BOOK), call(BOOK, **{**gold, name: value}))
        assert f"{BOOK}.{name} is {value!r}, not {gold[name]!r}" in reasons(case, acts, "action")
    twice = replaced(straight(case), calling(BOOK), call(BOOK, **gold), call(BOOK, **gold))
    assert reasons(case, twice, "action") != ()


def test_defect_16_the_composite_is_always_a_number() -> None:
    """There, the composite score always ended in an error. Here it is the product of the parts, whatever they are."""
    for case in clinic().cases:
        for acts in (straight(case), straight(case)[:1]):
            found = score(case, acts)
            assert found.score == float(all(part.score == 1 for part in found.parts))
    half = with_parts(score(case_of("inform"), straight(case_of("inform"))), [Part(name="judge", score=0.5)])
    assert (half.score, half.passed) == (0.5, False)


def test_defect_17_arguments_that_cannot_be_read_are_an_invalid_call() -> None:
    """There, arguments that could not be read became `None`, and the call was made with them. Here the call is invalid,
    nothing comes of it, and making it again comes to the same."""
    case = case_of("fulfil", LEAVE)
    key = case.task.instance.steps[-1].values()["waiting_list_entry_id"]
    for text in (f'{{"waiting_list_entry_id": "{key}"', "null", '"x"', "[]", ""):
        rollout = held(case, replaced(straight(case), calling(LEAVE), Calls(((LEAVE, text),))))
        found = evaluator().evaluate(rollout, case.task, case.template)
        assert (rollout.calls[-1].outcome, rollout.calls[-1].arguments) == ("invalid", {})
        assert f"{LEAVE} was not made" in found.part("action").reasons


def test_defect_17_a_refused_call_leaves_nothing_behind_for_the_next_one() -> None:
    """There, calls were tried again without rolling back. Here a call that was refused changes nothing, so that what
    is made after it comes to the certified state."""
    case = case_of("fulfil", CANCEL)
    wrong = call(CANCEL, appointment_id="APT-99999")
    found = score(case, replaced(straight(case), calling(LIST), wrong, call(LIST)))

    assert found.part("environment").score == 1.0
    assert any(f"{CANCEL} was called, which the task does not need" in each for each in found.part("action").reasons)


def test_defect_18_what_is_redundant_is_not_told_by_names() -> None:
    """There, a step was kept or dropped by parts of its name: `get_address` has "add" in it, and passed for a write.
    Here it is left out on trial, and the rest is made and evaluated again: where the address is asked for it stays,
    where it is not it goes."""
    spec = clinic().spec
    twin = spec.tool("get_my_patient_record").model_copy(update={"name": "get_address"})
    service = Environment(spec.model_copy(update={"tools": (*spec.tools, twin)}), clinic().environment.image)
    asks = next(c for c in clinic().cases if any(name == "street_address" for _, name, _ in c.task.instance.answers))
    moves = case_of("fulfil", LEAVE)
    talks = (
        (asks, replaced(straight(asks), calling("get_my_patient_record"), call("get_address")), []),
        (moves, [*straight(moves)[:2], call("get_address"), *straight(moves)[2:]], ["get_address"]),
    )

    with Evaluator(service) as strict:
        for case, acts, left_out in talks:
            rollout = held(case, acts, service)
            found, redundant = prune(strict, rollout, case.task, case.template)
            assert [each.tool for each in rollout.calls if each.id in redundant] == left_out
            assert strict.evaluate(found, case.task, case.template).passed


def test_defect_22_calls_at_the_same_time_are_made_and_answered_in_their_order() -> None:
    """There, calls of one message were answered in the order in which they happened to finish. Here each is made after
    the one before it, and answered by its id in that order; anything else is found when they are made again."""
    case = case_of("inform")
    acts = straight(case)
    first, second, *rest = (act for act in acts if isinstance(act, Calls))
    rollout = held(case, [acts[0], Calls((*first.calls, *second.calls)), *rest, *acts[-1:]])
    answers = [message.tool_call_id for message in rollout.messages if message.role == "tool"]

    assert answers == [each.id for each in rollout.calls]
    assert evaluator().evaluate(rollout, case.task, case.template).part("environment").score == 1.0

    swapped = rollout.model_copy(update={"calls": (rollout.calls[1], rollout.calls[0], *rollout.calls[2:])})
    found = evaluator().evaluate(swapped, case.task, case.template)
    assert "replayed otherwise: the recorded calls are not those of the messages" in found.part("environment").reasons


@pytest.mark.parametrize("limit", ["turn_limit", "call_limit", "out_of_scope"])
def test_defect_22_a_limit_is_no_success(limit: StopReason) -> None:
    """There, running into the turn limit counted as success. Here it costs the whole score, whatever was done."""
    for kind in ("fulfil", "inform", "refuse", "insufficient"):
        case = case_of(kind)
        assert score(case, straight(case), stop_reason=limit).score == 0.0


def test_defect_22_system_prompt_tools_and_final_state_are_recorded() -> None:
    """There, neither the system prompt nor the tools nor the final state were kept, and names of tools had dots."""
    policy = "\n".join(line for line in clinic().cases[0].service.prompt.splitlines() if line.startswith("- "))
    for rollout in clinic().rollouts:
        assert rollout.messages[0].role == "system"
        assert policy.splitlines()[-1] in str(rollout.messages[0].content)
        assert [each["function"]["name"] for each in rollout.tools] == [tool.name for tool in clinic().spec.tools]
        assert not any("." in each["function"]["name"] for each in rollout.tools)
        assert set(rollout.final_diff) == {"inserted", "updated", "deleted"}
        assert json.loads(rollout.model_dump_json())["final_digest"] == rollout.final_digest


def test_defect_12_a_judge_that_does_not_answer_fails_the_conversation() -> None:
    """There, the judge failed open. Here a judge that fails is a score of 0, with the reason."""

    class Silent:
        async def judge(self, rollout: object, task: object) -> Part:
            raise ConnectionError("nobody there")

    case = case_of("inform")
    part = asyncio.run(judged(Silent(), held(case, straight(case)), case.task))

    assert part == Part(name="judge", score=0.0, reasons=("the judge failed: ConnectionError: nobody there",))
    assert with_parts(score(case, straight(case)), [part]).score == 0.0
