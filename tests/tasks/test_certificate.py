"""Certificates: complete for every emitted task, and a reason for whatever is wrong with an instance."""

import pytest

from agentskiller_assets.errors import PlanningError
from agentskiller_assets.tasks.builds import certify
from agentskiller_assets.tasks.models import Source, TaskInstance
from agentskiller_assets.tasks.replay import run
from tests.tasks.altering import certified, instance_that_calls, with_argument, with_doctors
from tests.world import INSTANCES, clinic

BOOK = "book_appointment"
NOT_OK = "a gold step is not Ok"
UNKNOWN = "a needed value is unknown"
MADE_UP = "a value of the instruction does not exist"
AMBIGUOUS = "the described row is not unique"


def _booking() -> tuple[TaskInstance, int]:
    """A task to book an appointment with a doctor who has been looked up, and the step that books."""
    instance = instance_that_calls(BOOK)
    return instance, next(i for i, step in enumerate(instance.steps) if step.tool == BOOK)


def _lookup(instance: TaskInstance, step: int) -> Source:
    """Where the key of the step comes from."""
    return next(a.source for a in instance.steps[step].arguments if a.source.step is not None)


def _without_slot(instance: TaskInstance, name: str) -> TaskInstance:
    return instance.model_copy(update={"slots": tuple(slot for slot in instance.slots if slot.name != name)})


@pytest.mark.parametrize("position", range(INSTANCES))
def test_every_task_has_a_complete_certificate(position: int) -> None:
    task = clinic().validated_tasks[position]
    proof = task.certificate

    assert (task.rejection, proof.faults()) == (None, [])
    assert (proof.gold_ok, proof.replays_equal, proof.state_as_meant, proof.noop_score) == (True, True, True, 0.0)
    assert (proof.values_known, proof.values_exist, proof.row_unique) == (True, True, True)
    refuses = True if task.task_kind == "refuse" else None
    assert (proof.probe_refused, proof.probe_allowed_without_rule) == (refuses, refuses)
    assert {mutant.score for mutant in proof.mutants} == {0.0}


def test_the_gold_digest_is_that_of_the_state_after_the_steps() -> None:
    with clinic().environment.fork() as session:
        unchanged = session.digest()
        for task in clinic().validated_tasks:
            run(session, task.instance.steps)
            assert task.gold_digest == session.digest()
            assert (task.gold_digest == unchanged) == (task.task_kind != "fulfil")


def test_a_task_descends_from_its_instance_and_knows_its_environment() -> None:
    for task, instance in zip(clinic().validated_tasks, clinic().instance_combos, strict=True):
        assert task.parents == (instance.id,)
        assert (task.instance, task.environment_digest) == (instance, clinic().environment.digest)


def test_certifying_again_gives_the_same_record() -> None:
    assert [certified(instance) for instance in clinic().instance_combos[:6]] == clinic().validated_tasks[:6]


def test_an_argument_that_the_user_does_not_know_is_rejected() -> None:
    instance, step = _booking()
    purpose = next(a for a in instance.steps[step].arguments if a.source.step is None and a.name != "starts_at")

    task = certified(with_argument(instance, step, purpose.name, value="something else"))

    assert task.rejection == f"{UNKNOWN}; {MADE_UP}"


def test_an_argument_that_the_server_refuses_is_rejected() -> None:
    instance, step = _booking()

    task = certified(with_argument(instance, step, "starts_at", value="2020-01-01 10:00:00"))

    assert task.rejection is not None
    assert task.rejection.startswith(f"{NOT_OK}; the state does not change as meant; doing nothing scores")


def test_a_key_that_the_description_does_not_lead_to_is_rejected() -> None:
    instance, step = _booking()

    task = certified(with_argument(instance, step, "doctor_id", value="DOC-99999"))

    assert task.rejection == UNKNOWN


@pytest.mark.parametrize("wrong", ["column", "step"])
def test_a_source_that_does_not_yield_the_key_is_rejected(wrong: str) -> None:
    instance, step = _booking()
    right = _lookup(instance, step)
    changes = {"column": {"column": "no_such_column"}, "step": {"step": 0}}[wrong]

    task = certified(with_argument(instance, step, "doctor_id", source=right.model_copy(update=changes)))

    assert task.rejection is not None
    assert {NOT_OK, UNKNOWN, AMBIGUOUS} <= set(task.rejection.split("; "))


def test_a_description_that_singles_out_no_row_is_rejected() -> None:
    instance, step = _booking()
    anyone = _lookup(instance, step).model_copy(update={"where": ()})

    task = certified(with_argument(instance, step, "doctor_id", source=anyone))

    assert task.rejection is not None
    assert {NOT_OK, UNKNOWN, AMBIGUOUS} <= set(task.rejection.split("; "))


@pytest.mark.parametrize("slot", ["starts_at", "last_name", "specialty"])
def test_a_fact_that_the_user_is_not_given_is_rejected(slot: str) -> None:
    instance, _ = _booking()
    assert slot in {each.name for each in instance.slots}

    assert certified(_without_slot(instance, slot)).rejection == UNKNOWN


def test_a_fact_that_is_nowhere_in_the_data_is_rejected() -> None:
    instance, _ = _booking()
    slots = tuple(
        slot.model_copy(update={"values": (("doctor_name", "Dr. Nobody"),)}) if slot.name == "doctor" else slot
        for slot in instance.slots
    )

    assert certified(instance.model_copy(update={"slots": slots})).rejection == MADE_UP


def test_an_answer_that_the_service_does_not_give_is_rejected() -> None:
    instance = clinic().instance("inform")
    (goal, column, _), *_ = instance.answers

    task = certified(instance.model_copy(update={"answers": ((goal, column, "made up"),)}))

    assert task.rejection == MADE_UP


def test_a_refusal_for_another_reason_is_rejected() -> None:
    instance = clinic().instance("refuse")
    assert instance.probe is not None
    codes = (r.code for tool in clinic().spec.tools if tool.access == "write" for r in tool.rules)
    other = next(code for code in codes if code != instance.refusal)

    task = certified(instance.model_copy(update={"refusal": other}))

    assert task.rejection == "the probe is not refused with the rule's code; the probe fails without the rule too"


def test_a_request_that_is_said_to_change_something_and_does_not_is_rejected() -> None:
    task = certified(clinic().instance("inform").model_copy(update={"task_kind": "fulfil", "answers": ()}))

    assert task.rejection is not None
    assert task.rejection.startswith("the state does not change as meant; doing nothing scores")


def test_a_request_that_is_said_to_change_nothing_and_does_is_rejected() -> None:
    task = certified(_booking()[0].model_copy(update={"task_kind": "inform"}))

    assert task.rejection is not None
    assert task.rejection.split("; ")[0] == "the state does not change as meant"


def test_a_row_that_is_said_to_be_missing_and_is_there_is_rejected() -> None:
    instance = next(
        each for each in clinic().instance_combos if each.task_kind == "fulfil" and _describes_an_own_row(each)
    )
    identify, lookup = instance.steps[0], next(step for step in instance.steps if step.purpose == "lookup")
    changes = {"task_kind": "insufficient", "steps": (identify, lookup)}

    task = certified(instance.model_copy(update=changes))

    assert task.rejection == AMBIGUOUS


def test_an_instance_is_proved_again_in_every_environment_and_gets_another_id_there() -> None:
    changed = with_doctors(consultation_fee=55.0)
    here, there = certified(_booking()[0]), certified(_booking()[0], changed)

    assert (here.rejection, there.rejection) == (None, None)
    assert here.instance == there.instance
    assert here.id != there.id
    assert (here.environment_digest, there.environment_digest) == (clinic().environment.digest, changed.digest)


def test_too_few_certified_tasks_are_an_error_with_what_rejects_them() -> None:
    instance, step = _booking()
    broken = with_argument(instance, step, "doctor_id", value="DOC-99999")

    with pytest.raises(PlanningError) as caught:
        certify(clinic().databases, [*clinic().instance_combos[:9], broken])

    assert str(caught.value) == (
        "validated_tasks[clinic_appointments]: only 9 of 10 tasks of the kinds "
        "['fulfil', 'inform', 'insufficient', 'refuse'] are certified. "
        f"Raise `tasks_per_domain`, or mend what rejects them: [('{UNKNOWN}', 1)]."
    )


def _describes_an_own_row(instance: TaskInstance) -> bool:
    """Whether all that the task needs is a list of the customer's own rows."""
    return [step.purpose for step in instance.steps] == ["identify", "lookup", "goal"] and not any(
        argument.source.step is None for step in instance.steps[1:] for argument in step.arguments
    )
