"""Any MCP host: the official TypeScript SDK lists and calls the tools, over both transports."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.runtime import input_schema
from tests.scenario import AMELIA, LIBRARY
from tests.serving.kit import POLICY, HttpServer, server_folder

HERE = Path(__file__).parent / "typescript"
CALLS = [
    ["get_book", {"book_id": "BOK-301"}],
    ["authorize_member", AMELIA],
    ["get_book", {"book_id": "BOK-301"}],
    ["borrow_book", {"book_id": "BOK-304"}],
    ["borrow_book", {"book_id": "BOK-305", "days": 90}],
    ["renew_loan", {"loan_id": "LOA-401"}],
]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server_folder(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module", params=["stdio", "http"])
def heard(request: pytest.FixtureRequest, module: Path) -> Iterator[dict[str, Any]]:
    """What the client heard over one transport."""
    install()
    if request.param == "stdio":
        yield converse({"command": sys.executable, "args": ["-P", str(module)]})
        return
    with HttpServer(module) as running:
        yield converse({"url": running.sessions[0]})


def install() -> None:
    """The SDK at its locked version; without Node or the npm registry there is nothing to test with."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are not installed")
    if (HERE / "node_modules" / ".package-lock.json").is_file():  # npm writes it last
        return
    command = ["npm", "ci", "--no-audit", "--no-fund", "--fetch-retries", "5"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip("the TypeScript SDK cannot be installed: npm ci failed")
    assert done.returncode == 0, done.stderr


def converse(wanted: dict[str, Any]) -> dict[str, Any]:
    command = ["node", "client.mjs", json.dumps({**wanted, "calls": CALLS})]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_lists_the_tools_with_their_schemas_and_reads_the_policy(heard: dict[str, Any]) -> None:
    assert {tool["name"]: tool["inputSchema"] for tool in heard["tools"]} == {
        tool.name: input_schema(tool) for tool in LIBRARY.tools
    }
    assert heard["instructions"] == heard["policy"] == POLICY


def test_it_calls_tools_and_is_told_refusals_with_their_codes(heard: dict[str, Any]) -> None:
    results = heard["results"]
    texts = [result["content"][0]["text"] for result in results]
    assert [bool(result.get("isError")) for result in results] == [True, False, False, True, True, False]
    assert texts[0] == "NOT_AUTHORIZED: The caller must be identified first."
    assert results[2]["structuredContent"]["title"] == "The Salt Road"
    assert texts[3] == "REFERENCE_ONLY: Reference books stay in the reading room."
    assert texts[4].startswith("Invalid argument days: ")
    assert results[5]["structuredContent"]["renewals"] == 1
