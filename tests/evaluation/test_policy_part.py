"""Policy: what every conversation keeps to, whatever it is about."""

import pytest

from agentskiller_assets.evaluation.evaluate import Evaluator
from tests.evaluation.talks import (
    BOOK,
    CANCEL,
    IDENTIFY,
    LEAVE,
    LIST,
    PHONE,
    RATE,
    SEARCH,
    Act,
    Calls,
    Hears,
    Says,
    call,
    case_of,
    read_back,
    reasons,
    refusal,
    replaced,
    saying,
    straight,
)
from tests.fusion.pairs import pair
from tests.world import clinic


def _agreeing(act: Act) -> bool:
    return act == Hears("Yes, please.")


def test_a_write_that_nobody_heard_of_is_premature():
    case = case_of("fulfil", BOOK)
    acts = replaced(replaced(straight(case), saying("shall I go ahead?")), _agreeing)

    assert reasons(case, acts, "policy") == (f"{BOOK} was called without the request being read back first",)


@pytest.mark.parametrize("answer", ["Hm, what does it cost?", "No.", "Yes, but at 14:00.", "Which doctor is that?"])
def test_a_write_needs_a_clear_yes(answer):
    case = case_of("fulfil", BOOK)

    assert reasons(case, replaced(straight(case), _agreeing, Hears(answer)), "policy") == (
        f"{BOOK} was called before the user agreed; the last word was {answer!r}",
    )


def test_the_yes_is_the_last_word_before_the_write():
    case = case_of("fulfil", BOOK)
    acts = replaced(straight(case), _agreeing, Hears("Yes."), Says("One moment."), Hears("Oh, wait, no."))

    assert reasons(case, acts, "policy") != ()


def test_a_question_in_between_does_not_undo_what_was_read_back():
    case = case_of("fulfil", BOOK)
    between = (Hears("What does it cost?"), Says("$90. Shall I go ahead?"), Hears("Yes."))

    assert reasons(case, replaced(straight(case), _agreeing, *between), "policy") == ()


def test_yes_to_a_question_that_asks_for_a_detail_is_no_agreement():
    case = case_of("fulfil", LEAVE)
    told = read_back(case, case.task.instance.steps[-1]).partition(":")[0]
    acts = replaced(straight(case), saying("shall I"), Says(f"I see this here: {told}. Which one do you mean?"))
    acts = replaced(acts, _agreeing, Hears("Right, that one."))

    assert [reason.partition(";")[0] for reason in reasons(case, acts, "policy")] == [
        f"{LEAVE} was called before the user agreed"
    ]


def test_every_value_that_the_user_gave_is_read_back():
    case = case_of("fulfil", BOOK)
    step = case.task.instance.steps[-1]
    said = step.values()["reason_for_visit"]
    half = read_back(case, step).replace(f", {said}", "")

    assert reasons(case, replaced(straight(case), saying("shall I"), Says(half)), "policy") == (
        f"{BOOK} was called without reason_for_visit being read back first",
    )


def test_values_are_read_back_in_one_message_whatever_words_they_are_in():
    case = case_of("fulfil", RATE, CANCEL)
    stars = next(step for step in case.task.instance.steps if step.tool == RATE).values()["stars"]
    in_words = {1: "one star", 2: "two stars", 3: "three stars", 4: "four stars", 5: "five stars"}[stars]
    acts = replaced(straight(case), saying("shall I"), Says(f"So {in_words} it is, right?"))
    other = replaced(straight(case), saying("shall I"), Says("So six stars it is, right?"))

    assert reasons(case, acts, "policy") == ()
    assert reasons(case, other, "policy") == (f"{RATE} was called without stars being read back first",)


@pytest.mark.parametrize(
    ("said", "enough"),
    [
        ("Shall I leave the waiting list for you?", True),
        ("You want out of the list of {doctor}, right?", True),
        ("I will leave the waiting list.", False),
        ("Shall I do that?", False),
    ],
)
def test_a_write_of_a_row_is_asked_for_by_what_it_does_or_by_the_row(said, enough):
    case = case_of("fulfil", LEAVE)
    (argument,) = case.task.instance.steps[-1].arguments
    acts = replaced(
        straight(case), saying("shall I"), Says(said.format(doctor=dict(argument.source.where)["doctor_name"]))
    )

    assert (reasons(case, acts, "policy") == ()) == enough


def test_each_write_has_a_yes_of_its_own():
    case = case_of("fulfil", LEAVE, PHONE)
    phone = next(step for step in case.task.instance.steps if step.tool == PHONE)
    early = replaced(straight(case), saying("shall I"), Says(f"{_first(case)} And {read_back(case, phone)}"))
    acts = [act for act in early if act != Says(read_back(case, phone))]
    acts.pop(max(i for i, act in enumerate(acts) if _agreeing(act)))

    assert reasons(case, acts, "policy") == (f"{PHONE} was called without the request being read back first",)


def _first(case) -> str:
    return read_back(case, next(step for step in case.task.instance.steps if step.tool == LEAVE))


def test_two_calls_at_the_same_time_are_one_too_many():
    case = case_of("inform")
    acts = straight(case)
    first, second, *_ = (act for act in acts if isinstance(act, Calls))
    both = Calls((*first.calls, *second.calls))

    assert reasons(case, [acts[0], both, *acts[3:]], "policy") == (
        f"{first.tool} and {second.tool} were called at the same time",
    )


@pytest.mark.parametrize(
    "end",
    [Hears("###STOP###"), Hears("All right then. ###TRANSFER###"), Says("I am handing you over to a human colleague.")],
)
def test_nothing_is_called_after_the_end(end):
    case = case_of("inform")
    acts = straight(case)

    assert reasons(case, [*acts[:2], end, *acts[2:]], "policy") == tuple(
        f"{act.tool} was called after the conversation had ended or been handed over"
        for act in acts[2:]
        if isinstance(act, Calls)
    )


def test_an_offer_to_hand_over_does_not_end_it():
    case = case_of("inform")
    acts = straight(case)
    offer = (Says("Shall I hand you over to a human colleague?"), Hears("No, thanks."))

    assert reasons(case, [*acts[:2], *offer, *acts[2:]], "policy") == ()


def test_a_refused_call_is_not_made_again_in_vain():
    case = case_of("inform")
    values = case.task.instance.steps[0].values()
    wrong = call(IDENTIFY, **{**values, "last_name": "Nobody"})
    acts = straight(case)

    assert reasons(case, [acts[0], wrong, *acts[1:]], "policy") == ()
    assert reasons(case, [acts[0], wrong, wrong, *acts[1:]], "policy") == (
        f"{IDENTIFY} was called again although it had been refused with PATIENT_NOT_IDENTIFIED",
    )


def test_a_request_that_was_refused_is_not_tried_in_another_way():
    case = refusal("MOVED_TOO_OFTEN")
    probe = case.task.instance.probe
    assert probe is not None
    tries = (
        call(probe.tool, **probe.values()),
        call(probe.tool, **{**probe.values(), "new_starts_at": "2026-03-10 11:00:00"}),
    )

    assert f"{probe.tool} was tried after the request had been refused" in reasons(
        case, [*straight(case), *tries], "policy"
    )


@pytest.mark.parametrize("kind", ["fulfil", "inform", "refuse", "insufficient"])
def test_a_limit_or_a_way_out_is_never_a_success(kind):
    case = case_of(kind)
    right = "transfer" if kind == "insufficient" else "stop"
    for ending in ("stop", "transfer", "out_of_scope", "turn_limit", "call_limit"):
        wanted = () if ending == right else (f"the conversation ended with {ending}, not with {right}",)
        assert reasons(case, straight(case), "policy", stop_reason=ending) == wanted


def test_nothing_is_looked_up_for_somebody_unknown():
    case = case_of("inform")
    acts = straight(case)

    assert reasons(case, [acts[0], call(LIST), *acts[1:]], "policy") == (
        f"{LIST} was called before the customer was identified",
    )


def test_where_that_is_the_very_reason_to_refuse_it_may_be_tried():
    """Somebody known to one service only: the lookup of the other is refused, and the first service's must not be."""
    case, rollout = next(
        (case, rollout)
        for case, rollout in zip(pair().cases, pair().rollouts, strict=True)
        if case.task.instance.unidentified
    )
    with Evaluator(pair().environment) as evaluator:
        assert evaluator.evaluate(rollout, case.task, case.template).passed


def test_values_that_are_none_of_their_type_were_never_read_back():
    case = case_of("insufficient")
    odd = call(BOOK, doctor_id="DOC-10001", starts_at="soon", reason_for_visit="x")
    acts = [
        *straight(case)[:-1],
        Says("Soon, for x. OK?"),
        Hears("Yes."),
        odd,
        Says("I'm transferring you to a human."),
    ]

    assert reasons(case, acts, "policy") == (f"{BOOK} was called without starts_at being read back first",)


def test_searching_before_being_told_who_it_is_is_found_too():
    case = next(c for c in clinic().cases if any(s.tool == SEARCH for s in c.task.instance.steps))
    acts = straight(case)

    assert reasons(case, [acts[0], call(SEARCH, specialty="cardiology"), *acts[1:]], "policy") == (
        f"{SEARCH} was called before the customer was identified",
    )
