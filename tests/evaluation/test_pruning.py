"""Pruning: what a passing conversation can do without is left out, and what remains is made and evaluated again."""

import pytest

from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.pruning import prune, without_calls
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Rollout
from tests.evaluation.talks import (
    CANCEL,
    IDENTIFY,
    LEAVE,
    LIST,
    RATE,
    SEARCH,
    Act,
    Calls,
    Hears,
    Says,
    call,
    calling,
    case_of,
    evaluator,
    held,
    replaced,
    saying,
    straight,
)
from tests.fusion.pairs import pair
from tests.world import clinic


def pruned(case: Case, acts: list[Act]) -> tuple[Rollout, list[str]]:
    """What remains of the conversation of these acts, and the tools of the calls that were left out."""
    rollout = held(case, acts)
    found, redundant = prune(evaluator(), rollout, case.task, case.template)
    return found, [each.tool for each in rollout.calls if each.id in redundant]


def test_nothing_is_left_out_of_a_straight_conversation_but_what_another_call_returns_too():
    shared = {LIST: SEARCH, "get_doctor_details": SEARCH, "get_appointment_details": LIST, SEARCH: LIST}
    for case in clinic().cases:
        made = {step.tool for step in case.task.instance.steps}
        assert all(shared.get(tool) in made for tool in pruned(case, straight(case))[1]), case.task.id


def test_a_lookup_that_nothing_needs_is_left_out():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    longer = [*acts[:2], call("get_my_patient_record"), *acts[2:], call(SEARCH, specialty="cardiology")]

    found, left_out = pruned(case, longer)

    assert left_out == ["get_my_patient_record", SEARCH]
    assert found == held(case, acts).model_copy(update={"calls": found.calls, "messages": found.messages})
    assert [each.tool for each in found.calls] == [act.tool for act in acts if isinstance(act, Calls)]
    assert [m.role for m in found.messages] == [m.role for m in held(case, acts).messages]
    assert [found.messages[each.message].tool_calls[0].id for each in found.calls] == [c.id for c in found.calls]
    assert evaluator().evaluate(found, case.task, case.template).passed


def test_a_lookup_of_what_the_agent_then_speaks_of_stays():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    record = clinic().databases.rows["patient"]
    plan = next(row["card_number"] for row in record if row["patient_id"] == case.task.instance.me)
    chatty = [*acts[:2], call("get_my_patient_record"), Says(f"Your card is {plan}."), Hears("Oh."), *acts[2:]]

    assert pruned(case, chatty)[1] == []
    silent = replaced(chatty, saying("Your card"), Says("One moment."))
    assert pruned(case, silent)[1] == ["get_my_patient_record"]


def test_what_the_user_had_said_is_no_reason_to_keep_a_lookup():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    name = case.task.instance.steps[0].values()["last_name"]
    longer = [*acts[:1], Says("Who is it?"), Hears(f"It's {name}."), acts[1], call("get_my_patient_record"), *acts[2:]]

    assert pruned(case, replaced(longer, saying("That is done"), Says(f"It is done, {name}.")))[1] == [
        "get_my_patient_record"
    ]


def test_a_lookup_that_a_later_one_took_its_key_from_goes_only_with_it():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    doctor = next(row for row in clinic().databases.rows["doctor"] if row["specialty"] == "cardiology")
    search, details = call(SEARCH, specialty="cardiology"), call("get_doctor_details", doctor_id=doctor["doctor_id"])
    stars = f"{doctor['full_name']} charges ${doctor['consultation_fee']:g}."

    assert pruned(case, [*acts[:2], search, details, *acts[2:]])[1] == [SEARCH, "get_doctor_details"]
    kept = [*acts[:2], details, Says(stars), Hears("I see."), *acts[2:]]
    assert pruned(case, kept)[1] == []


def test_slips_and_refused_lookups_are_left_out():
    case = case_of("fulfil", LEAVE)
    acts = replaced(straight(case), calling(LEAVE), call(LEAVE, waiting_list_entry_id=7), _gold(case, LEAVE))
    unknown = call("get_appointment_details", appointment_id="APT-99999")
    acts = [*acts[:2], unknown, *acts[2:]]

    assert pruned(case, acts)[1] == ["get_appointment_details", LEAVE]


def test_a_lookup_that_was_made_twice_is_made_once():
    case = case_of("fulfil", RATE, CANCEL)
    acts = straight(case)
    again = call(LIST)

    found, left_out = pruned(case, [*acts, again])

    assert left_out == [LIST]
    assert [each.tool for each in found.calls].count(LIST) == 1


def test_a_message_with_words_or_another_call_keeps_those():
    case = case_of("fulfil", LEAVE)
    acts = straight(case)
    both = Calls((*_gold(case, IDENTIFY).calls, ("get_my_patient_record", {})))
    rollout = held(case, replaced(acts, calling(IDENTIFY), both))

    found = without_calls(rollout, {rollout.calls[1].id})

    assert [len(m.tool_calls) for m in found.messages if m.tool_calls] == [1] * len(found.calls)
    assert len(found.messages) == len(rollout.messages) - 1
    assert evaluator().evaluate(found, case.task, case.template).passed
    assert without_calls(rollout, ()) == rollout


def test_a_conversation_that_fails_is_left_as_it_is():
    case = case_of("fulfil", LEAVE)
    acts = [*straight(case)[:3], call("get_my_patient_record")]
    rollout = held(case, acts)

    assert prune(evaluator(), rollout, case.task, case.template) == (rollout, ())


@pytest.mark.parametrize("kind", ["single", "fused"])
def test_what_remains_of_every_scripted_conversation_passes_and_is_pruned_no_further(kind):
    world = clinic() if kind == "single" else pair()
    with Evaluator(world.environment) as of_world:
        for case, rollout in list(zip(world.cases, world.rollouts, strict=True))[:20]:
            found, redundant = prune(of_world, rollout, case.task, case.template)
            assert len(found.calls) == len(rollout.calls) - len(redundant)
            assert prune(of_world, found, case.task, case.template) == (found, ())


def _gold(case: Case, tool: str) -> Calls:
    return next(call(step.tool, **step.values()) for step in case.task.instance.steps if step.tool == tool)
