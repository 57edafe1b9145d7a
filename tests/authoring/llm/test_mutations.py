"""Whatever a model says is either taken or told what is wrong: no check ever breaks on an answer."""

from collections import Counter
from typing import Any

import pytest

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.llm.errors import InvalidAnswerError
from tests.authoring.llm.good import good_answer, spec_of, topic
from tests.authoring.llm.kit import Question, scripted
from tests.authoring.llm.mutating import mutated
from tests.world import DOMAIN, NOW, SEED

ONCE = Models("writer", "coder", rounds=0)
TIMES = {
    "ontology_entities": 150,
    "ontology_relations": 80,
    "blueprint_outline": 25,
    "blueprint_tool": 25,
    "databases_table": 25,
    "databases_parameters": 15,
    "policies_governance": 80,
    "tasks_storylines": 80,
    "tasks_phrases": 60,
}


def asked(name: str, number: int) -> str:
    """What comes of a domain in which the answers to one prompt are mutated: a part of it, where there are many."""
    draw = rng(SEED, "mutations", name, number)

    def answering(question: Question) -> dict[str, Any]:
        good = good_answer(question.prompt).model_dump(mode="json")
        rarely = question.name in ("blueprint_tool", "databases_table") and draw.random() > 0.2
        return mutated(good, draw) if question.name == name and not rarely else good

    author, _ = scripted(answering, ONCE)
    try:
        _make(author, name)
    except InvalidAnswerError:
        return "told"
    return "taken"


def _make(author: Author, name: str) -> None:
    """What is made of the answers to a prompt."""
    own = topic(DOMAIN)
    match name.split("_"):
        case ["ontology", "entities"]:
            author.extract_entities(own, SEED)
        case ["ontology", _]:
            author.relate_entities(own, SEED)
        case ["blueprint", _]:
            author.write_blueprint(own, SEED, NOW)
        case ["databases", _]:
            author.plan_samples(own, SEED, spec_of(DOMAIN))
        case ["policies", _]:
            author.govern(own, SEED, spec_of(DOMAIN))
        case [_, "storylines"]:
            author.tell_storylines(own, SEED, spec_of(DOMAIN))
        case _:
            author.write_phrases(own, SEED, spec_of(DOMAIN))


@pytest.mark.parametrize("name", TIMES)
def test_an_answer_is_taken_or_told_what_is_wrong(name: str) -> None:
    found = Counter(asked(name, number) for number in range(TIMES[name]))

    assert found["told"] > 0
    assert found.total() == TIMES[name]
