"""Generated servers as processes of their own, on loopback."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.server_module import IMAGE_FILE, SERVER_FILE, write_server_module
from agentskiller_assets.runtime import Environment, Invalid, Ok, Outcome, Refused
from agentskiller_assets.serving.command import ADMIN_TOKEN
from tests.scenario import library

POLICY = "# Lending library\n\nBooks are lent to members.\n"
TOKEN = "an-admin-token-of-the-tests"
Told = tuple[str, Any]
"""What a client is told: `ok` and the result, or `error` and the text."""


def server_folder(folder: Path, environment: Environment | None = None) -> Path:
    """The server module beside its image; the path of the module."""
    environment = environment or library()
    spec: EnvironmentSpec = environment.spec
    (folder / SERVER_FILE).write_text(write_server_module(spec, POLICY), encoding="utf-8")
    (folder / IMAGE_FILE).write_bytes(environment.image)
    return folder / SERVER_FILE


def told(outcome: Outcome) -> Told:
    """What an MCP client is told of an outcome."""
    match outcome:
        case Ok(result):
            return "ok", result
        case Refused(code, statement):
            return "error", f"{code}: {statement}"
        case Invalid(argument, reason):
            return "error", f"Invalid argument {argument}: {reason}"


def heard(result: Any) -> Told:
    """What an MCP client was told by a result."""
    if result.is_error:
        return "error", result.content[0].text
    assert json.loads(result.content[0].text) == result.structured_content
    return "ok", result.structured_content


class HttpServer:
    """`python server.py --transport http` on a free port, for the length of a `with` block."""

    def __init__(self, module: Path, *options: str, token: str | None = TOKEN) -> None:
        self._command = [sys.executable, "-P", str(module), "--transport", "http", "--port", "0", *options]
        self._token = token
        self.sessions: list[str] = []
        """Addresses of the sessions that are open from the start."""
        self.port = 0

    def __enter__(self) -> "HttpServer":
        kept = {name: value for name, value in os.environ.items() if name != ADMIN_TOKEN}
        environment = kept | ({ADMIN_TOKEN: self._token} if self._token else {})
        self.process = subprocess.Popen(
            self._command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr and self.process.stdout
        line = self.process.stderr.readline()
        while line and not line.startswith("admin: "):
            line = self.process.stderr.readline()
        assert line, "the server did not start"
        seeds = self._command.count("--seed-session") or 1
        self.sessions = [self.process.stdout.readline().strip() for _ in range(seeds)]
        self.port = int(self.sessions[0].split(":")[2].split("/")[0])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=30)

    def stop(self) -> int:
        """Ask the server to end, as a service manager does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def url(self, session: str) -> str:
        """Where the agent of a session finds its tools."""
        return f"http://127.0.0.1:{self.port}/sessions/{session}/mcp"

    def request(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and text of one HTTP request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def admin(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        """Status and answer of the operators' path."""
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        status, text = self.request(method, f"/admin/sessions{path}", json.dumps(body) if body else None, headers)
        return status, json.loads(text) if text else None

    def open(self, **wanted: Any) -> str:
        """Name of a new session."""
        status, answer = self.admin("POST", "", wanted)
        assert status == 201, answer
        return answer["session"]

    def call(self, session: str, tool: str, arguments: dict[str, Any]) -> Told:
        """One tool call, as plain JSON-RPC."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        status, text = self.request("POST", f"/sessions/{session}/mcp", json.dumps(message), headers)
        assert status == 200, text
        result = json.loads(text)["result"]
        said = result["content"][0]["text"]
        return ("error", said) if result.get("isError") else ("ok", json.loads(said))
