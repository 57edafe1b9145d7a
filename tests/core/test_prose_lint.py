"""The lint catches what no person would write and lets pass what people do write."""

import random

import pytest

from agentskiller_assets.core.prose_lint import _PATTERNS, Finding, lint_prose

FAULTY = {
    "snake_case": [
        "Your date_of_birth is missing.",
        "The field mri_scan is empty.",
        "Set pickup_2_room first.",
    ],
    "caps_code": ["The call failed with TOO_LATE.", "Code LOAN_LIMIT_REACHED was returned."],
    "record_key": [
        "I want to move APT-10042.",
        "It belongs to patient_1a2b.",
        "See row:clinic.visit.7 for this.",
        "The id is 9f86d081884c7d65.",
        "It is 123e4567-e89b-12d3-a456-426614174000.",
    ],
    "raw_timestamp": [
        "Come on 2026-03-02.",
        "It starts at 2026-03-02 09:00:00.",
        "It starts at 2026-03-02T09:00.",
        "We open at 09:00:00 each day.",
    ],
    "sql": [
        "It must match SELECT id FROM loan.",
        "You may cancel WHERE it is yours.",
        "Only the row of :me counts.",
        "The balance must be >= 10.",
        "Use count(*) here.",
    ],
    "template_seam": [
        "Hello {{ name }}.",
        "Hello {name}.",
        "Hello %s.",
        "Your balance is None.",
        "None",
        "Your balance is null.",
        "You owe $nan today.",
        "The room is undefined.",
        "Your loans are [].",
        "It is {'a': 1}.",
        "Dear [Your Name], welcome.",
        "Dear <name>, welcome.",
    ],
    "wrong_article": [
        "I need a appointment.",
        "She is an doctor.",
        "An bike is free.",
        "It takes a hour.",
        "I booked a MRI scan.",
        "It is an European tour.",
        "This is an one-off lesson.",
        "We charge a $8 fee.",
        "It is a 11-day pass.",
        "I lost an university card.",
        "It is a “open” ticket.",
    ],
    "wrong_number": [
        "You have 1 items.",
        "Wait one days.",
        "You have 3 item on loan.",
        "Cancel at least 2 hour before the lesson.",
        "You may hold two music lesson.",
        "You may have 1 open loans.",
        "This is a days.",
        "You have several appointment.",
        "A 2 hour lesson costs $40.",
        "Each items is scanned.",
        "There are 12 unpaid invoice.",
        "Up to 3 child may join.",
        "Give us 2 business day to reply.",
        "You may keep 1 books.",
        "You have 1 unread messages.",
        "I have 3 lesson a week.",
    ],
    "doubled_word": ["I lost the the card.", "It is is late.", "The The card is here."],
    "doubled_determiner": ["It is on my your card.", "I lost the my card.", "Is it a the lesson?"],
    "person_that": [
        "A doctor that is not accepting patients is not booked.",
        "It is for somebody that has a card.",
        "A ride of a rider that is not confirmed may be cancelled.",
    ],
    "clumsy_count": ["It can be moved at most one time.", "You may extend it up to two times.", "It has been 2 times."],
    "stranded_preposition": ["The used for to look for.", "Name the field of to search."],
    "doubled_sentence": ["I have to be quick. I have to be quick. Thanks."],
    "possessive_seam": ["It is James's's card."],
    "doubled_space": ["I lost  my card."],
    "space_before_punctuation": ["I lost my card .", "Yes , please.", "Bring it ( or post it)."],
    "missing_space": ["I lost my card.Please help.", "Bring a card,please."],
    "doubled_punctuation": [
        "I lost my card..",
        "Yes,. Please.",
        "Is it free?.",
        "Really!!",
        "Bring it;, then go.",
    ],
    "unbalanced": [
        "Bring a card (or a letter.",
        "Bring a card) or a letter.",
        'She said "yes.',
        "She said 'yes.",
        "A “short visit.",
        "This is **bold.",
    ],
    "lower_case_start": [
        "bring a card.",
        "Bring a card. then sign.",
        "Is it free? yes.",
        "# your loans\nThey are here.",
        "# Loans\n\nthey are here.",
    ],
}

NATURAL = """
I'd like to move my appointment to Tuesday, 3 March 2026 at 10:30, please.
Could you book me in for an MRI scan at the hospital on an early morning?
An hour before the lesson is fine, but half an hour is too short.
My daughter takes a one-off lesson with a university student.
It's a European tour, so an EU card is enough, and a UK card isn't.
We had had an agreement that that fee would be dropped.
You can cancel up to 24 hours before; the 24-hour window starts at midnight.
Our clinic on 12 High Street opens at 10 am and closes at 6 pm.
Is the offer of 2 for 1 still on for e-bikes?
3 of my books are overdue, and 2 more are due on 3 March.
One of the two bikes has a flat tyre... can you look at it today?
I take vitamin A and vitamin D, and plan A is to see a nurse.
Vitamin A is on the list. A nurse will call you.
None of the rooms is free, and none will be until Monday.
The deposit is $45.50 (or $40 for members), paid in advance.
Dr. Ann O'Brien sees patients from 9 a.m., e.g. on Mondays.
She asked, "Is my bike ready?" and we said, "Yes, it is."
"Is it ready?" she asked.
I've lost the key to locker 3, next to room 12.
A member may borrow at most five books and one DVD for 14 days.
Each additional day costs $2, and every item is checked on return.
My e-mail is anna_smith@example.com and my phone is +1 (555) 010-2030.
Please write to help@library.example.org, or visit https://library.example.org/my_account?x=1.
James's lesson is on the first Monday of the month; Ann's is a week later.
The Parkers' account has two open invoices and one that is paid.
Two-hour hires are cheaper than a full-day hire, and an eight-hour hire is cheaper still.
He bought an 8-week course, an 11-day pass and an $80 helmet.
An 18-year-old may hire an e-scooter; a 16-year-old may not.
The lens, the gas bottle and the bus pass are at the desk.
This one starts at 9, and the other two start at 10.
I need 2, please, and my friend needs 1.
No one knows which one costs more.
Grade 5 lessons take place in studio 2 on Thursdays.
At 10 call the desk and ask for Mr. Hill.
We repair X-ray machines, LED lamps and a UV lamp or two.
There's an X-ray machine, an LED lamp and a U-lock in the shop.
It was a useful visit, a usual one, with a unique result.
In 2026 members pay $30 a year, which is $2.50 a month.
Yes! Really?! I thought it'd take two weeks.
The wheel is 27.5" wide, and the other is 26".
If both day and night shifts are full, we put you on a list.
The lesson is 1.5 hours long; 0.5 hours are free.
Is this a repair that a mechanic can do in 1 hour or 2 hours?
Bring a photo ID, proof of address, etc., and sign the form.
A claim is null and void if it's sent after 30 days.
Walla Walla has a shop, and so does New York.
Rock 'n' roll classes are back, and I can't wait 'til Friday.
The 10 o'clock class and the 9 am class are both full.
Leave at least three clear days' notice, or two weeks' for groups.
One person per bike; two people may share a tandem.
We keep your data for six years and then delete it.
Step 1: Tell us your name. Step 2: Pay the fee.
You have no open loans, so you don't owe anything.
It's an honest mistake by an honorary member at an honours ceremony.
I'd like to book 3 day passes and two adult tickets.
Please send her a message and tell him the time.
Is this the right desk for a refund of an unused ticket?
A herb garden, a historic bike and a hotel room are prizes.
We're open 7 days a week, 9 to 5, and a night nurse is on call.
Each person books once; every one of them pays $10.
The exam costs $60 and lasts 90 minutes; a 15-minute break is included.
On March 3 lessons start at 4, and on May 1 we're closed.
My iPad's screen is cracked. iPads take three days, you said?
Sign in in advance if you can, or else ring the bell.
The course is for ages 8 to 12 and costs $120 per term.
I'm 34, my date of birth is 2 May 1991, and my last name is Lee.
By 5 members have left, and after 6 only staff remain.
Borrowed on 16 February 2026, item and case are due in May.
I am on at most two waiting lists, and I was told at least once that it moves.
A room that is free can be moved to at most three times.
Anything that a student has is hers, and all that the doctor may do is done.
I can see you at most one time slot later.
I look forward to hearing from you, and hold on to the card.
Is it free? Is it free on Monday? It is free. It is not.
The policy covers one bike lock, one light and 2 spare tubes.
""".strip().splitlines()

POLICY = """<!-- policy: lending -->
# Lending library

Members borrow books and films. An account is opened with a photo ID.

## Loans

- **Limit**: a member has at most five open loans. <!-- rule: LOAN_LIMIT -->
- a loan lasts 14 days (21 days for teachers)
1. Ask for the card.
2. Look up the member, e.g. by name.
   - check the date of birth

| Fee   | Amount |
|-------|--------|
| Late  | $0.50  |

Fines above $10 block further loans... until they are paid.
"""


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in FAULTY.items() for text in texts])
def test_each_fault_is_found_and_nothing_else(code: str, text: str) -> None:
    assert {finding.code for finding in lint_prose(text)} == {code}


@pytest.mark.parametrize("text", NATURAL)
def test_what_people_write_passes(text: str) -> None:
    # "in in" is right here, and the lint cannot know it
    assert lint_prose(text, allow=["Sign in in"]) == []


def test_a_policy_in_markdown_passes() -> None:
    assert lint_prose(POLICY) == []


def test_a_finding_says_where_and_what() -> None:
    assert lint_prose("Please tell me when I need a appointment for this.") == [
        Finding(
            code="wrong_article",
            excerpt="…tell me when I need a appointment for this.",
            message="a appointment: say 'an'",
        )
    ]


def test_findings_come_in_the_order_of_the_text() -> None:
    codes = [finding.code for finding in lint_prose("My card_no is the the one on APT-10042..")]
    assert codes == ["snake_case", "doubled_word", "record_key", "doubled_punctuation"]


def test_allowed_phrases_are_not_looked_at() -> None:
    text = "My card is LIB-20417, and my other card is LIB-20418."
    assert [finding.excerpt for finding in lint_prose(text, allow=["LIB-20417"])] == [
        "…and my other card is LIB-20418."
    ]
    assert lint_prose("lib_card is what it says.", allow=["lib_card"]) == []


def test_fragments_may_begin_with_a_small_letter() -> None:
    assert lint_prose("a music lesson", sentences=False) == []
    assert [finding.code for finding in lint_prose("a music lesson")] == ["lower_case_start"]


def test_nouns_of_the_field_are_counted_too() -> None:
    assert lint_prose("You have 3 theorbo.") == []
    assert [finding.code for finding in lint_prose("You have 3 theorbo.", nouns=["theorbo"])] == ["wrong_number"]


def test_marker_comments_leave_no_trace() -> None:
    assert lint_prose("A fee <!-- rule: LATE_FEE -->of $5 applies. <!-- {x} -->\n<!-- a\nb -->\nPay it.") == []


def test_no_pattern_matches_a_text_without_what_it_is_said_to_need():
    rng = random.Random(7)
    pieces = [
        *"abZ019_ -:.,;!?()[]{}%<>=|*#'\u2019\"\t\\\n",
        *["SELECT", "FROM", "WHERE", "INTO", "BY", "NULL", "None", "nan", "null", "to", "that"],
    ]
    pieces += [word for texts in FAULTY.values() for text in texts for word in text.split()]
    texts = ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 12))) for _ in range(20_000)]
    texts += [text for texts in FAULTY.values() for text in texts]
    matched = set()
    for number, (_, regex, _, needs) in enumerate(_PATTERNS):
        for text in texts:
            if needs and regex.search(text):
                assert any(need in text for need in needs), (regex.pattern, text)
                matched.add(number)
    assert len(matched) == sum(bool(pattern.needs) for pattern in _PATTERNS) > 10
