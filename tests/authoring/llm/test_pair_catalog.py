"""The catalog of pairs by models: a domain that no model can write is in no pair, and is named with the reason."""

from typing import Any

import pytest

from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.errors import LLMError
from agentskiller_assets.fusion.catalog import PairSettings, make_candidates, select_pairs
from agentskiller_assets.llm.errors import EmptyAnswerError, InvalidAnswerError
from agentskiller_assets.ontology.catalog import make_catalog
from tests.authoring.llm.good import good_answer
from tests.authoring.llm.kit import Answering, Question, scripted
from tests.authoring.llm.worlds import DOMAINS
from tests.world import NOW, SEED

SETTINGS = PairSettings(seed=SEED, target=3)
ONCE = Models("writer", "coder", rounds=0)


def saying(name: str, of: str, text: str) -> Answering:
    """Good answers, but for this text in answer to one prompt about a domain or pair."""

    def answering(question: Question) -> str | dict[str, Any]:
        if question.name == name and f"`{of}`" in question.prompt:
            return text
        return good_answer(question.prompt).model_dump(mode="json")

    return answering


def pairs(answering: Answering) -> tuple[list[str], list[str]]:
    """Keys of the pairs, and what was lost."""
    author, _ = scripted(answering, ONCE)
    lost: list[str] = []
    candidates = make_candidates(author, make_catalog(author, DOMAINS, SEED, NOW), 200, 150, lost)
    return [pair.key for pair in select_pairs(author, candidates, SETTINGS, lost)], lost


def test_all_domains_are_in_pairs_where_a_model_can_write_them() -> None:
    keys, lost = pairs(saying("", "", ""))

    assert {domain for key in keys for domain in key.split("--")} == {
        "clinic_appointments",
        "guided_rides",
        "music_lessons",
        "pharmacy_orders",
    }
    assert lost == []


def test_a_domain_that_cannot_be_written_is_left_out_and_named() -> None:
    keys, lost = pairs(saying("blueprint_outline", "music_lessons", "{}"))

    assert keys
    assert not any("music_lessons" in key for key in keys)
    (told,) = lost
    assert told.startswith("music_lessons: prompt 'blueprint/outline' of blueprints[music_lessons], model writer: ")
    assert "call_" in told


def test_a_bridge_that_cannot_be_written_loses_its_pair_alone() -> None:
    pair = "clinic_appointments--pharmacy_orders"
    keys, lost = pairs(saying("fusion_bridge", pair, "no"))

    assert keys
    assert pair not in keys
    assert [each.partition(":")[0] for each in lost] == ["clinic_appointments and pharmacy_orders"]


def test_what_may_go_away_ends_the_catalog() -> None:
    with pytest.raises(EmptyAnswerError):
        pairs(saying("blueprint_outline", "music_lessons", ""))


def test_without_a_list_it_is_an_error() -> None:
    author, _ = scripted(saying("blueprint_outline", "music_lessons", "{}"), ONCE)

    with pytest.raises(InvalidAnswerError) as caught:
        list(make_candidates(author, make_catalog(author, DOMAINS, SEED, NOW), 200, 150))
    assert isinstance(caught.value, LLMError)
    assert caught.value.lasting


def test_calls_are_for_what_is_made_of_them_whoever_asks_first() -> None:
    author, llm = scripted(saying("", "", ""))
    candidates = make_candidates(author, make_catalog(author, DOMAINS, SEED, NOW), 200, 150)
    select_pairs(author, candidates, SETTINGS)
    found = {(request.asset, request.prompt) for request in llm.requests}
    bridged = {request.partition for request in llm.requests if request.prompt == "fusion/bridge"}

    assert found == {
        ("domain_catalog", "ontology/topic"),
        ("entities", "ontology/entities"),
        ("entity_graph", "ontology/relations"),
        ("blueprints", "blueprint/outline"),
        ("blueprints", "blueprint/tool"),
        ("databases", "databases/table"),
        ("databases", "databases/parameters"),
        ("fused_blueprints", "fusion/bridge"),
    }
    assert all(pair and "--" in pair for pair in bridged)
