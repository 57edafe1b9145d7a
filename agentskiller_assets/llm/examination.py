"""What an endpoint and its models can do, found out with a few tiny calls."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from agentskiller_assets.core.records import Model
from agentskiller_assets.llm.asking import Asked, Prompt, ask_async
from agentskiller_assets.llm.errors import LLMError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.openai_llm import OpenAILLM
from agentskiller_assets.llm.prices import PRICES, Prices
from agentskiller_assets.llm.retry import Patience
from agentskiller_assets.llm.settings import CODING_MODEL, TEXTUAL_MODEL, Settings
from agentskiller_assets.llm.transport import address_of

State = Literal["good", "note", "fault"]
_ROOM = 1024
"""Tokens for an answer of a few words: some models think before each of them."""
_SLOW_S = 20.0
_LOOK_UP = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Tells the opening hours of a shop.",
        "parameters": {
            "type": "object",
            "properties": {"shop": {"type": "string"}},
            "required": ["shop"],
            "additionalProperties": False,
        },
    },
}


class Colour(Model):
    """The answer that is asked for by its schema."""

    colour: str


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: State
    result: str
    fix: str = ""


async def examine(settings: Settings, parts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Looks at the endpoint and its models; `parts` has what models play besides what the settings say (`agent`, …)."""
    where = address_of(settings.endpoint.base_url)
    try:
        endpoint = replace(settings.endpoint, patience=Patience(attempts=2, longest_wait_s=20))
        llm = OpenAILLM(endpoint, Prices.load(settings.prices))
    except LLMError as error:
        return [Finding(error.culprit, "fault", error.fault, error.fix)]
    roles = _roles(settings, parts)
    if not roles:
        fix = f"Set {TEXTUAL_MODEL} and, if it is another, {CODING_MODEL}."
        return [Finding("models", "fault", f"none is named for {where}", fix)]
    found = await asyncio.gather(*(_examine_model(llm, model, parts) for model, parts in roles.items()))
    await llm.close()
    return [each for findings in found for each in findings]


def _roles(settings: Settings, parts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What each model is for."""
    roles: dict[str, list[str]] = {}
    for part, model in (("texts", settings.textual_model), ("SQL", settings.coding_model)):
        if model:
            roles.setdefault(model, []).append(part)
    for model, played in parts.items():
        roles.setdefault(model, []).extend(played)
    return roles


async def _examine_model(llm: OpenAILLM, model: str, parts: Sequence[str]) -> list[Finding]:
    name = f"{model} ({', '.join(parts)})"
    try:
        said = await llm.complete(_request(model, "doctor/text", "Answer with one word: which colour is grass?"))
    except LLMError as error:
        return [Finding(name, "fault", error.fault, error.fix)]
    found = [Finding(name, *_answered(said)), _price(llm, name, said)]
    return [*found, await _examine_schema(llm, model, name), await _examine_tools(llm, model, name, "agent" in parts)]


def _answered(said: Completion) -> tuple[State, str, str]:
    other = "" if said.answered_by == said.model else f" by {said.answered_by}"
    result = f"answered{other} in {said.latency_s:.1f} s"
    if said.adjustments:
        result += f"; {', '.join(said.adjustments)}"
    if said.latency_s > _SLOW_S:
        return "note", result, "This is slow; a domain takes a few hundred calls."
    return "good", result, ""


def _price(llm: OpenAILLM, name: str, said: Completion) -> Finding:
    if said.cost is not None:
        return Finding(f"{name}, price", "good", f"known; this answer took {said.tokens} tokens, ${said.cost:.6f}")
    fix = f"For budgets in money, name it in a YAML file and set {PRICES} to that."
    return Finding(f"{name}, price", "note", "unknown, so that only budgets in tokens hold", fix)


async def _examine_schema(llm: OpenAILLM, model: str, name: str) -> Finding:
    subject, prompt = f"{name}, structured output", Prompt("doctor/schema", "Which colour is grass?")
    notes: list[str] = []

    class Listening:
        async def complete(self, request: Request) -> Completion:
            completion = await llm.complete(request)
            notes.extend(completion.adjustments)
            return completion

    try:
        await ask_async(Listening(), prompt, Colour, Asked(model, max_tokens=_ROOM, rounds=0))
    except LLMError as error:
        return Finding(subject, "fault", error.fault, "Use a model, or a server, that can answer in JSON.")
    forms = [note for note in notes if note.startswith("schema")]
    if forms == ["schema put beside a JSON object"]:
        return Finding(subject, "good", "by JSON Schema, beside a JSON object")
    if forms:
        fix = "Answers are validated here and sent back; a server that takes `json_schema` needs fewer calls."
        return Finding(subject, "note", f"the server takes no schemas: {forms[0]}", fix)
    return Finding(subject, "good", "by JSON Schema")


async def _examine_tools(llm: OpenAILLM, model: str, name: str, is_needed: bool) -> Finding:
    subject = f"{name}, tool calls"
    state: State = "fault" if is_needed else "note"
    fix = "It cannot play the agent in conversations; it need not for anything else."
    request = _request(model, "doctor/tools", "When does the shop Corner Books open? Look it up.", tools=(_LOOK_UP,))
    try:
        completion = await llm.complete(request)
    except LLMError as error:
        return Finding(subject, state, error.fault, fix)
    if not completion.tool_calls:
        return Finding(subject, state, "it was to make one, and made none", fix)
    call = completion.tool_calls[0]
    if call.name != "look_up" or not _is_object(call.arguments):
        return Finding(subject, state, f"it made one that nobody can make ({call.name!r})", fix)
    return Finding(subject, "good", "made as asked")


def _request(model: str, prompt: str, text: str, **others: Any) -> Request:
    messages = ({"role": "user", "content": text},)
    return Request(prompt=prompt, model=model, messages=messages, max_tokens=_ROOM, **others)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
