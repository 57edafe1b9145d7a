"""Domains found one after the other: a longer list begins with the shorter one, and says how each was found."""

from typing import Any

import pytest

from agentskiller_assets.authoring.llm.topics import SEED_EVERY, STRATEGIES
from agentskiller_assets.llm.errors import InvalidAnswerError
from tests.authoring.llm.kit import Question, scripted

NAMES = ("bakery", "harbour", "theatre", "garden", "museum", "ferry", "bowling", "pottery", "laundry", "sailing")


def topic(question: Question) -> dict[str, Any]:
    """A service of its own for each place in the catalog."""
    place = int(question.prompt.partition("# Domain ")[2].partition(":")[0])
    name = NAMES[place - 1]
    return {
        "domain": f"{name}_visits",
        "title": f"{name.capitalize()} visits",
        "description": f"Guests book and cancel visits to the {name}.",
        "sector": "outings",
        "sector_title": "Outings",
        "pattern": "booking",
        "role": "guest",
        "why": "Many people use it.",
    }


def test_a_longer_catalog_begins_with_the_shorter_one_and_asks_nothing_twice() -> None:
    author, llm = scripted(topic)

    short, long = author.expand_domains(4, 7), author.expand_domains(len(NAMES), 7)

    assert long[:4] == short
    assert len({request.call_id for request in llm.requests}) == len(NAMES)


def test_every_domain_but_new_beginnings_is_expanded_from_one_before_it() -> None:
    found = scripted(topic)[0].expand_domains(len(NAMES), 7)

    for place, draft in enumerate(found):
        earlier = [each.domain for each in found[:place]]
        assert (draft.strategy == "seed") == (draft.parent is None) == (place % SEED_EVERY == 0)
        assert draft.parent is None or draft.parent in earlier
        assert draft.strategy in ("seed", *STRATEGIES)


def test_the_prompt_shows_what_there_is_and_how_to_go_on() -> None:
    author, llm = scripted(topic)
    third = author.expand_domains(3, 7)[2]
    prompt = str(llm.requests[2].messages[1]["content"])

    assert "- `bakery_visits`: Bakery visits\n- `harbour_visits`: Harbour visits" in prompt
    assert f"Strategy `{third.strategy}`" in prompt
    assert f"(`{third.parent}`, Outings)" in prompt


def test_another_seed_chooses_other_strategies() -> None:
    found = [scripted(topic)[0].expand_domains(len(NAMES), seed) for seed in (7, 8)]

    assert [each.strategy for each in found[0]] != [each.strategy for each in found[1]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"domain": "bakery_visits", "title": "Bakery visits"}, "The domain 'bakery_visits' is there more than once."),
        ({"domain": "Harbour Visits"}, "domain"),
        ({"domain": "harbour_data"}, "says nothing"),
        ({"description": "Books harbour_visits."}, "an identifier, not words"),
        ({"role": ""}, "role: the text is empty."),
        ({"why": "TODO"}, "a place that a template left unfilled"),
    ],
)
def test_a_domain_that_is_no_use_is_told_so(change: dict[str, str], told: str) -> None:
    def stubborn(question: Question) -> dict[str, Any]:
        return topic(question) | (change if "# Domain 2" in question.prompt else {})

    with pytest.raises(InvalidAnswerError) as caught:
        scripted(stubborn)[0].expand_domains(2, 7)

    said = " ".join(str(message["content"]) for message in caught.value.transcript)
    assert told in said
