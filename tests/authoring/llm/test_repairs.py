"""Repairs by a model: the correction loop tells it what failed, and takes only a patch that keeps every promise."""

import re
from functools import cache
from typing import Any

import pytest

from agentskiller_assets.authoring.drafts import FragmentField
from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.environment.correction import Corrected
from agentskiller_assets.errors import LLMError
from agentskiller_assets.llm.errors import RefusalError
from agentskiller_assets.llm.models import Completion
from tests.authoring.llm.kit import Answering, Question, scripted
from tests.environment.test_correction import FAULTS, loop
from tests.scenario import LIBRARY

ROUNDS = 2
MENDED = ("wrong comparison", "missing ownership", "wrong effect", "order that is not total", "other schema")
"""One fault of each part of a tool."""
_PART = re.compile(r"Write all of its `(\w+)` anew")


def part_of(question: Question) -> tuple[str, str]:
    """The tool and the part that are to be repaired."""
    tool, part = re.search(r"# Repair of the tool `(\w+)`", question.prompt), _PART.search(question.prompt)
    assert tool is not None
    assert part is not None
    return tool[1], part[1]


def sound(question: Question) -> dict[str, Any]:
    """The part as it was approved."""
    tool, part = part_of(question)
    return {"why": "It is as it was agreed.", part: LIBRARY.tool(tool).model_dump(mode="json")[part]}


def corrected(name: str, answering: Answering) -> tuple[Corrected, list[str]]:
    """The loop over a faulty server, and the names of the prompts that were asked."""
    author, llm = scripted(answering, Models("writer", "coder", rounds=ROUNDS))
    found = loop(FAULTS[name].server, author)
    assert {request.model for request in llm.requests} <= {"coder"}
    return found, [request.prompt for request in llm.requests]


@cache
def mended(name: str) -> Corrected:
    """The loop over a faulty server with a model that knows the fix."""
    return corrected(name, sound)[0]


@pytest.mark.parametrize("name", MENDED)
def test_a_model_that_knows_the_fix_mends_the_server(name: str) -> None:
    found, asked = corrected(name, sound)

    assert found.ok
    assert found.spec == LIBRARY
    assert asked == ["servers/repair"]


def test_the_prompt_says_what_failed_and_what_was_promised() -> None:
    seen: list[Question] = []

    def look(question: Question) -> dict[str, Any]:
        seen.append(question)
        return sound(question)

    corrected("wrong comparison", look)
    (question,) = seen

    for text in (
        "**rule RENEWAL_LIMIT**",
        "refuses a call that only BOOK_IS_RESERVED forbids",
        "loan.renewals > 2",
        'RENEWAL_LIMIT ("A loan can be renewed twice.")',
        "exactly one row with the columns",
        "## Table `loan`",
    ):
        assert text in question.prompt


def test_a_patch_that_breaks_a_promise_goes_back_to_the_model() -> None:
    def careless(question: Question) -> dict[str, Any]:
        answer = sound(question)
        if not question.told:
            answer["rules"] = answer["rules"][:-1]
        return answer

    found, asked = corrected("wrong comparison", careless)

    assert found.ok
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("name", "part", "change", "told"),
    [
        ("wrong comparison", "rules", {"require": "loan.mood = 'good'"}, "no such column"),
        ("wrong comparison", "rules", {"statement": "Anything goes."}, ""),
        ("missing ownership", "binds", {"where": "loan.loan_id = :loan"}, "undeclared"),
    ],
)
def test_a_model_that_never_gets_it_right_leaves_a_server_that_failed(
    name: str, part: FragmentField, change: dict[str, str], told: str
) -> None:
    questions: list[Question] = []

    def wrong(question: Question) -> dict[str, Any]:
        questions.append(question)
        answer = sound(question)
        answer[part][0].update(change)
        return answer

    found, asked = corrected(name, wrong)

    assert not found.ok
    assert [(each.answer, each.patch) for each in found.rounds[0].answers] == [("declined", None)]
    assert found.spec == FAULTS[name].server
    assert len(asked) == ROUNDS + 1
    assert told in questions[-1].told or told == ""


def test_a_model_that_refuses_is_an_error_and_no_failed_server() -> None:
    def refusing(_: Question) -> Any:
        return Completion(call_id="", model="coder", answered_by="coder", refusal="No.")

    with pytest.raises(RefusalError) as caught:
        corrected("wrong comparison", refusing)
    assert isinstance(caught.value, LLMError)


def test_the_patch_names_its_call() -> None:
    author, llm = scripted(sound)

    found = loop(FAULTS["wrong effect"].server, author)
    (answer,) = [each for each in found.rounds[0].answers if each.patch]

    assert author.calls_of(answer.patch) == (llm.requests[0].call_id,)
