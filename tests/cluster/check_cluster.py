"""Several machines: workers with folders of their own, Celery between them, Postgres and an S3 store behind them.

Not part of the tests, since it installs seven of Debian's packages; `make test-cluster` runs it.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentskiller_assets.registry import read_registry
from tests.bench.backfill import launch
from tests.browser.webserver import Server, dagster_server, wait_for
from tests.cli.project import Project
from tests.cluster.services import missing_packages, process, services

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "dagster_home" / "cluster" / "dagster.yaml"
DOMAINS, PAIRS, TASKS = 4, 2, 30
_DOMAIN_TASKS = {"ops": {"instance_combos": {"config": {"tasks_per_domain": TASKS}}}}
_PAIR_TASKS = {"ops": {"fused_instance_combos": {"config": {"tasks_per_pair": TASKS}}}}
_MINUTES = 60.0


@dataclass(frozen=True)
class Cluster:
    """The machine with the webserver and the daemon, and what the others find the services by."""

    control: Project
    environment: dict[str, str]
    folder: Path

    def machine(self, name: str) -> Project:
        """Another machine: its own warehouse and its own DAGSTER_HOME, with nothing in them."""
        made = Project(self.folder / name, self.environment)
        home = made.root / "dagster_home"
        home.mkdir(parents=True, exist_ok=True)
        (home / "dagster.yaml").write_text(CONFIG.read_text())
        return made

    @contextmanager
    def worker(self, name: str) -> Iterator[int]:
        """The pid of a Celery worker that makes one run at a time."""
        machine = self.machine(name)
        app = ["-m", "celery", "-A", "agentskiller_assets.launching.celery_worker", "worker", "-Q", "dagster"]
        options = ["--concurrency", "1", "-n", f"{name}@%h", "--loglevel", "INFO"]
        with process(
            [sys.executable, *app, *options], machine.root / "worker.log", environment=machine.environment, cwd=ROOT
        ) as running:
            yield running.pid


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if missing := missing_packages():
        pytest.fail(f"install first: apt-get install {' '.join(missing)}")
    folder = tmp_path_factory.mktemp("cluster")
    with services(folder) as environment:
        yield Cluster(Cluster(Project(folder), environment, folder).machine("control"), environment, folder)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same domains and pairs, made by one process on one machine with nothing of all this."""
    made = Project(tmp_path_factory.mktemp("quiet"))
    made.run("domains", "expand", "--count", str(DOMAINS), "--pairs", str(PAIRS))
    wanted = ("--count", str(DOMAINS), "--pairs", str(PAIRS))
    made.run("run", *wanted, "--tasks-per-domain", str(TASKS), "--tasks-per-pair", str(TASKS), seconds=900)
    return made


def test_two_workers_make_what_one_machine_makes_though_a_run_is_killed(cluster: Cluster, quiet: Project) -> None:
    control = cluster.control
    control.run("domains", "expand", "--count", str(DOMAINS), "--pairs", str(PAIRS))
    with ExitStack() as stack:
        one = stack.enter_context(cluster.worker("one"))
        stack.enter_context(cluster.worker("two"))
        server = stack.enter_context(dagster_server(control, CONFIG))
        launch(server, "domain_pipeline", "queries", DOMAINS, _DOMAIN_TASKS)
        wait_for("a run on the first worker", lambda: _kill_run_of(one), 3 * _MINUTES)
        _wait_until_made(control, "evaluations", DOMAINS)
        launch(server, "fusion", "fused_queries", PAIRS, _PAIR_TASKS)
        _wait_until_made(control, "fused_evaluations", PAIRS)
        _wait_until_idle(server)
    for name in ("one", "two"):
        assert "execute_job" in (cluster.folder / name / "worker.log").read_text(), f"{name} has made no run"
    assert _versions(control, fetched=True) == _versions(quiet)
    printed = control.run("verify", seconds=600)
    assert len(re.findall(r"tasks certified again, 0 faults", printed)) == DOMAINS + PAIRS


def test_a_new_machine_fetches_everything_and_holds_no_key_in_what_it_stores(cluster: Cluster) -> None:
    reader = cluster.machine("reader")
    assert re.search(r"^\d\d+ materializations of \d+ domains", reader.run("fetch"))
    count = reader.run("sql", "SELECT count(*) AS n FROM fused_queries", "--format", "json")
    assert int(re.findall(r"\d+", count)[0]) > 0
    assert read_registry(reader.warehouse) == read_registry(cluster.control.warehouse)
    stored = [path for path in reader.warehouse.rglob("*") if path.is_file()]
    assert stored
    secret = cluster.environment["AWS_SECRET_ACCESS_KEY"].encode()
    assert not [path for path in stored if b'"' + secret + b'"' in path.read_bytes()]


def _kill_run_of(worker: int) -> bool:
    """Kills the process in which the worker makes a run, some seconds after it has begun."""
    log = Path(f"/proc/{worker}/task/{worker}/children")
    busy = [pid for pid in map(int, log.read_text().split()) if _is_running_steps(pid)]
    for pid in busy:
        time.sleep(3)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def _is_running_steps(pid: int) -> bool:
    """Whether it has opened the sandbox that servers are proved in: it is in the middle of a run."""
    with suppress(OSError):
        return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return False


def _wait_until_made(control: Project, asset: str, count: int) -> None:
    wait_for(f"{count} partitions of {asset}", lambda: _stored(control, asset) >= count, 10 * _MINUTES)


def _stored(control: Project, asset: str) -> int:
    """How many partitions of an asset are in the store."""
    code = (
        "import sys; from pathlib import Path; from resources.storage.warehouse import Warehouse, default_root;"
        "print(len(Warehouse(default_root()).partitions_of(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, asset],
        env=control.environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return int(done.stdout)


def _wait_until_idle(server: Server) -> None:
    query = "{ runsOrError(filter: { statuses: [QUEUED, STARTING, STARTED] }) { ... on Runs { results { id } } } }"
    wait_for("the end of all runs", lambda: not server.ask(query)["runsOrError"]["results"], 5 * _MINUTES)


def _versions(project: Project, *, fetched: bool = False) -> dict[str, str]:
    """Data versions of everything of domains and pairs."""
    if fetched:
        project.run("fetch")
    lines = [line.split() for line in project.run("digests").splitlines()]
    return {name: version for version, name in (line for line in lines if len(line) == 2) if "/" in name}
