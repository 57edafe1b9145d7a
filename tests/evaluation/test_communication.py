"""Communication: the user is told the answer, the reason, that it is done or who takes over; once it is known."""

from collections import Counter

import pytest

from agentskiller_assets.core.spec import Typed
from agentskiller_assets.evaluation.trail import Trail
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.tasks.models import Step
from tests.evaluation.talks import (
    LEAVE,
    Calls,
    Says,
    call,
    calling,
    case_of,
    evaluator,
    held,
    reasons,
    refusal,
    replaced,
    saying,
    straight,
)
from tests.world import clinic


@pytest.mark.parametrize("said", ["That's ${} in all.", "{}.00 dollars", "It costs {}."])
def test_an_answer_is_told_in_any_words(said):
    case, fee = _priced()

    assert reasons(case, replaced(straight(case), saying(f"${fee}"), Says(said.format(fee))), "communication") == ()


@pytest.mark.parametrize("said", ["That's $1,{:03}.", "That's ${}0.", "I have looked it up.", "It is item {}-2."])
def test_another_answer_is_none(said):
    case, fee = _priced()

    assert reasons(case, replaced(straight(case), saying(f"${fee}"), Says(said.format(fee))), "communication") == (
        f"the user was not told that consultation_fee is {fee}.0",
    )


def test_an_answer_before_the_lookup_is_a_guess():
    case, fee = _priced()
    acts = straight(case)
    guess = [acts[0], Says(f"It is ${fee}."), *acts[1:-1]]

    assert reasons(case, guess, "communication") == (f"the user was not told that consultation_fee is {fee}.0",)


def test_an_answer_that_was_never_looked_up_could_not_be_told():
    case, _ = _priced()
    acts = [act for act in straight(case) if not isinstance(act, Calls) or act.tool == "identify_patient"]

    assert reasons(case, acts, "communication") == ("consultation_fee was not looked up, so that it could not be told",)


def test_what_was_done_is_said_after_it_was_done():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)

    assert reasons(case, [act for act in acts if act != acts[-1]], "communication") == (
        "the user was not told that it is done",
    )
    assert reasons(case, replaced(acts, calling(LEAVE)), "communication") == (
        "nothing was done that the user could be told of",
    )


def test_what_no_tool_can_do_is_handed_over():
    case = case_of("insufficient")

    assert reasons(case, straight(case), "communication", stop_reason="stop") == (
        "the conversation was not handed over to a human colleague: it ended with stop",
    )


def test_the_reason_of_another_rule_is_not_the_reason():
    case = refusal("TOO_MANY_OPEN_APPOINTMENTS")
    acts = replaced(straight(case), saying("can't"), Says("An appointment is booked at least 48 hours ahead."))

    assert reasons(case, acts, "communication") == (
        "the user was not told the reason TOO_MANY_OPEN_APPOINTMENTS: "
        "what was said comes closest to APPOINTMENT_TOO_SOON",
    )


def test_a_refusal_without_a_reason_is_none():
    case = refusal("ALREADY_RATED")

    assert reasons(case, replaced(straight(case), saying("can't"), Says("No.")), "communication") == (
        "the user was not told the reason ALREADY_RATED: no rule was given",
    )


def test_a_reason_before_the_lookups_is_a_guess():
    case = refusal("ALREADY_RATED")
    acts = straight(case)

    assert reasons(case, [acts[0], acts[-1], *acts[1:-1]], "communication") != ()


def test_several_answers_of_the_same_column_are_told_apart():
    """The fee of another doctor, which is the same, does not answer what a visit to this one costs."""
    case, _ = _priced()
    details = next(step for step in case.task.instance.steps if step.tool == "get_doctor_details")
    acts = [act for act in straight(case) if not calling("search_doctors")(act)]
    acts = replaced(acts, calling("get_doctor_details"), call("get_doctor_details", doctor_id=_same_fee(details)))

    assert reasons(case, acts, "communication") == ("consultation_fee was not looked up, so that it could not be told",)


def _priced() -> tuple[Case, int]:
    """A case that asks for the fee of a doctor, and the fee, which is that of another doctor, too."""
    fees = Counter(row["consultation_fee"] for row in clinic().databases.rows["doctor"])
    asked = [(case, answer[2]) for case in clinic().cases for answer in case.task.instance.answers]
    return next((case, int(fee)) for case, fee in asked if fee in fees and fees[fee] > 1 and fee == int(fee) < 1000)


def _same_fee(details: Step) -> str:
    rows = clinic().databases.rows["doctor"]
    mine = next(row for row in rows if row["doctor_id"] == details.values()["doctor_id"])
    others = [row for row in rows if row is not mine and row["consultation_fee"] == mine["consultation_fee"]]
    return next(str(row["doctor_id"]) for row in others)


def test_a_number_in_a_name_is_no_answer():
    """`Holloway Drifter 27` costs $28 is not the answer 27."""
    case = next(c for c in clinic().cases if tuple(a[1] for a in c.task.instance.answers) == ("street_address",))
    trail = Trail(held(case, straight(case)), case.task, evaluator().desk)
    street = str(case.task.instance.answers[0][2])
    number = int(street.split(maxsplit=1)[0])

    assert not trail.speaks_of(
        f"At {street}, you pay ${number + 1}.", number, Typed(name="n", type="integer", description="")
    )
    assert trail.speaks_of(f"At {street}, you pay ${number}.", number, Typed(name="n", type="money", description=""))
    assert trail.speaks_of(f"It is {street}.", street, Typed(name="n", type="text", description=""))
