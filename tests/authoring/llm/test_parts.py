"""A whole in parts: only what is at fault is asked again, and no more often than allowed."""

from collections.abc import Mapping
from typing import Any

import pytest

from agentskiller_assets.authoring.llm.parts import Faults, Part, write_parts
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Models, Scribe
from agentskiller_assets.core.records import Model
from agentskiller_assets.llm.asking import Prompt
from agentskiller_assets.llm.errors import InvalidAnswerError
from agentskiller_assets.llm.models import Request
from agentskiller_assets.llm.scripted import ScriptedLLM


class Number(Model):
    number: int


FORM = PromptFile("tests/number", "coding", Number, "numbers")


def scribe_of(*answers: Mapping[str, int], rounds: int = 3) -> tuple[Scribe, ScriptedLLM]:
    """A model that says these numbers, by part, in its first round, its second and so on; the last for ever."""

    def script(request: Request) -> dict[str, Any]:
        asked = str(request.messages[0]["content"])
        name = asked.partition("\n")[0]
        times = asked.count("Your earlier answer")
        said = [request for request in llm.requests if str(request.messages[0]["content"]).startswith(name)]
        return {"number": answers[min(max(len(said) - 1, times), len(answers) - 1)][name]}

    llm = ScriptedLLM(script)
    return Scribe(llm, Models("writer", "coder", rounds=rounds)), llm


def parts(*names: str) -> dict[str, Part[Number]]:
    return {name: Part(FORM, Prompt(FORM.name, name)) for name in names}


def too_much(values: Mapping[str, Number]) -> Faults:
    """Together at most ten; the greatest is at fault."""
    total = sum(each.number for each in values.values())
    greatest = max(values, key=lambda name: values[name].number)
    return {greatest: [f"{total} is more than ten"]} if total > 10 else {}


def numbers(values: Mapping[str, Number]) -> dict[str, int]:
    return {name: each.number for name, each in values.items()}


def test_parts_that_fit_are_asked_once() -> None:
    scribe, llm = scribe_of({"a": 3, "b": 4})

    written = write_parts(scribe, parts("a", "b"), 7, too_much)

    assert numbers(written.value) == {"a": 3, "b": 4}
    assert sorted(written.call_ids) == sorted(request.call_id for request in llm.requests)


def test_only_the_part_at_fault_is_asked_again_with_its_answer_and_the_fault() -> None:
    scribe, llm = scribe_of({"a": 3, "b": 9}, {"a": 3, "b": 5})

    written = write_parts(scribe, parts("a", "b"), 7, too_much)
    again = str(llm.requests[-1].messages[0]["content"])

    assert numbers(written.value) == {"a": 3, "b": 5}
    assert len(llm.requests) == 3
    assert again.startswith("b\n")
    assert '{"number":9}' in again
    assert "- 12 is more than ten" in again


def test_parts_that_never_fit_fail_with_the_reason_after_as_many_rounds_as_allowed() -> None:
    scribe, llm = scribe_of({"a": 3, "b": 9}, rounds=2)

    with pytest.raises(InvalidAnswerError, match=r"prompt 'tests/number' of .*b: 12 is more than ten") as caught:
        write_parts(scribe, parts("a", "b"), 7, too_much)

    assert len(caught.value.call_ids) >= len({request.call_id for request in llm.requests}) == 3
    assert caught.value.call_ids[-1] in str(caught.value)


def test_a_fault_that_is_no_parts_fails_at_once() -> None:
    scribe, llm = scribe_of({"a": 3})

    with pytest.raises(InvalidAnswerError, match="somebody else: it is late"):
        write_parts(scribe, parts("a"), 7, lambda _: {"somebody else": ["it is late"]})
    assert len(llm.requests) == 1


def test_a_wish_is_told_and_what_is_left_of_it_is_accepted() -> None:
    scribe, llm = scribe_of({"a": 3, "b": 9}, {"a": 3, "b": 8}, {"a": 3, "b": 7}, rounds=2)

    written = write_parts(scribe, parts("a", "b"), 7, lambda _: {}, wishes=too_much)

    assert numbers(written.value) == {"a": 3, "b": 7}
    assert len(llm.requests) == 4


def test_a_wish_that_spoils_the_whole_leaves_what_was_sound() -> None:
    def odd(values: Mapping[str, Number]) -> Faults:
        return {name: ["it is even"] for name, each in values.items() if each.number % 2 == 0}

    scribe, _ = scribe_of({"a": 3, "b": 9}, {"a": 3, "b": 8}, rounds=2)

    written = write_parts(scribe, parts("a", "b"), 7, odd, wishes=too_much)

    assert numbers(written.value) == {"a": 3, "b": 9}
