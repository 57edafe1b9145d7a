"""From a request to the body that is sent, and from the body of an answer to a completion."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.llm.budget import estimated_prompt_tokens
from agentskiller_assets.llm.manners import Manners
from agentskiller_assets.llm.models import Completion, Request, ToolCall
from agentskiller_assets.llm.prices import Prices
from agentskiller_assets.llm.structured import is_strict
from agentskiller_assets.llm.thinking import split_thinking

USAGE_ESTIMATED = "usage estimated"
"""Noted where the endpoint does not say how many tokens it took."""
_IN_WORDS = (
    "Answer with one JSON object that is valid against this JSON Schema, and with nothing else: "
    "no explanation and no Markdown.\n\n{schema}"
)


class GarbledError(Exception):
    """An answer that is no chat completion. Another attempt may well bring one."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Function(_Part):
    name: str
    arguments: str | dict[str, Any] | None = None


class _Call(_Part):
    id: str | None = None
    type: str | None = "function"
    function: _Function | None = None


class _TextPart(_Part):
    text: str = ""


class _Message(_Part):
    content: str | list[_TextPart] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(_Part):
    message: _Message
    finish_reason: str | None = None


class _Usage(_Part):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Answer(_Part):
    model: str | None = None
    choices: list[_Choice]
    usage: _Usage | None = None


def body_of(request: Request, manners: Manners) -> dict[str, Any]:
    """What is sent."""
    messages = list(request.messages)
    body: dict[str, Any] = {"model": request.model, "messages": messages, manners.tokens: request.max_tokens}
    body |= _optional(request, manners)
    if request.tools:
        body["tools"] = list(request.tools)
    if request.response_schema is not None:
        if manners.form == "schema":
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.schema_name,
                    "schema": request.response_schema,
                    "strict": is_strict(request.response_schema),
                },
            }
        else:
            words = _IN_WORDS.format(schema=canonical_json(request.response_schema))
            body["messages"] = _with_instruction(messages, words)
            if manners.form == "object":
                body["response_format"] = {"type": "json_object", "schema": request.response_schema}
            elif manners.form == "json":
                body["response_format"] = {"type": "json_object"}
    return body


def notes_of(request: Request, manners: Manners) -> tuple[str, ...]:
    """How the body differs from what the request means."""
    return manners.notes(request.response_schema is not None, frozenset(_optional(request, Manners())))


def completion_of(request: Request, data: bytes, prices: Prices) -> Completion:
    """The completion in the body of an answer; `GarbledError` for a body that holds none."""
    answer = _parsed(data)
    if not answer.choices:
        raise GarbledError("it holds no choice")
    choice = answer.choices[0]
    thinking, content = _split(choice.message)
    usage, estimated = _usage(request, answer.usage, len(content or "") + len(thinking or ""))
    return Completion(
        call_id=request.call_id,
        model=request.model,
        answered_by=answer.model or request.model,
        content=content,
        tool_calls=tuple(
            _tool_call(call.id, call.function) for call in choice.message.tool_calls or () if call.function
        ),
        thinking=thinking,
        refusal=choice.message.refusal or None,
        finish_reason=choice.finish_reason or "stop",
        prompt_tokens=usage[0],
        completion_tokens=usage[1],
        cost=prices.cost(request.model, *usage),
        adjustments=(USAGE_ESTIMATED,) if estimated else (),
    )


def error_in(data: bytes) -> tuple[str, str | None, str | None]:
    """Message, parameter and code of an error's body; the text itself where it has another form."""
    text = data.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text, None, None
    error = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(error, dict):
        return str(error), None, None
    message, parameter, code = error.get("message") or error.get("detail"), error.get("param"), error.get("code")
    shown = message if isinstance(message, str) else json.dumps(error, ensure_ascii=False)
    return shown, None if parameter is None else str(parameter), None if code is None else str(code)


def _optional(request: Request, manners: Manners) -> dict[str, Any]:
    found: dict[str, Any] = {"temperature": request.temperature}
    if request.seed is not None:
        found["seed"] = request.seed
    if request.tools:
        # calls are made one after the other, each in the light of the last
        found["parallel_tool_calls"] = False
    return {name: value for name, value in found.items() if name not in manners.left_out}


def _with_instruction(messages: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """The messages with the words at the end of the first system message, as some servers allow only one of them."""
    if messages and messages[0].get("role") == "system":
        first = {**messages[0], "content": f"{messages[0]['content']}\n\n{words}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]


def _parsed(data: bytes) -> _Answer:
    try:
        found = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise GarbledError("it is not valid UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise GarbledError(f"it is not JSON ({error})") from None
    if isinstance(found, dict) and found.get("error") and not found.get("choices"):
        raise GarbledError(f"it is an error: {error_in(data)[0]}")
    try:
        return _Answer.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise GarbledError(f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}") from None


def _split(message: _Message) -> tuple[str | None, str | None]:
    """Thinking and content."""
    content = message.content
    if isinstance(content, list):
        content = "".join(part.text for part in content)
    apart = message.reasoning_content or message.reasoning
    inside, rest = split_thinking(content) if content is not None else (None, None)
    thinking = "\n\n".join(filter(None, (apart, inside))) or None
    for text in (thinking, rest, *(c.function.arguments for c in message.tool_calls or () if c.function)):
        _require_unicode(text)
    return thinking, rest


def _require_unicode(text: Any) -> None:
    try:
        json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise GarbledError("its text holds half a character") from None


def _tool_call(call_id: str | None, function: _Function) -> ToolCall:
    arguments = function.arguments
    if not isinstance(arguments, str):  # some servers send the object itself
        arguments = json.dumps(arguments or {}, ensure_ascii=False)
    return ToolCall(id=call_id or "", name=function.name, arguments=arguments)


def _usage(request: Request, usage: _Usage | None, characters: int) -> tuple[tuple[int, int], bool]:
    """Tokens both ways, and whether they had to be estimated."""
    prompt = usage.prompt_tokens if usage else None
    answer = usage.completion_tokens if usage else None
    if prompt is not None and answer is not None:
        return (prompt, answer), False
    return (estimated_prompt_tokens(request), characters // 3 + 1), True
