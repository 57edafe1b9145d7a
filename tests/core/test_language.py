"""Values, nouns and templates come out as people write them."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from agentskiller_assets.core.language import (
    article,
    articles,
    camel,
    count,
    humanize,
    join_words,
    label,
    money,
    number,
    ordinal,
    phrase_environment,
    plural,
    possessive,
    render,
    say,
    say_days,
    say_hours,
    sentence,
    snake,
    title_case,
    upper_snake,
)
from agentskiller_assets.core.spec import Column, ColumnType
from agentskiller_assets.errors import PackError


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split("/")]


AN = _listed("""
appointment / hour / MRI scan / X-ray / e-bike / heirloom / LED lamp / honest answer / umbrella /
unusual request / 8-week course / 11-day pass / 18-month plan / 80-page book / $8 fee / SUV /
HIV test / F1 race / A4 sheet / IV drip / uninsured bike / unidentified bag / ID card / SMS /
NHS card / urgent visit / M-size shirt / oboe lesson / iPad
""")

A = _listed("""
university course / one-off lesson / European tour / UV lamp / U-lock / unit / user account /
usual slot / UK address / once-only visit / utility bill / uniform / ukulele lesson / USB cable /
T-shirt / SIM card / PIN / VAT receipt / euro / hotel room / historic bike / year /
100-page book / 1-hour lesson / 12-day pass / PDF / GP visit / unisex bike / ewe
""")

PLURALS = {
    "appointment": "appointments",
    "person": "people",
    "child": "children",
    "proof of address": "proofs of address",
    "person with a pass": "people with a pass",
    "library card": "library cards",
    "check-in": "check-ins",
    "e-bike": "e-bikes",
    "passer-by": "passers-by",
    "mother-in-law": "mothers-in-law",
    "CD": "CDs",
    "X-ray": "X-rays",
    "diagnosis": "diagnoses",
    "bus": "buses",
    "shelf": "shelves",
    "sheet music": "sheet music",
    "member of staff": "members of staff",
    "series": "series",
    "pair of skis": "pairs of skis",
    "quiz": "quizzes",
    "lesson (one hour)": "lessons (one hour)",
}


@pytest.mark.parametrize("noun", AN)
def test_vowel_sounds_take_an(noun: str) -> None:
    assert article(noun) == f"an {noun}"


@pytest.mark.parametrize("noun", A)
def test_consonant_sounds_take_a(noun: str) -> None:
    assert article(noun) == f"a {noun}"


def test_some_words_take_either_article() -> None:
    assert (articles("herb"), articles("FAQ page")) == (("a", "an"), ("an", "a"))
    with pytest.raises(ValueError, match="no word"):
        articles("...")


@pytest.mark.parametrize(("singular", "many"), PLURALS.items())
def test_plurals(singular: str, many: str) -> None:
    assert plural(singular) == many


def test_counts_and_numbers() -> None:
    assert [count(n, "time") for n in (0, 1, 2, 3, 12)] == ["no times", "once", "twice", "three times", "12 times"]
    said = [count(n, "open loan") for n in (0, 1, 3, 9, 10, 1200, 1.5)]
    assert said == [
        "no open loans",
        "one open loan",
        "three open loans",
        "nine open loans",
        "10 open loans",
        "1,200 open loans",
        "1.5 open loans",
    ]
    assert [number(n) for n in (0, 2, 2.0, 0.25, 12)] == ["0", "two", "two", "0.25", "12"]
    assert [ordinal(n) for n in (1, 9, 10, 11, 21, 22, 103, 113)] == [
        "first", "ninth", "10th", "11th", "21st", "22nd", "103rd", "113th",
    ]  # fmt: skip
    assert (say_hours(48), say_hours(1), say_days(1), say_days(14)) == (
        "48 hours",
        "one hour",
        "one day",
        "14 days",
    )


def test_lists_and_names() -> None:
    assert [join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert join_words(("a", "b", "c"), last="or") == "a, b or c"
    assert (possessive("James"), possessive("Ann")) == ("James's", "Ann's")


@pytest.mark.parametrize(
    ("identifier", "words"),
    {
        "date_of_birth": "date of birth",
        "physical_therapy": "physical therapy",
        "mri_scan": "MRI scan",
        "follow_up_visit": "follow-up visit",
        "no_show": "no-show",
        "chest_x_ray": "chest X-ray",
        "24_hour_pass": "24-hour pass",
        "german": "German",
        "business_english": "business English",
        "TOO_LATE": "too late",
        "XL": "XL",
        "level_3": "level 3",
    }.items(),
)
def test_identifiers_become_words(identifier: str, words: str) -> None:
    assert humanize(identifier) == words


def test_values_are_labelled_as_people_call_them() -> None:
    assert [label(name) for name in ("email", "phone", "new_phone", "starts_at", "date_of_birth")] == [
        "e-mail address",
        "phone number",
        "new phone number",
        "date and time",
        "date of birth",
    ]


def test_headings_and_identifiers() -> None:
    assert [title_case(words) for words in ("date of birth", "follow-up visit", "MRI scan", "the shop")] == [
        "Date of Birth",
        "Follow-up Visit",
        "MRI Scan",
        "The Shop",
    ]
    assert (snake("Music lesson"), upper_snake("X-ray café"), camel("music lesson")) == (
        "music_lesson",
        "X_RAY_CAFE",
        "MusicLesson",
    )
    assert snake("dentist's visit") == "dentists_visit"


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "you  may cancel": "You may cancel.",
        "you may cancel..": "You may cancel.",
        "you may cancel,": "You may cancel.",
        "may I cancel?": "May I cancel?",
        "may I cancel?.": "May I cancel?",
        "wait...": "Wait...",
        "we close at 6 p.m.": "We close at 6 p.m.",
        'she said "no"': 'She said "no".',
        'she said "no."': 'She said "no."',
        "bring proof (a letter, etc.)": "Bring proof (a letter, etc.).",
        "(see below.)": "(See below.)",
        "iPads are lent": "iPads are lent.",
        "  ": "",
    }.items(),
)
def test_sentences_begin_with_a_capital_and_end_with_one_stop(text: str, expected: str) -> None:
    assert sentence(text) == expected
    assert sentence(expected) == expected


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (45, "money", "$45"),
        (45.5, "money", "$45.50"),
        (1045.0, "money", "$1,045"),
        (Decimal("0.10"), "money", "$0.10"),
        (-3, "money", "-$3"),
        ("2026-03-03", "date", "3 March 2026"),
        (date(2026, 3, 3), "date", "3 March 2026"),
        ("2026-03-03 10:30:00", "datetime", "Tuesday, 3 March 2026 at 10:30"),
        (datetime(2026, 3, 3, 9, 5, 7), "datetime", "Tuesday, 3 March 2026 at 09:05:07"),
        ("physical_therapy", "enum", "physical therapy"),
        (1, "boolean", "yes"),
        (False, "boolean", "no"),
        (1200, "integer", "1,200"),
        ("+1 555 0102", "phone", "+1 555 0102"),
        ("ann_b@example.com", "email", "ann_b@example.com"),
        ("War_and Peace", "text", "War_and Peace"),
        ("LIB-20417", "id", "LIB-20417"),
        (None, "money", "not set"),
    ],
)
def test_values_are_said_by_their_type(value: object, kind: ColumnType, said: str) -> None:
    assert say(value, kind) == said
    assert say(value, Column(name="value", type=kind, description="a value")) == said


def test_years_have_no_thousands() -> None:
    assert say(1998, Column(name="year_published", type="integer", description="year of the edition")) == "1998"


def test_values_of_no_type_are_refused() -> None:
    with pytest.raises(ValueError, match="not a column type"):
        say(1, "colour")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="not an amount of money"):
        money("a lot")


def test_templates_have_the_filters_of_this_module() -> None:
    template = (
        "{{ who | possessive }} {{ noun | title }} ({{ noun | snake }}, {{ noun | upper_snake }},"
        " {{ noun | camel }}) needs {{ noun | article }}: {{ 3 | count(noun) }}, {{ fee | money }},"
        " {{ day | date }}, {{ time | datetime }}, {{ kind | human }},"
        " {{ [noun | plural, kind | human] | join_words('or') }}, {{ 24 | hours }}, {{ 2 | days }},"
        " {{ 3 | ordinal }}. {% filter sentence %} so be it{% endfilter %}"
    )
    context = {
        "who": "James",
        "noun": "oboe lesson",
        "fee": 45.5,
        "day": "2026-03-03",
        "time": "2026-03-03 10:30:00",
        "kind": "one_off",
    }
    assert render(template, context) == (
        "James's Oboe Lesson (oboe_lesson, OBOE_LESSON, OboeLesson) needs an oboe lesson:"
        " three oboe lessons, $45.50, 3 March 2026, Tuesday, 3 March 2026 at 10:30, one-off,"
        " oboe lessons or one-off, 24 hours, two days, third. So be it."
    )
    assert phrase_environment() is phrase_environment()


def test_blocks_leave_no_blank_lines() -> None:
    assert render("{% if yes %}\n  {% for n in [1, 2] %}\n{{ n }}\n  {% endfor %}\n{% endif %}\n", {"yes": 1}) == (
        "1\n2\n"
    )


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("Hello {{ nmae }}.", "'nmae' is undefined"),
        ("{{ nmae | article }}", "'nmae' is undefined"),
        ("{{ person.nmae }}", "nmae"),
        ("{{ nothing }}", "None"),
        ("{{ person | date }}", "fromisoformat"),
        ("{{ 'x' | shout }}", "shout"),
        ("{% if %}", "Expected an expression"),
    ],
)
def test_a_faulty_template_is_named_with_what_is_missing(template: str, named: str) -> None:
    with pytest.raises(PackError) as caught:
        render(template, {"person": {"name": "Ann"}, "nothing": None})
    assert template in caught.value.culprit
    assert named in caught.value.fault
    assert "nothing and person" in caught.value.fix
