"""Mentions: a value is found however it is written, and never inside of another one."""

import random
import re

import pytest

from agentskiller_assets.core.mentions import _stands_alone, content_words, mentions

MORNING, AFTERNOON = "2026-03-19 10:30:00", "2026-03-19 14:00:00"


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("It is on Thursday, 19 March 2026 at 10:30.", MORNING, "datetime"),
        ("the 19th of March, 10:30 a.m.", MORNING, "datetime"),
        ("on March 19th at 2 p.m.", AFTERNOON, "datetime"),
        ("2026-03-19 14:00:00", AFTERNOON, "datetime"),
        ("May 5 at 9:00", "2026-05-05", "date"),
        ("born 17 March 1980", "1980-03-17", "date"),
        ("it costs $65.", 65.0, "money"),
        ("it costs 65.00 dollars", 65.0, "money"),
        ("$1,045.50 in all", 1045.5, "money"),
        ("five stars", 5, "integer"),
        ("a box of 5.", 5, "integer"),
        ("twenty-three boxes", 23, "integer"),
        ("1,500 boxes", 1500, "integer"),
        ("(201) 555 9846", "201-555-9846", "phone"),
        ("by credit card", "credit_card", "enum"),
        ("Mrs. White.", "White", "text"),
        ("the booking apt-10112", "APT-10112", "id"),
    ],
)
def test_a_value_is_found_however_it_is_written(text, value, kind):
    assert mentions(text, value, kind)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("19 March 2025 at 14:00", AFTERNOON, "datetime"),
        ("19 March 2026 at 10:30", AFTERNOON, "datetime"),
        ("it costs $165.", 65.0, "money"),
        ("on 12 March at 12:12", 12, "integer"),
        ("at 5 pm", 5, "integer"),
        ("5.5 of them", 5, "integer"),
        ("call 201-555-9846", 201, "integer"),
        ("APT-10112", 10112, "integer"),
        ("two Whites", "White", "text"),
        ("APT-101123", "APT-10112", "id"),
        ("nothing at all", None, "text"),
    ],
)
def test_a_value_is_not_found_inside_of_another(text, value, kind):
    assert not mentions(text, value, kind)


def test_content_words_leave_out_what_every_sentence_has():
    assert content_words("An appointment is booked at least two hours ahead.") == {
        "appointment", "book", "least", "2", "hour", "ahead"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"), [("medicine", "medicines"), ("move", "moved"), ("cancel", "cancelled"), ("box", "boxes")]
)
def test_content_words_are_the_same_in_all_their_forms(one, other):
    assert content_words(one) == content_words(other)


def test_words_stand_alone_where_a_pattern_would_say_so():
    rng = random.Random(7)
    signs = "ab1_.,-é $"
    for _ in range(20_000):
        low = "".join(rng.choice(signs) for _ in range(rng.randint(0, 9)))
        wanted = "".join(rng.choice(signs) for _ in range(rng.randint(1, 2)))
        found = re.search(rf"(?<![\w]){re.escape(wanted)}(?!\w|[.,]\d)", low) is not None
        assert _stands_alone(low, wanted) == found, (low, wanted)
