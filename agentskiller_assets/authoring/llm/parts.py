"""A whole that is written in parts: asked at once, put together, and each told what is wrong with it in the whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from agentskiller_assets.authoring.llm.prompting import PromptFile, again
from agentskiller_assets.authoring.llm.scribe import Scribe, Written, naming_calls
from agentskiller_assets.errors import LLMError
from agentskiller_assets.llm.asking import Prompt, Validator
from agentskiller_assets.llm.errors import InvalidAnswerError, shortened

A = TypeVar("A", bound=BaseModel)

Faults = Mapping[str, Sequence[str]]
"""For each part at fault, what is wrong with it; a name that no part has stands for all the rest."""
Judge = Callable[[dict[str, Any]], Faults]


@dataclass(frozen=True)
class Part(Generic[A]):
    """One question, and what its answer is held to by itself."""

    form: PromptFile[A]
    prompt: Prompt
    validators: tuple[Validator, ...] = ()


def write_parts(
    scribe: Scribe,
    parts: Mapping[str, Part[Any]],
    seed: int,
    whole: Judge,
    wishes: Judge = lambda _: {},
) -> Written[dict[str, Any]]:
    """Answers to all parts, by name, with which `whole` finds no fault.

    Only parts at fault are asked again, at most as often as a single answer would be; then `InvalidAnswerError`.
    What `wishes` finds wrong is told as well, and what is left of it in the end is accepted.
    """
    answers = _ask(scribe, parts, seed)
    call_ids = [call for each in answers.values() for call in each.call_ids]
    accepted: dict[str, Any] | None = None
    faults: Faults = {}
    for left in range(scribe.models.rounds, -1, -1):
        values = {name: each.value for name, each in answers.items()}
        faults = whole(values)
        if not faults:
            accepted, faults = values, _known(wishes(values), parts)
        if not faults or not left or not faults.keys() <= parts.keys():
            break
        again_to = {name: _mended(parts[name], answers[name].value, told) for name, told in faults.items()}
        mended = _ask(scribe, again_to, seed)
        call_ids += [call for each in mended.values() for call in each.call_ids]
        answers |= mended
    if accepted is None:
        raise _given_up(parts, faults, answers, call_ids)
    return Written(accepted, tuple(call_ids))


def _known(faults: Faults, parts: Mapping[str, Part[Any]]) -> Faults:
    return {name: found for name, found in faults.items() if name in parts}


def _mended(part: Part[A], answer: A, faults: Sequence[str]) -> Part[A]:
    return Part(part.form, again(part.prompt, answer, list(faults)), part.validators)


def _ask(scribe: Scribe, parts: Mapping[str, Part[Any]], seed: int) -> dict[str, Written[Any]]:
    tasks = [partial(scribe.ask, each.form, each.prompt, seed, *each.validators) for each in parts.values()]
    return dict(zip(parts, scribe.together(tasks), strict=True))


def _given_up(
    parts: Mapping[str, Part[Any]], faults: Faults, answers: Mapping[str, Written[Any]], call_ids: Sequence[str]
) -> LLMError:
    name = next((name for name in faults if name in parts), next(iter(parts)))
    told = "; ".join(f"{part}: {found[0]}" for part, found in faults.items())
    prompt = parts[name].prompt
    culprit = f"prompt {prompt.name!r} of {prompt.asset}[{prompt.partition}]"
    fix = "Use a stronger model or another seed, or allow more rounds."
    # the last call is one about a part at fault
    calls = (*call_ids, *answers[name].call_ids)
    fault = f"what was written in parts does not fit together: {shortened(told)}"
    return naming_calls(InvalidAnswerError(culprit, fault, fix, calls, ()))
