"""Mutants: every wrong way to do a task is tried, and gets nothing."""

from typing import Any

import pytest

from agentskiller_assets.core.spec import Parameter
from agentskiller_assets.runtime import Ok
from agentskiller_assets.tasks.extra_writes import ExtraWrites
from agentskiller_assets.tasks.models import Mutant
from agentskiller_assets.tasks.mutants import other_value, variants
from agentskiller_assets.tasks.replay import run
from tests.tasks.altering import instance_that_calls, writes
from tests.world import clinic

BOOK = "book_appointment"


def _faults(kind: str) -> set[str]:
    return {mutant.fault for task in clinic().validated_tasks if task.task_kind == kind for mutant in _of(task)}


def _of(task: Any) -> tuple[Mutant, ...]:
    return task.certificate.mutants


def test_a_task_is_spoilt_in_every_way_that_applies_to_its_kind() -> None:
    every = {"altered argument", "extra write", "swapped steps"}

    assert {kind: _faults(kind) for kind in ("fulfil", "inform", "refuse", "insufficient")} == {
        "fulfil": every | {"dropped write"},
        "inform": every | {"told nothing"},
        "refuse": every | {"told nothing", "wrong reason"},
        "insufficient": every | {"told nothing"},
    }


def test_every_write_is_dropped_once_and_every_value_of_the_user_is_altered_once() -> None:
    for task in clinic().validated_tasks:
        details = [(mutant.fault, mutant.detail) for mutant in _of(task)]
        written = [("dropped write", step.tool) for step in writes(task.instance)]
        given = [
            ("altered argument", f"{step.tool}.{argument.name}")
            for step in task.instance.steps
            for argument in step.arguments
            if argument.source.step is None
        ]
        tried = [detail for detail in details if detail[0] in ("dropped write", "altered argument")]
        assert sorted(tried) == sorted([*written, *given])


def test_no_mutant_of_any_task_scores() -> None:
    scoring = [(task.id, m.fault, m.detail) for task in clinic().validated_tasks for m in _of(task) if m.score > 0]

    assert scoring == []


def test_a_variant_differs_from_gold_in_its_fault_alone() -> None:
    instance = instance_that_calls(BOOK)
    everything = tuple(range(len(instance.steps)))
    for variant in variants(clinic().spec, instance):
        changed = [i for i in everything if variant.steps[i] != instance.steps[i]]
        match variant.fault:
            case "dropped write":
                assert changed == []
                assert [i for i in everything if i not in variant.order] == [everything[-1]]
            case "altered argument":
                tool, _, name = variant.detail.partition(".")
                assert variant.order == everything
                assert [instance.steps[i].tool for i in changed] == [tool]
                before, after = instance.steps[changed[0]].values(), variant.steps[changed[0]].values()
                assert [key for key in before if before[key] != after[key]] == [name]
            case _:
                assert variant.fault == "swapped steps"
                assert changed == []
                assert sorted(variant.order) == list(everything)
                assert sum(a != b for a, b in zip(variant.order, everything, strict=True)) == 2


def test_a_swapped_step_cannot_be_made_before_what_it_depends_on() -> None:
    instance = instance_that_calls(BOOK)
    swapped = [variant for variant in variants(clinic().spec, instance) if variant.fault == "swapped steps"]

    with clinic().environment.fork() as session:
        assert swapped
        assert not any(run(session, variant.steps, variant.order).ok for variant in swapped)


def test_an_extra_write_is_one_that_the_service_accepts() -> None:
    extra = ExtraWrites(clinic().spec)
    with clinic().environment.fork() as session:
        for instance in clinic().instance_combos:
            run(session, instance.steps)
            before = session.digest()
            made = extra.make(session)
            assert made is not None
            assert session.digest() != before


@pytest.mark.parametrize(
    ("fields", "value", "other"),
    [
        ({"type": "enum", "values": ("red", "green", "blue")}, "green", "blue"),
        ({"type": "enum", "values": ("red", "green", "blue")}, "blue", "red"),
        ({"type": "boolean"}, True, False),
        ({"type": "integer", "maximum": 5}, 4, 5),
        ({"type": "integer", "maximum": 5}, 5, 4),
        ({"type": "money"}, 19.5, 20.5),
        ({"type": "date"}, "2026-02-28", "2026-03-01"),
        ({"type": "datetime"}, "2026-12-31 10:30:00", "2027-01-01 10:30:00"),
        ({"type": "email"}, "a@example.org", "xa@example.org"),
        ({"type": "phone"}, "212-555-0019", "212-555-0010"),
        ({"type": "text", "maximum": 4}, "worn", "worx"),
        ({"type": "text"}, "box", "boy"),
    ],
)
def test_another_value_is_as_valid_as_the_right_one(fields: dict[str, Any], value: Any, other: Any) -> None:
    parameter = Parameter.model_validate({"name": "it", "description": "It.", **fields})

    assert other_value(parameter, value) == other


def test_altered_arguments_are_accepted_by_the_schema_so_that_the_state_decides() -> None:
    instance = instance_that_calls(BOOK)
    step = instance.steps[-1]
    with clinic().environment.fork() as session:
        replay = run(session, instance.steps[:-1])
        assert replay.ok
        for argument in step.arguments:
            parameter = clinic().spec.tool(BOOK).parameter(argument.name)
            if argument.source.step is not None or parameter is None or parameter.type != "text":
                continue
            altered = {**step.values(), argument.name: other_value(parameter, argument.value)}
            assert isinstance(session.call(BOOK, altered), Ok)
