"""An author behind real sockets: a server that answers as told, and all that was made of its answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentskiller_assets.authoring.llm.author import LLMAuthor
from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.llm.calls import CALLS, CallStore
from agentskiller_assets.llm.models import Request
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.scripted import ScriptedLLM
from agentskiller_assets.llm.settings import Settings
from tests.llm.kit import VARIABLE
from tests.llm.server import ModelServer

MODELS = Models(textual="writer", coding="coder")

Say = Callable[[str], str | Mapping[str, Any]]
"""From the user's first message and whatever faults came after it to the answer."""


@dataclass(frozen=True)
class Question:
    """What a model is asked."""

    name: str
    prompt: str
    told: str
    """What it was told about its answers so far."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Question":
        """The question in a request's body."""
        messages: list[dict[str, Any]] = list(body["messages"])
        users = [str(message["content"]) for message in messages if message["role"] == "user"]
        prompt, _, earlier = users[0].partition("## Your earlier answer")
        return cls(
            str(body["response_format"]["json_schema"]["name"]), prompt, "\n".join([earlier, *users[1:]]).strip()
        )


Answering = Callable[[Question], str | Mapping[str, Any]]


@contextmanager
def served(answering: Answering) -> Iterator[ModelServer]:
    """A server whose models answer so."""

    def answer(_: int, body: dict[str, Any]) -> str:
        said = answering(Question.of(body))
        return said if isinstance(said, str) else json.dumps(said)

    with ModelServer(answer) as server:
        yield server


def author_at(url: str, root: Path, models: Models = MODELS, offline: bool = False) -> LLMAuthor:
    """An author who asks there and stores calls in this warehouse."""
    settings = Settings.load(base_url=url, key_variable=VARIABLE, textual_model=models.textual, offline=offline)
    return LLMAuthor(open_llm(settings, root), models)


def scripted(answering: Answering, models: Models = MODELS) -> tuple[LLMAuthor, ScriptedLLM]:
    """An author without sockets, and the model that it asks."""

    def script(request: Request) -> str | Mapping[str, Any]:
        name = request.prompt.replace("/", "_")
        return answering(
            Question.of({"messages": request.messages, "response_format": {"json_schema": {"name": name}}})
        )

    llm = ScriptedLLM(script)
    return LLMAuthor(llm, models), llm


def calls_in(root: Path) -> CallStore:
    """The calls of a warehouse."""
    return CallStore(root / CALLS)
