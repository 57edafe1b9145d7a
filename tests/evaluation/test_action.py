"""Actions: the calls are the task's own, with the same arguments, as often and in the same order."""

import pytest

from tests.evaluation.talks import (
    BOOK,
    CANCEL,
    IDENTIFY,
    LEAVE,
    LIST,
    PHONE,
    RATE,
    SEARCH,
    Calls,
    Hears,
    Says,
    call,
    calling,
    case_of,
    held,
    reasons,
    replaced,
    score,
    straight,
)
from tests.world import clinic


@pytest.mark.parametrize("kind", ["fulfil", "inform", "refuse", "insufficient"])
def test_the_straight_conversation_passes(kind):
    for case in clinic().cases:
        if case.task.task_kind == kind:
            found = score(case, straight(case))
            assert (found.passed, [part.reasons for part in found.parts]) == (True, [()] * 4)


def test_a_tool_that_the_service_does_not_have_is_no_way_to_do_it():
    case = case_of("inform")
    acts = replaced(straight(case), calling(IDENTIFY), call("find_patient"), *_gold(case, IDENTIFY))

    assert reasons(case, acts, "action") == ("find_patient is no tool of clinic_appointments",)


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("stars", int, "stars is {other}, not {stars}"),
        ("stars", float, "stars is {stars}.0, not {stars}"),
        ("stars", bool, "was not made"),
    ],
)
def test_arguments_are_compared_with_their_types(name, kind, shown):
    case = case_of("fulfil", RATE, CANCEL)
    values = next(step for step in case.task.instance.steps if step.tool == RATE).values()
    stars = values[name]
    value = kind(stars % 5 + 1 if kind is int else stars)
    acts = replaced(straight(case), calling(RATE), call(RATE, **{**values, name: value}))

    (reason,) = reasons(case, acts, "action")

    assert shown.format(stars=stars, other=stars % 5 + 1) in reason
    assert RATE in reason


def test_a_write_that_was_not_made_is_missed():
    case = case_of("fulfil", LEAVE)

    assert reasons(case, replaced(straight(case), calling(LEAVE)), "action") == (f"{LEAVE} was not made",)


def test_a_write_of_another_row_is_named_by_its_argument():
    case = case_of("fulfil", LEAVE)
    values = _gold(case, LEAVE)[0].calls[0][1]
    acts = replaced(straight(case), calling(LEAVE), call(LEAVE, waiting_list_entry_id="WLE-10001"))

    assert reasons(case, acts, "action") == (
        f"{LEAVE}.waiting_list_entry_id is 'WLE-10001', not {values['waiting_list_entry_id']!r}",
        f"{LEAVE}.waiting_list_entry_id is 'WLE-10001', which no earlier result had",
    )


def test_one_write_more_is_too_much_even_if_it_was_refused():
    case = case_of("fulfil", BOOK)
    again = (Says("And once more, shall I go ahead?"), Hears("Yes."), *_gold(case, BOOK))
    acts = replaced(straight(case), calling(BOOK), *_gold(case, BOOK), *again)

    (reason,) = reasons(case, acts, "action")

    assert reason.startswith(f"{BOOK} was called, which the task does not need (")


def test_a_write_that_failed_before_it_succeeded_is_one_too_many():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    early = [acts[0], *_gold(case, LEAVE), *acts[1:]]

    assert f"{LEAVE} was called, which the task does not need (NOT_AUTHORIZED)" in reasons(case, early, "action")


@pytest.mark.parametrize("kind", ["refuse", "insufficient", "inform"])
def test_any_attempt_to_change_something_costs_a_task_that_changes_nothing(kind):
    case = case_of(kind)
    for arguments in ({"new_phone": "not a number"}, {"new_phone": "201-555-0000"}):
        acts = [*straight(case), call(PHONE, **arguments)]
        assert any(f"{PHONE} was called" in reason for reason in reasons(case, acts, "action"))


def test_a_slip_that_the_schema_catches_is_no_attempt():
    case = case_of("fulfil", LEAVE)
    acts = replaced(straight(case), calling(LEAVE), call(LEAVE, waiting_list_entry_id=7), *_gold(case, LEAVE))

    assert reasons(case, acts, "action") == ()


def test_writes_in_another_order_are_not_the_same():
    case = case_of("fulfil", LEAVE, "update_phone_number")
    acts = straight(case)
    first, second = (
        next(i for i, act in enumerate(acts) if calling(tool)(act)) for tool in (LEAVE, "update_phone_number")
    )
    acts[first], acts[second] = acts[second], acts[first]

    assert reasons(case, acts, "action") == (f"the order was {PHONE}, {LEAVE}, not {LEAVE}, {PHONE}",)


def test_whoever_was_not_identified_with_their_details_was_not_identified():
    case = case_of("inform")
    values = case.task.instance.steps[0].values()
    acts = replaced(straight(case), calling(IDENTIFY), call(IDENTIFY, **{**values, "last_name": "Nobody"}))

    assert f"{IDENTIFY}.last_name is 'Nobody', not {values['last_name']!r}" in reasons(case, acts, "action")
    assert f"{IDENTIFY} was not made" in reasons(case, straight(case)[:1], "action")


def test_a_lookup_may_be_another_one_that_returns_the_same():
    """The doctor of a rating can be found among the customer's appointments as well as by their specialty."""
    case = case_of("fulfil", RATE, CANCEL)
    assert reasons(case, replaced(straight(case), calling(SEARCH), call(LIST)), "action") == ()


def test_a_lookup_that_returns_something_else_does_not_do():
    case = case_of("fulfil", RATE, CANCEL)
    acts = replaced(straight(case), calling(SEARCH), call(SEARCH, specialty="psychiatry"))
    acts = replaced(acts, calling(LIST), call(LIST, status="cancelled"))

    found = reasons(case, acts, "action")

    assert {reason.split(" ")[0] for reason in found} >= {SEARCH, LIST, f"{RATE}.doctor_id", f"{CANCEL}.appointment_id"}


def test_what_was_looked_for_in_vain_must_have_been_looked_for():
    case = next(each for each in clinic().cases if each.template.missing_row == "appointment")
    acts = straight(case)

    assert reasons(case, replaced(acts, calling(LIST)), "action") == (f"{LIST} was not looked up with {{}}",)
    assert reasons(case, replaced(acts, calling(LIST), call(LIST, status="cancelled")), "action") != ()


def test_the_same_lookup_over_and_over_is_a_loop():
    case = case_of("inform")
    three, four = ([straight(case)[0], *_gold(case, IDENTIFY) * times, *straight(case)[2:]] for times in (3, 4))

    assert reasons(case, three, "action") == ()
    assert reasons(case, four, "action") == (f"{IDENTIFY} loops: the same lookup was made 4 times",)


def test_arguments_that_are_no_json_object_are_a_call_without_effect():
    case = case_of("fulfil", LEAVE)
    acts = replaced(straight(case), calling(LEAVE), Calls(((LEAVE, "{not json"),)), *_gold(case, LEAVE))

    assert held(case, acts).calls[-2].outcome == "invalid"
    assert reasons(case, acts, "action") == ()


def _gold(case, tool: str) -> list[Calls]:
    """The gold call of a tool."""
    return [call(step.tool, **step.values()) for step in case.task.instance.steps if step.tool == tool][:1]
