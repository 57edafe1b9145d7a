"""Asks the two models on behalf of an author, and remembers which calls gave which answer."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.words import unprintable
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.errors import LLMError
from agentskiller_assets.llm import asking
from agentskiller_assets.llm.asking import Asked, Prompt, Validator
from agentskiller_assets.llm.errors import InvalidAnswerError
from agentskiller_assets.llm.protocol import LLM

A = TypeVar("A", bound=BaseModel)
R = TypeVar("R")


@dataclass(frozen=True)
class Models:
    """Which models write, and how."""

    textual: str
    coding: str
    temperature: float = 0.7
    """Of the textual model. The coding model takes the likeliest words."""
    max_tokens: int = 8192
    rounds: int = 3
    """How often faults go back to a model, at most."""


@dataclass(frozen=True)
class Written(Generic[R]):
    """What was made of answers, and the calls that they took."""

    value: R
    call_ids: tuple[str, ...]


class Scribe:
    """One author's way to its models. May be used from several threads."""

    def __init__(self, llm: LLM, models: Models) -> None:
        self.models = models
        self._llm = llm
        self._calls: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def ask(self, form: PromptFile[A], prompt: Prompt, seed: int, *validators: Validator) -> Written[A]:
        """An answer that passes all validators. An `LLMError` names the calls in which the whole talk is stored."""
        coding = form.voice == "coding"
        how = Asked(
            model=self.models.coding if coding else self.models.textual,
            temperature=0.0 if coding else self.models.temperature,
            seed=seed,
            max_tokens=self.models.max_tokens,
            rounds=self.models.rounds,
        )
        try:
            answered = asking.ask(self._llm, prompt, form.answer, how, unprintable, *validators)
        except InvalidAnswerError as error:
            raise naming_calls(error) from error
        return Written(answered.value, answered.call_ids)

    def together(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        """The results of tasks that do not depend on each other, in their order."""
        return asking.together(tasks) if tasks else []

    def credit(self, call_ids: Sequence[str], *answers: Any) -> None:
        """Notes that these answers came from these calls."""
        with self._lock:
            for answer in answers:
                self._calls.setdefault(digest(answer), set()).update(call_ids)

    def calls_of(self, *answers: Any) -> tuple[str, ...]:
        """The calls that gave answers equal to these, in the order of their ids."""
        with self._lock:
            return tuple(sorted(set().union(*(self._calls.get(digest(answer), set()) for answer in answers))))


def naming_calls(error: InvalidAnswerError) -> LLMError:
    """The error with the id of its last call, whose request holds everything that was said."""
    last = error.call_ids[-1] if error.call_ids else "none"
    fix = f"{error.fix} Calls: {len(error.call_ids)}, the whole talk is in {last}."
    return InvalidAnswerError(error.culprit, error.fault, fix, error.call_ids, error.transcript)
