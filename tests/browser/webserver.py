"""Dagster's webserver and daemon for one project folder, and questions to them through GraphQL."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.project import Project
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


_LAUNCH = """
mutation ($set: String!, $names: [String!]!, $config: RunConfigData!, $repository: String!, $location: String!) {
  launchPartitionBackfill(backfillParams: {
    selector: {
      partitionSetName: $set, repositorySelector: { repositoryName: $repository, repositoryLocationName: $location }
    }
    partitionNames: $names
    runConfigData: $config
  }) { __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } }
}"""


class Server:
    """`dg dev` on a free port of loopback."""

    def __init__(self, project: Project, port: int) -> None:
        self.project = project
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL answer."""
        request = urllib.request.Request(
            f"{self.address}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def backfill(self, job: str, partitions: Sequence[str], config: dict[str, Any]) -> str:
        """Launches one of these partitions of a job; its id."""
        launched = self.ask(_LAUNCH, set=f"{job}_partition_set", names=partitions, config=config, **self.location())
        return launched["launchPartitionBackfill"]["backfillId"]

    def location(self) -> dict[str, str]:
        """Where the definitions are, for a query that asks for them."""
        nodes = self.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }")
        node = nodes["repositoriesOrError"]["nodes"][0]
        return {"repository": node["name"], "location": node["location"]["name"]}


def wait_for(what: str, found: Callable[[], Any], seconds: float) -> Any:
    """The first true answer; the test fails when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if answer := found():
                return answer
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"{what}: not within {seconds} s")


@contextmanager
def dagster_server(project: Project, config: Path = ROOT / "dagster_home" / "dagster.yaml") -> Iterator[Server]:
    """A running server with this instance configuration; it and all that it started end with the block."""
    port = free_port()
    home = project.root / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(config.read_text())
    server = Server(project, port)
    command = [str(Path(sys.executable).with_name("dg")), "dev", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**project.environment, "AGENTSKILLER_WEBSERVER_URL": server.address}
    with (project.root / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            wait_for("the webserver", lambda: server.ask("{ version }"), 120)
            wait_for("the code location", lambda: _loaded(server), 120)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _loaded(server: Server) -> bool:
    data = server.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
    return bool(data["repositoriesOrError"].get("nodes"))
