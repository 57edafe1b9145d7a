"""What it costs to plan, to certify and to fork."""

import copy
import hashlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import make_blueprint, make_database, make_policy, open_environment
from agentskiller_assets.ontology.catalog import make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.models import Step, ValidatedTask
from agentskiller_assets.tasks.replay import run

DOMAINS, SEED, NOW = 6, 7, "2026-03-02 09:00:00"


def measure(tasks_per_domain: int) -> dict[str, Any]:
    """Certified tasks a second on one core, and sessions against copies of the same rows."""
    domains = {domain: _domain(domain, tasks_per_domain) for domain in _domains()}
    planned = sum(each["certified"] for each in domains.values())
    seconds = sum(each["plan_s"] + each["certify_s"] for each in domains.values())
    return {
        "tasks_per_second_per_core": round(planned / seconds, 1),
        "fork_replay_diff_speedup": _typical(domains, "speedup"),
        "fork_replay_diff_speedup_of_tasks_that_write": _typical(domains, "speedup_of_tasks_that_write"),
        "domains": domains,
    }


def _typical(domains: dict[str, dict[str, Any]], figure: str) -> float:
    return round(statistics.median(each[figure] for each in domains.values()), 1)


def _domains() -> list[str]:
    return [draft.domain for draft in ProceduralAuthor().expand_domains(DOMAINS, SEED)]


def _domain(domain: str, wanted: int) -> dict[str, Any]:
    made = make_domain(domain, wanted)
    return {
        "certified": sum(task.certified for task in made.tasks),
        "plan_s": round(made.plan_s, 3),
        "certify_s": round(made.certify_s, 3),
        **_forks(made.environment, made.rows, made.tasks),
    }


@dataclass(frozen=True)
class Domain:
    """An environment, its tasks, and how many seconds those took."""

    environment: Environment
    rows: EnvironmentRows
    tasks: list[ValidatedTask]
    plan_s: float
    certify_s: float


def make_domain(domain: str, wanted: int) -> Domain:
    """A domain of the demo with so many tasks."""
    author, people = ProceduralAuthor(), make_population(400, SEED)
    topic = make_topic(author, make_catalog(author, DOMAINS, SEED, NOW), domain)
    blueprint = make_blueprint(author, topic, make_entity_graph(author, topic, make_entities(author, topic)))
    rows = make_database(author, topic, blueprint, people, 300)
    graph = make_tool_graph(author, topic, blueprint)
    templates = make_templates(author, topic, blueprint, graph, make_policy(author, topic, blueprint), 12)
    environment = open_environment(rows)
    started = time.perf_counter()
    instances, _ = make_instances(author, topic, graph, rows, f"server_{domain}", templates, wanted)
    planned = time.perf_counter()
    tasks = certify(rows, instances)
    done = time.perf_counter()
    return Domain(environment, rows, tasks, planned - started, done - planned)


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
