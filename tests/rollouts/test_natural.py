"""What people would not say to each other: each of these was found by reading conversations."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.spec import Parameter
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.scripted import agent_words, user_words
from agentskiller_assets.rollouts.scripted.cast import Scripts
from agentskiller_assets.rollouts.scripted.listening import asks_for_more
from agentskiller_assets.rollouts.scripted.script import Detail, asking, asking_clause
from agentskiller_assets.rollouts.scripted.twists import Twists
from agentskiller_assets.rollouts.scripted.user import ScriptedUser
from agentskiller_assets.tasks.attempt import IDENTITY
from agentskiller_assets.tasks.models import Slot
from tests.rollouts.held import KINDS, held, said
from tests.world import INSTANCES, clinic

HELD = [(kind, position) for kind in KINDS for position in range(INSTANCES)]


@pytest.mark.parametrize(("kind", "position"), HELD)
def test_nobody_asks_again_for_what_has_been_answered_and_is_told_goodbye(kind: str, position: int) -> None:
    _, rollout = held(kind)[position]
    if rollout.stop_reason == "stop":
        last = said(rollout, "user")[-1]
        assert any(last in bank for bank in user_words.NOTHING_ELSE.values())


@pytest.mark.parametrize(("kind", "position"), HELD)
def test_no_fact_is_given_twice_in_one_breath(kind: str, position: int) -> None:
    _, rollout = held(kind)[position]
    for text in said(rollout, "user"):
        facts = re.findall(r"\bmy ([a-z -]+?) is ", text.lower())
        assert len(facts) == len(set(facts)), text


@pytest.mark.parametrize(("kind", "position"), HELD)
def test_what_was_changed_is_not_offered_any_more(kind: str, position: int) -> None:
    """The agent lists what was found once more for the next wish; a cancelled booking is none of it."""
    case, rollout = held(kind)[position]
    offers = [text for text in said(rollout, "assistant") if re.search(r"Which one", text)]
    for first, second in pairwise(offers):
        assert first.partition(":")[2] != second.partition(":")[2], case.query.id


def test_one_who_cannot_be_identified_says_why_and_gives_no_fact_of_the_other_service() -> None:
    for case, texts, asked in _unidentified():
        known = [slot.values[0][1] for slot in case.task.instance.slots if slot.values]
        assert "phone number" in texts[asked + 1][1]
        assert not any(str(value) in texts[asked + 1][1] for value in known)


def test_who_wants_something_of_two_services_says_so_before_the_other_one_asks_who_it_is() -> None:
    for _, texts, asked in _unidentified():
        assert any("partner scheme" in text for role, text in texts[:asked] if role == "user")


def _unidentified() -> list[tuple[Case, list[tuple[str, str]], int]]:
    """Conversations with somebody who cannot be identified at the clinic, and where they are asked who they are."""
    found = []
    for case, rollout in held("fused"):
        if case.task.instance.unidentified:
            texts = [(m.role, m.content or "") for m in rollout.messages]
            asking_at = (i for i, (role, text) in enumerate(texts) if role == "assistant" and "clinic app" in text)
            found.append((case, texts, next(asking_at)))
    assert found
    return found


def test_one_card_of_two_services_is_named_with_its_service() -> None:
    case = clinic().cases[0]
    script, _ = Scripts(clinic().environment).of(case)
    cards = [_card("greenhouse_repairs", "412 2341"), _card("planting_claims", "577 5886")]
    told = ScriptedUser(case, script, Twists())._identity(cards)
    assert "card for greenhouse repairs is 412 2341" in told
    assert "card for planting claims is 577 5886" in told


def test_the_same_fact_for_two_services_is_said_once_in_whatever_words() -> None:
    case = clinic().cases[0]
    script, _ = Scripts(clinic().environment).of(case)
    born = [replace(_card(service, "2 May 1998"), clause="your date of birth") for service in ("one", "two")]
    own_words = {born[1].key: "May 2, 1998"}
    told = ScriptedUser(case, script, Twists(own_words=own_words))._identity(born)
    assert "2 May 1998" in told
    assert "May 2" not in told


def _card(service: str, number: str) -> Detail:
    parameter = Parameter(name="card_number", type="text", description="Number on the garden card.")
    slot = Slot(name="card_number", goal=IDENTITY, text=number, values=(("card_number", number),), service=service)
    return Detail(IDENTITY, "card_number", slot, ((parameter, number),), "the number on your garden card")


def test_an_address_says_nothing_about_the_name_in_it() -> None:
    assert not mentions("It's williams.tracy@example.net.", "Williams", "text")
    assert mentions("It's williams.tracy@example.net. My name is Williams.", "Williams", "text")
    assert mentions("It's williams.tracy@example.net.", "williams.tracy@example.net", "email")


def test_an_address_begins_small_at_the_start_of_a_sentence() -> None:
    case = clinic().cases[0]
    user = ScriptedUser(case, *Scripts(clinic().environment).of(case))
    told = {user._word(user_words.MY_DETAIL, subject="my e-mail address", said="ann@example.org") for _ in range(40)}
    assert not any("Ann@" in text for text in told)


def test_a_question_for_more_details_is_no_end_of_the_conversation() -> None:
    assert asks_for_more("I see. Is there anything else I can do for you?")
    assert not asks_for_more("I don't see it. Is there anything else you remember about it?")
    for bank in agent_words.NOT_FOUND.values():
        assert not any(asks_for_more(text) for text in bank)


def test_a_choice_is_asked_for_as_its_description_says() -> None:
    choice = Parameter(name="urgency", type="enum", values=("routine", "urgent"), description="How urgent it is.")
    assert asking_clause(choice) == "how urgent it is: routine or urgent"
    plain = choice.model_copy(update={"name": "colour", "description": "The colour wanted."})
    assert asking_clause(plain) == "which colour it is: routine or urgent"


def test_may_i_ask_is_followed_by_a_question_or_by_for() -> None:
    assert asking("when it should start") == "when it should start"
    assert asking("the reason") == "for the reason"
