"""Reasons: a message gives a rule as the reason when it has its facts and words, and no other rule's as much."""

import pytest

from agentskiller_assets.core.spec import EnvironmentSpec, Refusal, Tool
from agentskiller_assets.evaluation.statements import Reasons, reasons_of
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from tests.fusion.pairs import pair
from tests.world import clinic

PREFIXES = ("", "I'm sorry, I can't do that for you. ", "That won't work, and here is why: ")


def _statements(tool: Tool) -> list[tuple[str, str]]:
    return [*((each.code, each.statement) for each in tool.refusals), (NOT_AUTHORIZED.code, NOT_AUTHORIZED.statement)]


def _told(spec: EnvironmentSpec, tool: str, code: str, *messages: str) -> bool:
    return reasons_of(spec, spec.tool(tool)).told(code, messages)


@pytest.mark.parametrize("spec", [clinic().spec, pair().blueprint.spec], ids=["single", "fused"])
def test_every_statement_gives_its_own_rule_and_no_other(spec):
    for tool in spec.tools:
        for code, _ in _statements(tool):
            for other, statement in _statements(tool):
                for prefix in PREFIXES:
                    assert _told(spec, tool.name, code, prefix + statement) == (code == other), (tool.name, code, other)


@pytest.mark.parametrize(
    ("tool", "code", "message"),
    [
        (
            "book_appointment",
            "DOCTOR_NOT_ACCEPTING_PATIENTS",
            "Dr. Lutz isn't accepting new patients, and you haven't completed an appointment with him before.",
        ),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "We need at least 48 hours in advance for a booking."),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "Appointments have to be booked at least two days ahead."),
        (
            "book_appointment",
            "APPOINTMENT_TOO_SOON",
            "Too soon: we need 48-hour notice ahead of appointments.",
        ),
        ("book_appointment", "APPOINTMENT_TOO_FAR_AHEAD", "Bookings can only be made up to 90 days ahead."),
        ("book_appointment", "OUTSIDE_OPENING_HOURS", "Appointments start between 7:30 am and 7 pm, so not at 8 pm."),
        ("book_appointment", "TOO_MANY_OPEN_APPOINTMENTS", "You already have 2 open appointments at this time."),
        ("book_appointment", "TOO_MANY_OPEN_APPOINTMENTS", "TOO_MANY_OPEN_APPOINTMENTS applies here."),
        ("reschedule_appointment", "MOVED_TOO_OFTEN", "The same appointment can't be moved more than once."),
        ("reschedule_appointment", "RESCHEDULING_WINDOW_CLOSED", "Moving is possible up to a day before the start."),
        ("reschedule_appointment", "NEW_TIME_TOO_SOON", "The new time has to be at least 48 hours from now."),
        (
            "confirm_appointment",
            "CONFIRMATION_TOO_EARLY",
            "It can be confirmed no earlier than a week before.",
        ),
        (
            "cancel_appointment",
            "APPOINTMENT_NOT_CANCELLABLE",
            "It has been completed, and only appointments that are scheduled or confirmed can be cancelled.",
        ),
        ("join_doctor_waiting_list", "TOO_MANY_WAITING_LISTS", "You're on two waiting lists, which is the most."),
        ("rate_doctor", "NO_COMPLETED_APPOINTMENT", "You can only rate a doctor once an appointment is completed."),
        ("update_phone_number", "PHONE_NUMBER_IN_USE", "That phone number is already on record for somebody."),
    ],
)
def test_other_words_that_keep_the_facts_give_the_rule(tool, code, message):
    assert _told(clinic().spec, tool, code, message)


@pytest.mark.parametrize(
    ("tool", "code", "message"),
    [
        ("book_appointment", "APPOINTMENT_TOO_SOON", "Sorry, that is not possible."),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "An appointment is booked at least 24 hours ahead."),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "The doctor can't be booked for that time."),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "I looked at 48 things."),
        ("book_appointment", "TOO_MANY_OPEN_APPOINTMENTS", "You have at most three open appointments at a time."),
        ("book_appointment", "OUTSIDE_OPENING_HOURS", "Appointments start between 8:30 and 19:00."),
        ("cancel_appointment", "APPOINTMENT_NOT_CANCELLABLE", "I can't cancel your appointment."),
        ("rate_doctor", "ALREADY_RATED", "You can rate a doctor only after a completed appointment with them."),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "APPOINTMENT_TOO_SOON or APPOINTMENT_TOO_FAR_AHEAD, I guess."),
        ("book_appointment", "APPOINTMENT_TOO_SOON", "APPOINTMENT_TOO_SOONER"),
    ],
)
def test_no_reason_another_one_or_other_numbers_do_not(tool, code, message):
    assert not _told(clinic().spec, tool, code, message)


def test_reading_out_all_the_rules_gives_none_of_them():
    for tool in clinic().spec.tools:
        everything = " ".join(statement for _, statement in _statements(tool))
        given = [code for code, _ in _statements(tool) if _told(clinic().spec, tool.name, code, everything)]
        assert given == ([NOT_AUTHORIZED.code] if not tool.refusals else [])


def test_going_through_the_rules_until_one_fits_gives_none():
    for tool in clinic().spec.tools:
        each = [refusal.statement for refusal in tool.refusals]
        given = [refusal.code for refusal in tool.refusals if _told(clinic().spec, tool.name, refusal.code, *each)]
        assert given == ([] if len(each) > 1 else [refusal.code for refusal in tool.refusals])


def test_the_reason_is_in_one_message():
    half, rest = "An appointment is booked", "at least 48 hours ahead"
    assert not _told(clinic().spec, "book_appointment", "APPOINTMENT_TOO_SOON", half, "Goodbye.")
    assert _told(clinic().spec, "book_appointment", "APPOINTMENT_TOO_SOON", "Hello.", f"{half} {rest}.")


def test_the_closest_rule_is_named():
    reasons = reasons_of(clinic().spec, clinic().spec.tool("book_appointment"))
    assert reasons.best(["Appointments start between 8:00 and 19:00."]) == "OUTSIDE_OPENING_HOURS"
    assert reasons.best(["No."]) is None
    assert reasons.best([]) is None


def test_a_word_that_one_rule_alone_has_is_no_recital_of_it():
    """Of `only rooms on record can be reserved` no other rule of the tool has `record`, and all have the rest."""
    unknown = Refusal(code="ROOM_UNKNOWN", statement="Only rooms on record can be reserved.")
    many = Refusal(code="TOO_MANY", statement="A guest has at most two rooms reserved at a time.")
    more = [Refusal(code=f"RULE_{n}", statement=f"A room is reserved for at most {n} nights in a row.") for n in (3, 9)]
    reasons = Reasons([unknown, many, *more], frozenset({"guest"}))
    said = ["The other service keeps separate records. May I ask for your e-mail address?", many.statement]
    assert reasons.told("TOO_MANY", said)
    assert not reasons.told("TOO_MANY", [*said, unknown.statement])


def test_a_list_of_records_with_most_words_of_a_short_rule_is_no_recital_of_it():
    refusals = [
        Refusal(code="PLAN_UNKNOWN", statement="Only streaming plans on record can be subscribed to."),
        Refusal(code="PLAN_NOT_OFFERED", statement="A subscription is possible for a streaming plan that is on offer."),
        Refusal(code="TWICE", statement="Nobody subscribes to the same streaming plan twice."),
        Refusal(code="TOO_CHEAP", statement="Yearly billing is for streaming plans that cost at least $11 a month."),
        Refusal(code="NOT_OPEN", statement="The subscription that a new one goes with must be active or paused."),
    ]
    listed = "Our records show two plan subscriptions: Solo; Silver. Which one does your request concern?"
    assert Reasons(refusals, frozenset()).told("NOT_OPEN", [listed, refusals[-1].statement])
    assert not Reasons(refusals, frozenset()).told("NOT_OPEN", [refusals[0].statement, refusals[-1].statement])
