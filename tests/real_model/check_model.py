"""Client, schemas, feedback, recordings, author and doctor against a real model on a real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import typer
from pydantic import Field
from typer.testing import CliRunner

from agentskiller_assets.authoring.llm.author import LLMAuthor
from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.cli.doctor import doctor
from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import LLMError
from agentskiller_assets.llm import background
from agentskiller_assets.llm.asking import Asked, Prompt, ask
from agentskiller_assets.llm.errors import InvalidAnswerError, TruncatedError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.settings import Settings
from tests.llm.kit import KEY, VARIABLE
from tests.real_model.server import MODEL, serving

HOW = Asked(MODEL, max_tokens=256, rounds=1)


class Shop(Model):
    """An answer with bounds that a server can enforce token by token."""

    name: str = Field(max_length=40)
    kind: Literal["bakery", "library", "pharmacy"]
    opens: Literal["at seven", "at eight", "at nine"]


class Hour(Model):
    """An answer with a bound that this server does not enforce."""

    hour: int = Field(ge=0, le=23)


QUESTION = Prompt("check/shop", "Invent a shop: its name, what kind it is, and the hour at which it opens.")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("model") / "server.log") as found:
        yield found


@pytest.fixture(autouse=True)
def environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    named = {"BASE_URL": url, "KEY_VARIABLE": VARIABLE, "TEXTUAL_MODEL": MODEL, "CODING_MODEL": MODEL}
    for name, value in named.items():
        monkeypatch.setenv(f"AGENTSKILLER_{name}", value)
    for name in ("AGENT", "USER", "OFFLINE"):
        monkeypatch.delenv(f"AGENTSKILLER_{name}", raising=False)


class Counting:
    """The model, and every request that went to it."""

    def __init__(self, llm: LLM) -> None:
        self.requests: list[Request] = []
        self._llm = llm

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        return await self._llm.complete(request)


@pytest.fixture
def llm(tmp_path: Path) -> Counting:
    return Counting(open_llm(Settings.load(), tmp_path))


def _request(text: str, max_tokens: int) -> Request:
    return Request(
        prompt="check/text", model=MODEL, messages=({"role": "user", "content": text},), max_tokens=max_tokens
    )


def test_an_answer_comes_with_its_tokens_and_the_models_name(llm: Counting) -> None:
    answer = background.run(llm.complete(_request("Say hello.", max_tokens=64)))

    assert (answer.content or "").strip()
    assert (answer.answered_by, answer.finish_reason) == (MODEL, "stop")
    assert answer.prompt_tokens > 0
    assert 0 < answer.completion_tokens <= 64


def test_a_structured_answer_keeps_to_its_schema(llm: Counting) -> None:
    found = ask(llm, QUESTION, Shop, HOW)

    assert found.value.kind in ("bakery", "library", "pharmacy")
    assert found.value.opens.startswith("at ")
    assert len(found.call_ids) == len(llm.requests)


def test_what_the_server_does_not_enforce_is_found_here(llm: Counting) -> None:
    """With this model and seed the hour is far out of bounds; another one may be right by itself."""
    try:
        found = ask(llm, Prompt("check/hour", "At what hour do shops open? Answer with a number."), Hour, HOW)
    except InvalidAnswerError as error:
        assert "hour: " in error.fault
        assert len(error.call_ids) == HOW.rounds + 1
    else:
        assert 0 <= found.value.hour <= 23


def test_what_is_wrong_goes_back_and_a_new_answer_comes(llm: Counting) -> None:
    refused: list[str] = []

    def another(shop: Shop) -> list[str]:
        refused.append(shop.name)
        return ["name: this name is taken, invent another one."] if len(refused) == 1 else []

    found = ask(llm, QUESTION, Shop, HOW, another)

    assert found.value.name == refused[-1]
    assert "this name is taken" in llm.requests[-1].messages[-1]["content"]
    assert llm.requests[-1].messages[-2]["role"] == "assistant"


def test_feedback_that_never_helps_ends_with_the_whole_talk(llm: Counting) -> None:
    with pytest.raises(InvalidAnswerError, match="nobody can name a shop so") as caught:
        ask(llm, QUESTION, Shop, HOW, lambda shop: ["name: nobody can name a shop so."])

    assert len(caught.value.call_ids) == len(llm.requests) == HOW.rounds + 1
    assert len(caught.value.transcript) == 2 * (HOW.rounds + 1)


def test_an_answer_that_is_cut_off_is_an_error(llm: Counting) -> None:
    with pytest.raises(TruncatedError):
        background.run(llm.complete(_request("Count from one to one hundred in words.", max_tokens=8)))


def test_what_was_answered_stands_without_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(open_llm(Settings.load(), tmp_path), QUESTION, Shop, HOW)
    monkeypatch.setenv("AGENTSKILLER_BASE_URL", "http://127.0.0.1:9/v1")

    assert ask(open_llm(Settings.load(offline=True), tmp_path), QUESTION, Shop, HOW) == first


def test_the_author_gets_a_sound_domain_or_a_fault_with_a_name(llm: Counting) -> None:
    author = LLMAuthor(llm, Models(MODEL, MODEL, max_tokens=384, rounds=1))

    try:
        (topic,) = author.expand_domains(1, 7)
    except LLMError as error:
        assert "ontology/topic" in error.culprit
        assert error.fault
        assert error.fix
    else:
        assert topic.title
    assert llm.requests


def test_doctor_says_what_the_server_can_do() -> None:
    app = typer.Typer()
    app.command()(doctor)

    result = CliRunner().invoke(app, [])
    text = " ".join(result.output.split())

    assert f"good {MODEL} (texts, SQL): answered in" in text
    assert f"{MODEL} (texts, SQL), structured output: by JSON Schema, beside a JSON object" in text
    assert "tool calls" in text
    assert KEY not in text
