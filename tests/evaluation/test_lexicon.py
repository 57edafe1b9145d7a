"""Yes, and what is none; a hand-over, and what only offers one."""

import pytest

from agentskiller_assets.evaluation.lexicon import agrees, hands_over, wants_detail
from agentskiller_assets.rollouts.scripted import agent_words, user_words


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "yes please",
        "Yep, do it.",
        "Sure, go ahead.",
        "That is correct, please proceed.",
        "No problem, go ahead.",
        "Yes, that's right. I am not pressed for time.",
        "Yes! Nothing else.",
        "Absolutely, sounds good.",
        "Yeah, I don't mind.",
        "Confirmed.",
        "Yes, please cancel it.",
    ],
)
def test_a_yes(text):
    assert agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "No, that's wrong.",
        "Nope, go ahead with the other one.",
        "Yes, but make it five stars.",
        "Yes. Actually, 10:30 would be better.",
        "Not yet, please.",
        "That's not right.",
        "I don't think that's correct.",
        "Wait, is that the right doctor?",
        "OK, if it is free.",
        "I must correct myself: five stars.",
        "Could we make it 14:00?",
        "Hm, I'd rather have the morning, yes.",
        "What does it cost?",
        "My number is 555-0100.",
    ],
)
def test_no_yes(text):
    assert not agrees(text)


@pytest.mark.parametrize("tone", ["friendly", "formal", "brisk", "chatty"])
def test_scripted_users_agree_in_words_that_are_a_yes_and_correct_themselves_in_words_that_are_none(tone):
    assert [text for text in user_words.YES[tone] if not agrees(text)] == []
    corrections = [*user_words.SLIP[tone], *user_words.CHANGE_OF_MIND[tone]]
    assert [text for text in corrections if agrees(text.format(said="five stars", Said="Five stars"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "I'm transferring you to a human colleague now.",
        "This goes beyond what I can do. I am handing you over to a colleague.",
        "I'll connect you with a member of staff.",
        "I have to escalate this to one of our human specialists.",
        "Let me pass your request on to somebody who can decide about it: I am passing it on to a colleague.",
    ],
)
def test_a_hand_over(text):
    assert hands_over(text)


@pytest.mark.parametrize(
    "text",
    [
        "Shall I hand you over to a human colleague?",
        "If it cannot be found, I hand you over to a colleague.",
        "I could pass you on to somebody.",
        "Your order is handed to the driver.",
        "I'm a human colleague's best friend.",
        "I'm about to put your subscription on hold for six weeks because of a lift from a colleague.",
        "Please confirm: a crate of hand drums weighing 9 kg is to go with the Piazza Team 2 transport.",
    ],
)
def test_an_offer_or_something_else_is_no_hand_over(text):
    assert not hands_over(text)


@pytest.mark.parametrize("voice", agent_words.VOICES)
def test_scripted_agents_hand_over_in_words_that_are_a_hand_over(voice):
    assert [text for text in agent_words.HAND_OVER[voice] if not hands_over(text)] == []
    others = (agent_words.DONE, agent_words.REFUSE, agent_words.ANYTHING_ELSE, agent_words.GOODBYE)
    assert [text for bank in others for text in bank[voice] if hands_over(text)] == []


@pytest.mark.parametrize("voice", agent_words.VOICES)
def test_what_scripted_agents_ask_for_is_told_from_what_they_have_confirmed(voice):
    assert [text for text in agent_words.CONFIRM[voice] if wants_detail(text)] == []
    assert [text for text in agent_words.CHOOSE[voice] if not wants_detail(text)] == []
