"""Answers of a certain form: read as they stand, validated, told what is wrong, and failing with all that was said."""

import asyncio
import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import SpecError
from agentskiller_assets.llm.asking import Answered, Asked, Prompt, ask, ask_async, together
from agentskiller_assets.llm.errors import InvalidAnswerError, JSONAnswerError, LLMError, RefusalError, TruncatedError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.parsing import parse_json
from agentskiller_assets.llm.scripted import Answer, ScriptedLLM
from agentskiller_assets.llm.structured import answer_schema, is_strict
from tests.llm.kit import MODEL, model
from tests.llm.server import ModelServer

TRICKY = '{"url": "https://x.org/a?b=1,]&c=//d", "text": "one, ] two , } // no comment\\n```", "n": [1, 2]}'


@pytest.mark.parametrize(
    "text",
    [
        TRICKY,
        f"\n  {TRICKY}\n",
        f"```json\n{TRICKY}\n```",
        f"```\r\n{TRICKY}\r\n```\r\n",
        f"Here it is:\n\n  ```JSON\n  {TRICKY}\n  ```\nI hope that it helps.",
    ],
)
def test_json_is_read_as_it_stands_or_from_one_fenced_block(text):
    assert parse_json(text) == json.loads(TRICKY)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,}', "Illegal trailing comma|Expecting property name"),
        ('{"a": 1} and so on', "Extra data"),
        ("{'a': 1}", "Expecting property name"),
        ('{"a": 1 /* one */}', "Expecting"),
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": 1, "a": 2}', "the name 'a' is there twice"),
        ('{"a": "\\ud83d"}', "surrogates"),
        ("[" * 100_000, "recursion"),
        ("", "Expecting value"),
        ("```json\n{}\n```\n```json\n{}\n```", "there are 4 lines"),
        ("```json\n{}", "there are 1 lines"),
        ("```python\n{}\n```", "the block is marked '```python'"),
    ],
)
def test_nothing_that_is_no_json_is_made_to_be_it(text, told):
    with pytest.raises(JSONAnswerError, match=told):
        parse_json(text)


class Shade(Model):
    """A shade."""

    kind: Literal["shade"]
    name: str


class Mix(Model):
    """Of shades."""

    kind: Literal["mix"]
    of: tuple[str, ...] = Field(min_length=2)


class Colour(Model):
    """What is asked for."""

    names: tuple[str, ...]
    made: Annotated[Shade | Mix, Field(discriminator="kind")]
    warmth: int | None = None
    note: str = ""


GOOD = {"names": ["green"], "made": {"kind": "shade", "name": "moss"}, "warmth": None, "note": ""}


def test_schemas_are_such_that_strict_servers_take_them():
    schema = answer_schema(Colour)
    assert is_strict(schema)
    assert schema["required"] == ["names", "made", "warmth", "note"]
    assert "discriminator" not in str(schema)
    assert "oneOf" not in str(schema)

    class Free(Model):
        any_name: dict[str, int]
        title: str

    class Pair(Model):
        both: tuple[int, str]

    assert answer_schema(Free)["properties"]["title"] == {"type": "string"}
    assert not is_strict(answer_schema(Free))
    assert not is_strict(answer_schema(Pair))


HOW = Asked(model=MODEL, seed=1, rounds=2)
PROMPT = Prompt("ontology/colour", "Which colour?", system="You know colours.")


def answers(*texts: Answer) -> ScriptedLLM:
    """Gives these, one after the other."""
    left = list(texts)
    return ScriptedLLM(lambda _: left.pop(0))


def completed(**values: Any) -> Completion:
    return Completion(call_id="", model=MODEL, answered_by=MODEL, **values)


def test_a_good_answer_takes_one_call():
    llm = answers(GOOD)
    found = ask(llm, PROMPT, Colour, HOW)
    assert found == Answered(Colour.model_validate(GOOD), (llm.requests[0].call_id,))
    request = llm.requests[0]
    assert [m["role"] for m in request.messages] == ["system", "user"]
    assert (request.schema_name, request.seed, request.response_schema) == ("ontology_colour", 1, answer_schema(Colour))


def test_faults_go_back_to_the_model_with_what_it_said():
    def known(colour: Colour) -> list[str]:
        return [] if colour.names == ("green",) else ["names: there is no such colour."]

    wrong = {**GOOD, "names": ["grue"]}
    llm = answers(json.dumps({**GOOD, "warmth": "3"}), wrong, GOOD)
    found = ask(llm, PROMPT, Colour, HOW, known)
    assert found.value.names == ("green",)
    assert found.call_ids == tuple(request.call_id for request in llm.requests)
    assert len(set(found.call_ids)) == 3
    told = [message["content"] for message in llm.requests[2].messages if message["role"] == "user"]
    assert "warmth: " in told[1]
    assert "- names: there is no such colour." in told[2]
    said = [message["content"] for message in llm.requests[2].messages if message["role"] == "assistant"]
    assert json.loads(said[1]) == wrong


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Green, I think.", "it is not JSON"),
        (json.dumps({**GOOD, "size": 3}), "size"),
        (json.dumps({"names": [], "made": GOOD["made"], "warmth": 1}), '"note" is a required property'),
        (json.dumps({**GOOD, "made": {"kind": "mix", "of": ["red"]}}), "made"),
        (json.dumps([GOOD]), "the whole"),
    ],
)
def test_a_model_that_never_gets_it_right_fails_with_the_whole_transcript(text, fault):
    llm = answers(*[text] * 3)
    with pytest.raises(InvalidAnswerError, match="none of 3 answers can be used") as raised:
        ask(llm, PROMPT, Colour, HOW)
    error = raised.value
    assert fault in str(error)
    assert "prompt 'ontology/colour', model small-model" in str(error)
    assert error.call_ids == tuple(request.call_id for request in llm.requests)
    assert [m["role"] for m in error.transcript] == ["system", "user", *["assistant", "user"] * 2, "assistant"]
    assert [m["content"] for m in error.transcript if m["role"] == "assistant"] == [text] * 3


def test_validators_may_raise_our_errors_and_later_ones_wait_for_earlier_ones():
    def closed(colour: Colour) -> list[str]:
        raise SpecError("made.name", "there is no such shade", "Use one of moss, mint.")

    def never(colour: Colour) -> list[str]:
        raise ZeroDivisionError

    with pytest.raises(InvalidAnswerError, match=r"made.name: there is no such shade. Use one of moss, mint."):
        ask(answers(GOOD), PROMPT, Colour, Asked(MODEL, rounds=0), closed, never)
    with pytest.raises(ZeroDivisionError):
        ask(answers(GOOD), PROMPT, Colour, HOW, never)


def test_an_answer_that_is_cut_off_goes_on_and_is_joined_without_a_change_at_the_seam():
    text = json.dumps({**GOOD, "note": "one  two\u00a0three,  ] https://x.org//y"})
    for seam in range(1, len(text), 7):
        first, rest = text[:seam], text[seam:]
        llm = answers(completed(content=first, finish_reason="length"), rest)
        found = ask(llm, PROMPT, Colour, HOW)
        assert found.value.note == "one  two\u00a0three,  ] https://x.org//y"
        assert found.call_ids == tuple(request.call_id for request in llm.requests)
        assert llm.requests[1].messages[-2] == {"role": "assistant", "content": first}
        assert llm.requests[1].response_schema is None


def test_an_answer_that_stays_cut_off_or_goes_on_elsewhere_is_an_error_and_no_guess():
    cut = completed(content='{"names": [', finish_reason="length")
    llm = answers(cut, cut, cut, cut)
    with pytest.raises(TruncatedError) as raised:
        ask(llm, PROMPT, Colour, HOW)
    assert len(llm.requests) == len(raised.value.call_ids) == 3
    with pytest.raises(TruncatedError, match="Allow more than the 8192 tokens"):
        ask(answers(cut, json.dumps(GOOD)), PROMPT, Colour, HOW)
    with pytest.raises(TruncatedError):
        ask(answers(completed(content=None, thinking="…", finish_reason="length")), PROMPT, Colour, HOW)


def test_any_other_fault_ends_it_with_what_was_said_so_far():
    llm = answers("Green.", completed(refusal="No."))
    with pytest.raises(RefusalError, match=r"the model refuses: No\.") as raised:
        ask(llm, PROMPT, Colour, HOW)
    assert raised.value.call_ids == tuple(request.call_id for request in llm.requests)
    assert raised.value.transcript[2] == {"role": "assistant", "content": "Green."}


def test_async_code_asks_the_same_way():
    found = asyncio.run(ask_async(answers("Green.", GOOD), PROMPT, Colour, HOW))
    assert (found.value, len(found.call_ids)) == (Colour.model_validate(GOOD), 2)


def test_many_are_asked_together_in_their_order_and_the_first_error_is_raised_when_all_have_ended():
    llm = ScriptedLLM(lambda request: "No." if "5" in request.messages[1]["content"] else GOOD)

    def one(number: int) -> Answered[Colour]:
        return ask(llm, Prompt("colour", str(number), "x"), Colour, Asked(MODEL, rounds=1))

    assert [len(each.call_ids) for each in together([lambda n=n: one(n) for n in range(5)])] == [1] * 5
    with pytest.raises(InvalidAnswerError):
        together([lambda n=n: one(n) for n in range(12)], at_once=3)
    assert len({request.call_id for request in llm.requests}) == 13
    assert together([]) == []


def test_over_sockets_a_fenced_answer_a_wrong_form_and_columns_that_nobody_has_are_set_right():
    def answer(number: int, body: dict[str, Any]) -> str:
        wrong = {**GOOD, "hallucinated_column": 1}
        return [json.dumps(wrong), "```json\n{}\n```", f"```json\n{json.dumps(GOOD)}\n```"][number]

    with ModelServer(answer) as server:
        found = ask(model(server.url), PROMPT, Colour, HOW)
    assert found.value == Colour.model_validate(GOOD)
    assert len(server.requests) == 3
    with ModelServer(lambda *_: "{}") as server, pytest.raises(InvalidAnswerError):
        ask(model(server.url), PROMPT, Colour, HOW)
    assert len(server.requests) == 3


def test_a_table_of_answers_names_the_prompts_that_it_has():
    llm = ScriptedLLM({"ontology/colour": GOOD})
    assert ask(llm, PROMPT, Colour, HOW).value.names == ("green",)
    with pytest.raises(LLMError, match=r"prompt 'other'.*no such prompt. It has ontology/colour."):
        ask(llm, Prompt("other", "?"), Colour, HOW)


def test_who_asks_decides_nothing_about_the_answer_and_everything_else_does():
    def of(**changes: Any) -> str:
        values = {"prompt": "p", "model": "m", "messages": ({"role": "user", "content": "x"},)}
        return Request(**{**values, **changes}).call_id

    same = {of(), of(prompt="q"), of(asset="a", partition="b")}
    others = [
        of(model="n"),
        of(messages=({"role": "user", "content": "x "},)),
        of(tools=({"type": "function"},)),
        of(response_schema={}),
        of(temperature=0.5),
        of(seed=0),
        of(seed=1),
        of(max_tokens=5),
    ]
    assert len(same) == 1
    assert len(same | set(others)) == 9
    # whoever changes how ids are made lets everybody pay for all calls again
    assert of() == "call_28c5df4b44f79cdd8647115f2b50b127"
