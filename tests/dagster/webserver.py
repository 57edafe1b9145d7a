"""`dg dev` on a temporary instance (webserver, daemon and code server, as `make ui` starts them), and its GraphQL."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dagster.instance import TemporaryInstance
from tests.dagster.small import ROOT, eventually

LOCATION, REPOSITORY = "agentskiller_assets", "__repository__"
_START_SECONDS, _STOP_SECONDS, _ANSWER_SECONDS = 180, 40, 60
_LOADED = "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"


@dataclass(frozen=True)
class Server:
    """A running webserver with its daemon."""

    address: str
    log: Path

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data that answers a GraphQL query."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def answers(self) -> bool:
        """Whether it is there, with its definitions loaded."""
        try:
            entries = self.ask(_LOADED)["workspaceOrError"]["locationEntries"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return [(entry["locationOrLoadError"] or {}).get("__typename") for entry in entries] == ["RepositoryLocation"]


@contextmanager
def running(place: TemporaryInstance, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Starts webserver and daemon on a free port, and stops them at the end."""
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", place.folder / "server.log")
    command = [str(Path(sys.executable).with_name("dg")), "dev", "-w", str(ROOT / "workspace.yaml")]
    environment = {**place.environment, "AGENTSKILLER_WEBSERVER_URL": server.address, **(settings or {})}
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=place.folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        eventually("the webserver answers", lambda: _alive(process, server) and server.answers(), _START_SECONDS)
        yield server
    finally:
        _stop(process)


def _alive(process: subprocess.Popen[bytes], server: Server) -> bool:
    assert process.poll() is None, server.log.read_text("utf-8", errors="replace")[-3000:]
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
