"""Planned instances: the calls they need and no others, each accepted by a live session."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.runtime import Ok, Refused
from agentskiller_assets.tasks.models import TaskInstance
from agentskiller_assets.tasks.replay import run
from tests.world import INSTANCES, SEED, clinic

FINGERPRINT = """
from agentskiller_assets.core.canonical import digest
from tests.world import clinic
world = clinic()
print(digest([world.blueprints, world.databases, world.policies, world.validated_tasks, world.queries]))
"""


@pytest.mark.parametrize("position", range(INSTANCES))
def test_every_gold_step_is_ok_with_the_very_arguments_that_were_planned(position: int) -> None:
    instance = clinic().instance_combos[position]

    with clinic().environment.fork() as session:
        outcomes = [session.call(step.tool, step.values()) for step in instance.steps]

    assert [type(outcome) for outcome in outcomes] == [Ok] * len(instance.steps)


@pytest.mark.parametrize("position", range(INSTANCES))
def test_no_lookup_is_redundant(position: int) -> None:
    """Without a lookup, a later call cannot be made for want of a value. A lookup in vain is the point of its task."""
    instance = clinic().instance_combos[position]
    steps = (*instance.steps, *([instance.probe] if instance.probe else []))
    lookups = [i for i, step in enumerate(instance.steps) if step.purpose == "lookup"]
    if instance.task_kind == "insufficient":
        assert lookups in ([], [len(instance.steps) - 1])
        return

    with clinic().environment.fork() as session:
        for dropped in lookups:
            replay = run(session, steps, [i for i in range(len(steps)) if i != dropped])
            assert str(replay.stopped).endswith(f": step {dropped} has not been made")


def test_a_refused_request_violates_exactly_one_rule() -> None:
    for instance in _refusals():
        probe, code = instance.probe, instance.refusal
        assert probe is not None and code is not None
        statement = next(r.statement for r in clinic().spec.tool(probe.tool).refusals if r.code == code)

        with clinic().environment.fork() as session:
            assert run(session, instance.steps).ok
            assert session.call(probe.tool, probe.values()) == Refused(code, statement)
            assert not any(session.diff().values())
        with clinic().environment.without_rule(code).fork() as session:
            assert run(session, instance.steps).ok
            assert isinstance(session.call(probe.tool, probe.values()), Ok)


def test_refused_requests_violate_many_different_rules() -> None:
    assert len({instance.refusal for instance in _refusals()}) == len(_refusals()) >= 8


def test_all_kinds_of_task_take_turns() -> None:
    assert {instance.task_kind for instance in clinic().instance_combos[:4]} == {
        "fulfil",
        "inform",
        "refuse",
        "insufficient",
    }
    assert [instance.position for instance in clinic().instance_combos] == list(range(INSTANCES))


def test_customers_are_spread_over_the_tasks() -> None:
    assert max(Counter(instance.me for instance in clinic().instance_combos).values()) <= 4


def test_an_instance_descends_from_its_template_its_rows_the_server_and_the_database() -> None:
    templates = {template.id for template in clinic().task_templates}
    keys = {
        f"row:clinic_appointments.{table.name}.{row[table.key]}"
        for table in clinic().spec.tables
        for row in clinic().databases.rows[table.name]
    }
    for instance in clinic().instance_combos:
        template, *rows, server, database = instance.parents
        assert template == instance.template in templates
        assert (server, database) == (clinic().mcp_servers.id, clinic().databases.id)
        assert set(rows) <= keys
        me = f"row:clinic_appointments.patient.{instance.me}"
        assert {f"row:clinic_appointments.person.{instance.person}", me} <= set(rows)


def test_every_template_of_a_chosen_few_gets_its_instance() -> None:
    world = clinic()
    chosen = [template for template in world.task_templates if template.task_kind == "inform"][:3]

    found = world.planned(chosen, len(chosen))

    assert sorted(instance.template for instance in found) == sorted(template.id for template in chosen)
    with world.environment.fork() as session:
        assert all(run(session, instance.steps).ok for instance in found)


def test_another_seed_gives_other_tasks_of_the_same_domain() -> None:
    ours, theirs = clinic().validated_tasks, clinic(SEED + 1).validated_tasks

    assert {task.id for task in ours}.isdisjoint(task.id for task in theirs)
    assert {task.domain for task in (*ours, *theirs)} == {"clinic_appointments"}


def test_two_processes_give_the_same_records() -> None:
    world = clinic()
    ours = digest([world.blueprints, world.databases, world.policies, world.validated_tasks, world.queries])
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}

    theirs = subprocess.run(
        [sys.executable, "-c", FINGERPRINT], env=environment, capture_output=True, text=True, check=True, timeout=120
    )

    assert theirs.stdout.strip() == ours


def _refusals() -> list[TaskInstance]:
    return [instance for instance in clinic().instance_combos if instance.task_kind == "refuse"]
