"""Starting a server wrongly: one line that says what is wrong, and no server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentskiller_assets.serving.command import ADMIN_TOKEN
from tests.serving.kit import server_folder

INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = server_folder(tmp_path_factory.mktemp("served"))
    (path.parent / "calls.json").write_text('[{"tool": "renew_loan", "arguments": {"loan_id": "LOA-401"}}]')
    (path.parent / "odd.json").write_text('{"tool": 1}')
    return path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seed-session", "a", "--seed-session", "b"], "standard input is one conversation"),
        (["--seed-session", "../a"], "its name has other characters"),
        (["--seed-session", "a=missing.json"], "No such file"),
        (["--seed-session", "a=odd.json"], "odd.json: it holds no list of calls"),
        (["--seed-session", "a=calls.json"], "call 1 (renew_loan) came to {'outcome': 'refused'"),
        (["--max-sessions", "0"], "they leave no session to serve"),
        (["--transport", "carrier-pigeon"], "invalid choice"),
        (["--transport", "http", "--host", "203.0.113.7", "--port", "0"], "cannot assign requested address"),
    ],
)
def test_a_server_that_cannot_be_started_says_why(module: Path, options: list[str], said: str) -> None:
    code, errors = _started(module, options)
    assert code != 0
    assert said in errors
    assert "Traceback" not in errors


def test_a_token_that_could_be_guessed_is_refused_and_not_repeated(module: Path) -> None:
    code, errors = _started(module, ["--transport", "http", "--port", "0"], {ADMIN_TOKEN: "hunter2"})
    assert code == 1
    assert "short enough to be guessed" in errors
    assert "hunter2" not in errors


def test_a_line_that_is_no_message_is_answered_and_logged_and_the_conversation_goes_on(module: Path) -> None:
    deep = f'{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"cursor":{"[" * 300}{"]" * 300}}}}}'
    lines = ["not json", '{"id": "\\ud800"}', deep, "", "[]", INITIALIZE]
    done = _talk(module, "".join(f"{line}\n" for line in lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["id"], each.get("error", {}).get("code")) for each in answers] == [
        (None, -32700),
        (None, -32700),
        (None, -32700),
        (None, -32600),
        (7, None),
    ]
    assert done.stderr.splitlines() == [
        "A line of standard input was refused: Invalid JSON: expected ident at line 1 column 2",
        "A line of standard input was refused: Invalid JSON: unexpected end of hex escape at line 1 column 15",
        "A line of standard input was refused: Invalid JSON: recursion limit exceeded at line 1 column 265",
        "A line of standard input was refused: This is no JSON-RPC message.",
    ]


def _talk(module: Path, said: str) -> subprocess.CompletedProcess[str]:
    """One conversation over standard input and output, which ends when all is said."""
    command = [sys.executable, "-P", module.name]
    return subprocess.run(
        command, cwd=module.parent, input=said, capture_output=True, text=True, timeout=60, check=True
    )


def _started(module: Path, options: list[str], extra: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-P", module.name, *options],
        cwd=module.parent,
        env={**os.environ, **(extra or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr
