"""`agentskiller doctor`: what it finds, what it says to do, and that it never says the key."""

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agentskiller_assets.cli.doctor import doctor
from tests.llm.kit import KEY, VARIABLE
from tests.llm.server import Answer, ModelServer, refusal

app = typer.Typer()
app.command()(doctor)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "TEXTUAL_MODEL", "CODING_MODEL", "KEY_VARIABLE", "AGENT", "USER", "OFFLINE"):
        monkeypatch.delenv(f"AGENTSKILLER_{name}", raising=False)


def healthy(number: int, body: dict[str, Any]) -> Any:
    if "tools" in body:
        return {"tool_calls": [{"id": "1", "function": {"name": "look_up", "arguments": '{"shop": "Corner Books"}'}}]}
    return '{"colour": "green"}' if "response_format" in body else "Green."


def told(answer: Answer, **settings: str) -> tuple[int, str, ModelServer]:
    """Exit code, what was printed on one line, and the server; settings without their prefix."""
    with ModelServer(answer) as server, pytest.MonkeyPatch.context() as patch:
        named = {"BASE_URL": server.url, "KEY_VARIABLE": VARIABLE, "TEXTUAL_MODEL": "words", **settings}
        for name, value in named.items():
            patch.setenv(f"AGENTSKILLER_{name}", value)
        result = CliRunner().invoke(app, [])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert KEY not in result.output
    return result.exit_code, " ".join(result.output.split()), server


def test_without_any_setting_nothing_is_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert "none is needed: the procedural author makes everything by itself" in result.output


def test_healthy_models_are_asked_three_times_each():
    code, text, server = told(healthy, CODING_MODEL="sql", AGENT="words")
    assert code == 0
    assert f"key {VARIABLE} is set" in text
    for part in ("good words (texts, agent): answered in", "good sql (SQL), structured output: by JSON Schema"):
        assert part in text
    assert "good words (texts, agent), tool calls: made as asked" in text
    assert "note words (texts, agent), price: unknown" in text
    assert text.endswith("nothing at fault")
    assert len(server.requests) == 6
    assert all(body["max_tokens"] <= 1024 for body in server.requests)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusal(401, f"bad key {KEY}"), f"Set {VARIABLE} to a key that this endpoint lets in"),
        (refusal(404, "no such model"), "Check the base URL"),
        (refusal(503, "down"), "did not answer in 2 attempts: status 503: down"),
        ("", "the answer is empty"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(fault, said):
    code, text, server = told(lambda *_: fault)
    assert code == 1
    assert said in text
    assert text.endswith("1 at fault")
    assert len(server.requests) <= 2


def test_what_a_server_or_model_lacks_is_a_note_unless_it_is_needed():
    def plain(number: int, body: dict[str, Any]) -> Any:
        format = body.get("response_format", {})
        if format.get("type") == "json_schema" or "schema" in format:
            return refusal(400, "response_format is not supported")
        return '{"colour": "green"}' if format else "Green."

    code, text, _ = told(plain)
    assert code == 0
    assert "structured output: the server takes no schemas: schema asked for as a JSON object" in text
    assert "tool calls: it was to make one, and made none It cannot play the agent" in text
    code, text, _ = told(plain, AGENT="words")
    assert (code, text.endswith("1 at fault")) == (1, True)
    code, text, _ = told(lambda *_: "Green.")
    assert "structured output: none of 1 answer can be used" in text
    assert code == 1


def test_settings_that_make_no_sense_are_named_and_nothing_is_asked():
    code, text, server = told(healthy, TEXTUAL_MODEL="")
    assert (code, "Set AGENTSKILLER_TEXTUAL_MODEL" in text) == (1, True)
    code, text, _ = told(healthy, BASE_URL="localhost:8000")
    assert (code, "it is no http(s) address" in text) == (1, True)
    code, text, offline = told(healthy, OFFLINE="1")
    assert (code, "nothing is asked now" in text) == (0, True)
    assert len(server.requests) + len(offline.requests) == 0
