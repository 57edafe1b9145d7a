"""How a later wish of a task speaks of a row that an earlier one changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agentskiller_assets.core.seeds import rng
from agentskiller_assets.tasks.attempt import Attempt, Dropped
from agentskiller_assets.tasks.builds import open_world
from agentskiller_assets.tasks.candidates import Candidate
from agentskiller_assets.tasks.models import TaskInstance, TaskTemplate
from agentskiller_assets.tasks.replay import run
from tests.world import clinic

MOVE, CONFIRM = "reschedule_appointment", "confirm_appointment"
FREE = ["2026-03-05 08:00:00", "2026-03-06 08:00:00"]


def test_what_was_moved_is_not_called_by_its_old_time() -> None:
    """Nobody would say: move the appointment of Friday to Monday, then confirm the appointment of Friday."""
    of_the_moved_one = 0
    for instance in _planned(MOVE, CONFIRM):
        moved, confirmed = (step for step in instance.steps if step.purpose == "goal")
        (said,) = (slot for slot in instance.slots if slot.goal == 1)
        if moved.arguments[0] != confirmed.arguments[0]:
            continue

        of_the_moved_one += 1
        assert (said.name, said.text, said.values) == ("appointment", "that appointment", ())
        with clinic().environment.fork() as session:
            assert run(session, instance.steps).ok
    assert of_the_moved_one


def test_what_was_left_as_it_was_is_described() -> None:
    for instance in _planned("rate_doctor", "cancel_appointment"):
        (said,) = (slot for slot in instance.slots if slot.goal == 1)

        assert said.values
        assert said.text != "that appointment"


def test_it_is_named_so_only_if_no_other_of_its_kind_was_spoken_of_since() -> None:
    with _attempt(_template(MOVE, CONFIRM)) as (attempt, (first, second)):
        for appointment, time in zip((first, second), FREE, strict=True):
            attempt.reach(0, _on(attempt.me, appointment, new_starts_at=time))

        with pytest.raises(Dropped, match="no description singles out the row"):
            attempt.reach(1, _on(attempt.me, first))
        attempt.reach(1, _on(attempt.me, second))

    assert attempt.slots[-1].text == "that appointment"


@contextmanager
def _attempt(template: TaskTemplate) -> Iterator[tuple[Attempt, tuple[str, str]]]:
    """An attempt of a patient with two appointments that can be moved, and their keys."""
    world = clinic()
    open_ones = """
        SELECT patient_id, min(appointment_id), max(appointment_id) FROM appointment
        WHERE status = 'scheduled' AND times_moved = 0 AND starts_at > '2026-03-07'
        GROUP BY patient_id HAVING count(*) = 2 ORDER BY patient_id
    """
    at = open_world(world.author, world.domain_topics, world.tool_graphs, world.databases)
    with at.environment.fork() as session:
        me, first, second = session.query(open_ones, {})[0]
        yield Attempt(at, session, template, me, rng(7, "descriptions")), (first, second)


def _on(me: str, appointment: str, **values: str) -> Candidate:
    return Candidate(
        me=me,
        rows=(("appointment", appointment),),
        values=(("appointment_id", appointment), *values.items()),
    )


def _template(*tools: str) -> TaskTemplate:
    return next(
        template for template in clinic().task_templates if tuple(goal.tool for goal in template.goals) == tools
    )


def _planned(*tools: str) -> list[TaskInstance]:
    found = clinic().planned([_template(*tools)], 4)
    assert found
    return found
