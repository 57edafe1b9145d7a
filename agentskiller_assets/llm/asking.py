"""Asking for an answer of a certain form: validated, told what is wrong with it, and failing clearly in the end."""

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import jsonschema_rs
from pydantic import BaseModel, ValidationError

from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.llm import background
from agentskiller_assets.llm.errors import (
    InvalidAnswerError,
    JSONAnswerError,
    LLMError,
    TruncatedError,
    shortened,
)
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.parsing import parse_json
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.structured import answer_schema

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

Validator = Callable[[Any], Iterable[str]]
"""What is wrong with an answer, each fault as a sentence that the model can act on. May raise `AgentSkillerError`s."""

_MOST_FAULTS = 20
"""Told in one round."""
_MOST_PARTS = 3
"""Of an answer that was cut off."""
_TELLING = "Your answer cannot be used:\n{faults}\n\nAnswer again with the whole JSON object, and nothing else."
_GO_ON = "You were cut off. Go on exactly where you stopped, with the very next character, and repeat nothing."


@dataclass(frozen=True)
class Prompt:
    """What is asked, and the name it has in errors and views."""

    name: str
    user: str
    system: str = ""
    asset: str | None = None
    """What it is asked for, whoever asks."""
    partition: str | None = None

    def messages(self) -> list[dict[str, Any]]:
        """In OpenAI's form."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.user}]


@dataclass(frozen=True)
class Asked:
    """Whom to ask, and how."""

    model: str
    temperature: float = 0.0
    seed: int | None = None
    max_tokens: int = 8192
    rounds: int = 3
    """How often faults go back to the model, at most."""


@dataclass(frozen=True)
class Answered(Generic[T]):
    """An answer that passed every validator, and the calls that it took, in their order."""

    value: T
    call_ids: tuple[str, ...]


def ask(llm: LLM, prompt: Prompt, answer: type[T], how: Asked, *validators: Validator) -> Answered[T]:
    """An answer of this form, for code that is not async. Validators run in the caller's thread.

    `InvalidAnswerError` with the whole transcript after as many rounds as allowed, and any `LLMError` of a call.
    """
    talk = _talk(prompt, answer, how, validators)
    try:
        request = next(talk)
        while True:
            try:
                completion = background.run(llm.complete(request))
            except LLMError as error:
                request = talk.throw(error)
            else:
                request = talk.send(completion)
    except StopIteration as end:
        return end.value


async def ask_async(llm: LLM, prompt: Prompt, answer: type[T], how: Asked, *validators: Validator) -> Answered[T]:
    """As `ask`, for code that is async."""
    talk = _talk(prompt, answer, how, validators)
    try:
        request = next(talk)
        while True:
            try:
                completion = await llm.complete(request)
            except LLMError as error:
                request = talk.throw(error)
            else:
                request = talk.send(completion)
    except StopIteration as end:
        return end.value


def together(tasks: Sequence[Callable[[], R]], at_once: int = 32) -> list[R]:
    """The results of all tasks, in their order, several under way at a time; the first error once all have ended."""
    with ThreadPoolExecutor(max_workers=max(1, min(at_once, len(tasks))), thread_name_prefix="asking") as pool:
        futures = [pool.submit(task) for task in tasks]
    return [future.result() for future in futures]


@dataclass
class _Transcript:
    """The messages so far, and the calls that they took."""

    prompt: Prompt
    how: Asked
    schema: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)
    call_ids: list[str] = field(default_factory=list)

    def request(self, extra: Sequence[dict[str, Any]] = (), structured: bool = True) -> Request:
        """The next question, with messages after those that stay."""
        return Request(
            prompt=self.prompt.name,
            model=self.how.model,
            messages=(*self.messages, *extra),
            response_schema=self.schema if structured else None,
            schema_name=_plain_name(self.prompt.name),
            temperature=self.how.temperature,
            seed=self.how.seed,
            max_tokens=self.how.max_tokens,
            asset=self.prompt.asset,
            partition=self.prompt.partition,
        )

    def marked(self, error: LLMError) -> LLMError:
        """The error with all calls that led to it, and what was said."""
        error.call_ids = tuple(self.call_ids)
        error.transcript = tuple(self.messages)
        return error


_Talk = Generator[Request, Completion, Any]


def _talk(prompt: Prompt, answer: type[T], how: Asked, validators: Sequence[Validator]) -> _Talk:
    """Requests out, completions in, until an answer holds."""
    so_far = _Transcript(prompt, how, answer_schema(answer), prompt.messages())
    faults: list[str] = []
    for _ in range(how.rounds + 1):
        text = yield from _whole_answer(so_far)
        value, faults = _checked(text, answer, so_far.schema, validators)
        so_far.messages.append({"role": "assistant", "content": text})
        if value is not None and not faults:
            return Answered(value, tuple(so_far.call_ids))
        so_far.messages.append({"role": "user", "content": _TELLING.format(faults=_listed(faults))})
    culprit, often = so_far.request().culprit, "1 answer" if not how.rounds else f"{how.rounds + 1} answers"
    fault = f"none of {often} can be used; the last one: {shortened('; '.join(faults[:3]))}"
    fix = "Use a stronger model or another seed, or allow more rounds; the transcript says what was tried."
    raise InvalidAnswerError(culprit, fault, fix, so_far.call_ids, so_far.messages[:-1])


def _whole_answer(so_far: _Transcript) -> Generator[Request, Completion, str]:
    """The text of an answer; one that was cut off goes on where it stopped, and is joined as it came."""
    parts: list[str] = []
    request, cut_off = so_far.request(), None
    while True:
        try:
            completion = yield request
        except TruncatedError as error:
            so_far.call_ids.append(error.completion.call_id)
            parts.append(error.completion.content or "")
            if not parts[-1] or len(parts) == _MOST_PARTS:
                raise so_far.marked(error) from None
            said = [{"role": "assistant", "content": "".join(parts)}, {"role": "user", "content": _GO_ON}]
            # without the schema, which would make the model begin anew
            request, cut_off = so_far.request(said, structured=False), error
        except LLMError as error:
            so_far.call_ids.extend(error.call_ids)
            raise so_far.marked(error) from None
        else:
            so_far.call_ids.append(completion.call_id)
            text = "".join([*parts, completion.content or ""])
            if cut_off is not None and not _is_json(text):
                raise so_far.marked(cut_off)
            return text


def _checked(
    text: str, answer: type[T], schema: dict[str, Any], validators: Sequence[Validator]
) -> tuple[T | None, list[str]]:
    """The value of a text, and what is wrong with it."""
    try:
        found = parse_json(text)
    except JSONAnswerError as error:
        return None, [f"{error.fault}."]
    faults = _schema_faults(found, schema)
    if faults:
        return None, faults
    try:
        value = answer.model_validate_json(json.dumps(found))
    except ValidationError as error:
        return None, [f"{_place(each['loc'])}: {each['msg']}." for each in error.errors()]
    for validator in validators:
        try:
            faults = list(validator(value))
        except AgentSkillerError as error:
            faults = [str(error)]
        if faults:
            return value, faults
    return value, []


def _schema_faults(found: Any, schema: dict[str, Any]) -> list[str]:
    validator = jsonschema_rs.validator_for(schema)
    return [f"{_place(error.instance_path)}: {error.message}." for error in validator.iter_errors(found)]


def _place(path: Sequence[Any]) -> str:
    return ".".join(map(str, path)) or "the whole"


def _listed(faults: Sequence[str]) -> str:
    shown = [f"- {shortened(fault)}" for fault in faults[:_MOST_FAULTS]]
    rest = len(faults) - len(shown)
    return "\n".join([*shown, f"- and {rest} more"] if rest else shown)


def _is_json(text: str) -> bool:
    try:
        parse_json(text)
    except JSONAnswerError:
        return False
    return True


def _plain_name(name: str) -> str:
    """A name that every server takes for a schema: letters, digits, `_` and `-`."""
    return "".join(char if char.isalnum() and char.isascii() else "_" for char in name)[:64] or "answer"
