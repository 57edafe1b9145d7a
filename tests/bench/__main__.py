"""`make bench`: what it costs to plan, to certify and to fork, measured in one run and written as JSON."""

import copy
import hashlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import make_blueprint, make_database, make_policy, open_environment
from agentskiller_assets.environment.models import ServerModule
from agentskiller_assets.ontology.catalog import make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.models import Step, ValidatedTask
from agentskiller_assets.tasks.replay import run

DOMAINS, SEED, NOW = 6, 7, "2026-03-02 09:00:00"
RESULTS = Path(__file__).parents[2] / "docs" / "bench.json"


def main() -> None:
    """Measures, prints and stores."""
    tasks_per_domain = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    domains = {domain: _domain(domain, tasks_per_domain) for domain in _domains()}
    planned = sum(each["certified"] for each in domains.values())
    seconds = sum(each["plan_s"] + each["certify_s"] for each in domains.values())
    results = {
        "machine": _machine(),
        "tasks_per_second_per_core": round(planned / seconds, 1),
        "fork_replay_diff_speedup": _typical(domains, "speedup"),
        "fork_replay_diff_speedup_of_tasks_that_write": _typical(domains, "speedup_of_tasks_that_write"),
        "domains": domains,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


def _typical(domains: dict[str, dict[str, Any]], figure: str) -> float:
    return round(statistics.median(each[figure] for each in domains.values()), 1)


def _domains() -> list[str]:
    return [draft.domain for draft in ProceduralAuthor().expand_domains(DOMAINS, SEED)]


def _domain(domain: str, wanted: int) -> dict[str, Any]:
    author, people = ProceduralAuthor(), make_population(400, SEED)
    topic = make_topic(author, make_catalog(author, DOMAINS, SEED, NOW), domain)
    blueprint = make_blueprint(author, topic, make_entity_graph(author, topic, make_entities(author, topic)))
    rows = make_database(author, topic, blueprint, people, 300)
    graph = make_tool_graph(author, topic, blueprint)
    templates = make_templates(author, topic, blueprint, graph, make_policy(author, topic, blueprint), 12)
    environment = open_environment(rows)
    started = time.perf_counter()
    instances, _ = make_instances(author, topic, graph, rows, _no_server(domain), templates, wanted)
    planned = time.perf_counter()
    tasks = certify(rows, instances)
    done = time.perf_counter()
    return {
        "certified": sum(task.certified for task in tasks),
        "plan_s": round(planned - started, 3),
        "certify_s": round(done - planned, 3),
        **_forks(environment, rows, tasks),
    }


def _forks(environment: Environment, rows: EnvironmentRows, tasks: list[ValidatedTask]) -> dict[str, float]:
    """Fork, gold replay and diff of tasks of all kinds, and of those that write, against a deep copy and a hash of
    the same rows as JSON."""
    everything = [task.instance.steps for task in tasks]
    writing = [task.instance.steps for task in tasks if task.task_kind == "fulfil"]

    def fork_and_replay(golds: list[tuple[Step, ...]]) -> None:
        for steps in golds:
            with environment.fork() as session:
                run(session, steps)
                session.diff()

    def copy_and_hash() -> None:
        hashlib.sha256(json.dumps(copy.deepcopy(rows.rows), sort_keys=True).encode()).hexdigest()

    ours = _median(lambda: fork_and_replay(everything)) / len(everything)
    ours_writing = _median(lambda: fork_and_replay(writing)) / len(writing)
    theirs = _median(copy_and_hash)
    return {
        "fork_replay_diff_us": round(ours * 1e6, 1),
        "deepcopy_hash_us": round(theirs * 1e6, 1),
        "speedup": round(theirs / ours, 1),
        "speedup_of_tasks_that_write": round(theirs / ours_writing, 1),
    }


def _median(function: Callable[[], None], times: int = 9) -> float:
    function()
    measured = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        measured.append(time.perf_counter() - started)
    return statistics.median(measured)


def _no_server(domain: str) -> ServerModule:
    """The planner only names the server as a parent."""
    return ServerModule(
        id=f"server_{domain}",
        domain=domain,
        module="",
        tests="",
        passed=0,
        failed=0,
        failures=(),
        gaps=(),
        mutants=0,
        caught=0,
        survivors=(),
    )


def _machine() -> dict[str, Any]:
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    main()
