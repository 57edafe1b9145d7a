"""Whatever an endpoint does: a recovered call or an error with a name, and never more calls than allowed."""

import asyncio
import json
from email.utils import formatdate
from typing import Any

import pytest

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.llm import background
from agentskiller_assets.llm.errors import (
    ContentFilterError,
    CredentialsError,
    EmptyAnswerError,
    EndpointError,
    LLMError,
    RefusalError,
    RequestError,
    SettingsError,
    TruncatedError,
    WrongModelError,
)
from agentskiller_assets.llm.models import Request
from agentskiller_assets.llm.openai_llm import OpenAILLM
from agentskiller_assets.llm.retry import Patience
from tests.llm.kit import KEY, MODEL, SCHEMA, VARIABLE, StillClock, endpoint, model, request, tried
from tests.llm.server import ModelServer, Reply, completion, refusal

WHOLE = {"content": "Green."}


def test_an_answer_says_who_answered_what_it_took_and_what_it_cost():
    found = tried(lambda _, body: WHOLE).answer
    assert (found.content, found.model, found.answered_by, found.finish_reason) == ("Green.", MODEL, MODEL, "stop")
    assert (found.prompt_tokens, found.completion_tokens, found.cost) == (11, 5, 21e-6)
    assert (found.call_id, found.attempts, found.adjustments, found.cached) == (request().call_id, 1, (), False)


def test_tool_calls_keep_their_text_whatever_form_the_server_gives_it():
    calls = [
        {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"url": "http://x/,]"'}},
        {"function": {"name": "find", "arguments": {"url": "http://x/,]"}}},
    ]
    found = tried(lambda _, body: {"tool_calls": calls}, request(tools=({"type": "function"},)))
    assert [(c.id, c.name, c.arguments) for c in found.answer.tool_calls] == [
        ("a", "find", '{"url": "http://x/,]"'),
        ("", "find", '{"url": "http://x/,]"}'),
    ]
    assert found.server.requests[0]["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("message", "thinking", "content"),
    [
        ({"content": "Green.", "reasoning_content": "Grass."}, "Grass.", "Green."),
        ({"content": "Green.", "reasoning": "Grass."}, "Grass.", "Green."),
        ({"content": "<think>\nGrass.\n</think>\n\n Green."}, "Grass.", " Green."),
        ({"content": "Grass.\n</think>\nGreen."}, "Grass.", "Green."),
        ({"content": 'Say "<think>x</think>".'}, None, 'Say "<think>x</think>".'),
        ({"content": '{"tag": "</think>"}'}, None, '{"tag": "</think>"}'),
        ({"content": [{"type": "text", "text": "Gre"}, {"type": "text", "text": "en."}]}, None, "Green."),
    ],
)
def test_thinking_is_kept_apart_from_what_is_said(message, thinking, content):
    found = tried(lambda _, body: message).answer
    assert (found.thinking, found.content) == (thinking, content)


PASSING: list[Any] = [
    refusal(408),
    refusal(409),
    refusal(429),
    refusal(429, headers={"retry-after": "7"}),
    refusal(500),
    refusal(503),
    Reply(b"<html>busy</html>", 502, {"content-type": "text/html"}),
    Reply(completion({"model": MODEL}, WHOLE), sent=0),
    Reply(completion({"model": MODEL}, WHOLE), sent=0, reset=True),
    Reply(completion({"model": MODEL}, WHOLE), sent=9, reset=True),
    Reply(completion({"model": MODEL}, WHOLE), sent=120),
    Reply(completion({"model": MODEL}, WHOLE), sent=120, reset=True),
    Reply(json.dumps(completion({"model": MODEL}, WHOLE)).encode()[:-9]),
    Reply(json.dumps(completion({"model": MODEL}, "x")).encode().replace(b'"x"', b'"\xff\xfe"')),
    Reply(json.dumps(completion({"model": MODEL}, "\ud83d")).encode()),
    Reply(b"null"),
    Reply({"choices": []}),
    Reply({"choices": [{"message": {"content": 7}}]}),
    Reply({"error": {"message": "overloaded"}}),
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_recovered_from(fault):
    found = tried(lambda number, body: fault if number < 2 else WHOLE)
    assert (found.answer.content, found.answer.attempts, len(found.server.requests)) == ("Green.", 3, 3)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_stays_ends_in_an_error_after_as_many_attempts_as_allowed(fault):
    found = tried(lambda number, body: fault, patience=Patience(attempts=3))
    assert isinstance(found.error, EndpointError)
    assert len(found.server.requests) == 3
    assert "prompt 'tests/colour', model small-model: http://127.0.0.1" in found.told
    assert "did not answer in 3 attempts" in found.told


def test_a_server_that_does_not_answer_in_time_or_at_all_is_given_up():
    found = tried(lambda *_: Reply(b"{}", delay_s=60), timeout_s=2, patience=Patience(attempts=2))
    assert isinstance(found.error, EndpointError)
    assert "no answer within 2 s" in found.told
    assert len(found.server.requests) == 2
    nobody = model("http://127.0.0.1:9/v1", patience=Patience(attempts=2))
    with pytest.raises(EndpointError, match="did not answer in 2 attempts: Connect"):
        background.run(nobody.complete(request()))


def test_pauses_grow_and_what_the_server_asks_for_goes_first():
    grown = tried(lambda *_: refusal(500)).clock.slept
    assert grown == [0.5, 1.0, 2.0, 4.0]

    def busy(number: int, body: dict[str, Any]) -> Any:
        headers = [{"retry-after": "7"}, {"retry-after": formatdate(1_700_000_020.0, usegmt=True)}]
        return refusal(503, headers=headers[number]) if number < 2 else WHOLE

    asked = tried(busy)
    first, second = asked.clock.slept
    assert asked.answer.content == "Green."
    assert 7 <= first <= 7.1
    assert 1_700_000_020 <= 1_700_000_000 + first + second <= 1_700_000_020.2


def test_a_429_keeps_others_waiting_as_well_for_as_long_as_the_server_asks():
    clock = StillClock()

    async def call(url: str) -> float:
        llm = model(url, clock, concurrency=8)
        await asyncio.gather(*(llm.complete(request(str(n))) for n in range(8)))
        return llm.limiter(MODEL).limit

    with ModelServer(lambda n, body: refusal(429, headers={"retry-after": "3"}) if n < 8 else WHOLE) as server:
        limit = background.run(call(server.url))
    assert 4 < limit < 8
    assert len(server.requests) == 16
    assert clock.time >= 1_700_000_003


def test_a_server_that_asks_for_an_hour_is_not_waited_for():
    found = tried(lambda *_: refusal(429, headers={"retry-after": "3600"}))
    assert isinstance(found.error, EndpointError)
    assert "it asks to wait 3600 s" in found.told
    assert (len(found.server.requests), found.clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (refusal(400, "too long"), RequestError, "with status 400: too long"),
        (refusal(401, f"bad key {KEY}"), CredentialsError, f"bad key ***. Set {VARIABLE} to a key"),
        (refusal(403), CredentialsError, "with status 403"),
        (refusal(404, "no such model"), RequestError, "it often ends in /v1"),
        (refusal(413), RequestError, "with status 413"),
        (refusal(429, "pay first", code="insufficient_quota"), RequestError, "pay first. Check plan and billing"),
        (Reply(b"", 301), RequestError, "with status 301"),
    ],
)
def test_a_refusal_that_stays_is_never_tried_again(fault, error, told):
    found = tried(lambda *_: fault)
    assert type(found.error) is error
    assert told in found.told
    assert KEY not in found.told
    assert len(found.server.requests) == 1


@pytest.mark.parametrize(
    ("message", "error", "told"),
    [
        (
            {"content": "Gre", "finish_reason": "length"},
            TruncatedError,
            "cut off after 5 tokens. Allow more than",
        ),
        ({"content": "", "finish_reason": "content_filter"}, ContentFilterError, "content filter withheld"),
        ({"content": None, "refusal": "I must not."}, RefusalError, "the model refuses: I must not."),
        ({"content": None}, EmptyAnswerError, "it said nothing and called nothing"),
        ({"content": " \n"}, EmptyAnswerError, "it said nothing and called nothing"),
        ({"content": "<think>Grass.</think>"}, EmptyAnswerError, "it said nothing"),
    ],
)
def test_an_answer_that_is_none_is_an_error_with_a_name_after_one_call(message, error, told):
    found = tried(lambda *_: message)
    assert type(found.error) is error
    assert told in found.told
    assert found.error
    assert found.error.call_ids == (request().call_id,)
    assert len(found.server.requests) == 1


@pytest.mark.parametrize(
    ("answered", "same"),
    [(MODEL, True), (f"vendor/{MODEL}", True), (f"{MODEL}-2026-05-01", True), (f"{MODEL}-mini", False), ("x", False)],
)
def test_who_answered_is_recorded_and_must_be_who_was_asked_if_that_is_wanted(answered, same):
    def other(number: int, body: dict[str, Any]) -> Reply:
        return Reply(completion(body, WHOLE, model=answered))

    assert tried(other).answer.answered_by == answered
    strict = tried(other, strict_model=True)
    if same:
        assert strict.answer.answered_by == answered
    else:
        assert isinstance(strict.error, WrongModelError)
        assert f"{answered!r} answered" in strict.told


def test_usage_that_the_server_leaves_out_is_estimated_and_said_to_be():
    found = tried(lambda _, body: Reply(completion(body, WHOLE, usage=None))).answer
    assert found.adjustments == ("usage estimated",)
    assert found.prompt_tokens > 0
    assert found.completion_tokens > 0


def structured() -> Request:
    return request(response_schema=SCHEMA, seed=3)


def refuses(*names: str) -> Any:
    """A server that takes none of these."""

    def answer(number: int, body: dict[str, Any]) -> Any:
        format = body.get("response_format", {})
        form = "beside" if "schema" in format else format.get("type", "")
        for name in names:
            if name in body or name in (form, format.get("type")):
                better = "Use 'max_completion_tokens'." if name == "max_tokens" else ""
                what = "response_format.schema" if name == "beside" else name
                return refusal(400, f"Unsupported parameter: '{what}' is not supported. {better}")
        return '{"colour": "green"}'

    return answer


def test_an_endpoint_that_takes_schemas_gets_the_schema():
    found = tried(refuses(), structured())
    assert found.server.requests[0]["response_format"]["json_schema"] == {
        "name": "answer",
        "schema": SCHEMA,
        "strict": True,
    }
    assert found.answer.adjustments == ()


@pytest.mark.parametrize(
    ("refused", "notes", "forms"),
    [
        (("json_schema",), ("schema put beside a JSON object",), ["json_schema", "json_object"]),
        (
            ("json_schema", "beside"),
            ("schema asked for as a JSON object",),
            ["json_schema", "json_object", "json_object"],
        ),
        (
            ("json_schema", "json_object"),
            ("schema asked for in words alone",),
            ["json_schema", "json_object", "json_object", None],
        ),
        (("seed", "temperature"), ("seed left out", "temperature left out"), ["json_schema"] * 3),
        (("max_tokens",), (), ["json_schema"] * 2),
    ],
)
def test_what_an_endpoint_does_not_take_is_found_out_once_and_noted(refused, notes, forms):
    async def calls(url: str) -> list[Any]:
        llm = model(url)
        return [await llm.complete(structured()), await llm.complete(request("again", response_schema=SCHEMA, seed=4))]

    with ModelServer(refuses(*refused)) as server:
        found = background.run(calls(server.url))
    assert [each.adjustments for each in found] == [notes, notes]
    assert [each.attempts for each in found] == [1, 1]
    sent = [body.get("response_format", {}).get("type") for body in server.requests]
    assert sent == [*forms, forms[-1]]
    if "schema" in " ".join(notes):
        assert ("schema" in server.requests[-1].get("response_format", {})) == ("beside" in notes[0])
        assert canonical_json(SCHEMA) in server.requests[-1]["messages"][0]["content"]


def test_a_server_that_refuses_a_form_with_a_500_is_asked_in_another_and_any_other_500_is_tried_again():
    """As servers of llama.cpp do."""

    def local(number: int, body: dict[str, Any]) -> Any:
        if body.get("response_format", {}).get("type") == "json_schema":
            return refusal(500, "literal_error: body, response_format, type: Input should be 'text' or 'json_object'")
        return '{"colour": "green"}'

    found = tried(local, structured())
    assert found.answer.adjustments == ("schema put beside a JSON object",)
    assert found.answer.attempts == 1
    assert len(found.server.requests) == 2


def test_one_schema_that_is_refused_says_nothing_about_others():
    def picky(number: int, body: dict[str, Any]) -> Any:
        named = body.get("response_format", {}).get("json_schema", {}).get("name")
        return refusal(400, "Invalid schema for response_format 'odd'") if named == "odd" else '{"colour": "green"}'

    async def calls(url: str) -> None:
        llm = model(url)
        await llm.complete(request("a", response_schema=SCHEMA, schema_name="odd"))
        await llm.complete(request("b", response_schema=SCHEMA))

    with ModelServer(picky) as server:
        background.run(calls(server.url))
    assert [body["response_format"]["type"] for body in server.requests] == [
        "json_schema",
        "json_object",
        "json_schema",
    ]


def test_many_that_find_out_at_once_need_few_calls_more_and_an_endpoint_that_refuses_all_is_given_up():
    async def calls(url: str) -> list[Any]:
        llm = model(url, concurrency=20)
        asked = (llm.complete(request(str(n), response_schema=SCHEMA, seed=1)) for n in range(20))
        return await asyncio.gather(*asked, return_exceptions=True)

    with ModelServer(refuses("json_schema", "json_object")) as server:
        assert all(not isinstance(each, BaseException) for each in background.run(calls(server.url)))
    assert len(server.requests) <= 80
    everything = "response_format max_completion_tokens temperature seed parallel_tool_calls not supported"
    with ModelServer(lambda *_: refusal(400, everything)) as server:
        assert all(isinstance(each, RequestError) for each in background.run(calls(server.url)))
    assert len(server.requests) <= 20 * 8


@pytest.mark.parametrize("value", ["sk-with\nbreak-in-it", "“sk-typographic”", "sk with space"])
def test_a_key_that_is_none_is_named_by_its_variable_and_never_shown(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(CredentialsError, match=f"{VARIABLE}: it holds characters") as raised:
        OpenAILLM(endpoint("http://127.0.0.1:9/v1"))
    assert value not in str(raised.value)


def test_without_a_key_there_must_be_an_endpoint_and_it_must_be_an_address(monkeypatch):
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(CredentialsError, match=f"there is no key. Set {VARIABLE}"):
        OpenAILLM(endpoint(""))
    with pytest.raises(SettingsError, match="it is no http") as raised:
        OpenAILLM(endpoint("ftp://user:password@host/v1"))
    assert "password" not in str(raised.value)
    with ModelServer(lambda *_: WHOLE) as server:
        background.run(model(server.url).complete(request()))
    assert server.keys == {"none"}


def test_errors_carry_no_request_headers_or_key_along():
    error = tried(lambda *_: refusal(401, f"bad key {KEY}")).error
    met: list[BaseException] = []
    while error is not None:
        met.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)  # type: ignore[assignment]
    assert len(met) == 1
    assert isinstance(met[0], LLMError)
    assert not any(KEY in repr(vars(each)) for each in met)
