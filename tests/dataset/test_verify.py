"""`verify --rollouts`: conversations and examples are made again in a fresh process, and every untruth is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agentskiller_assets.dataset.models import Example
from agentskiller_assets.dataset.stored import Conversations
from agentskiller_assets.rollouts.models import Rollout
from resources.storage.sidecars import Stamp
from resources.storage.warehouse import Warehouse
from tests.cli.project import Project
from tests.dataset.kit import evaluated, examples, moved, selected, store, with_dataset
from tests.world import DOMAIN, clinic

STAMP = Stamp(run_id="test")


def _project(root: Path, conversations: Conversations, made: list[Example]) -> tuple[Project, Warehouse]:
    project = Project(root)
    warehouse = with_dataset(store(project.warehouse, conversations), made, selected(evaluated()))
    warehouse.write_database(DOMAIN, clinic().databases, STAMP)
    return project, warehouse


def test_what_is_stored_comes_to_the_same_in_a_fresh_process(tmp_path: Path):
    made = examples(evaluated())
    project, _ = _project(tmp_path, evaluated(), made)
    printed = project.run("verify", "--rollouts")
    counted = f"{len(evaluated().rollouts)} conversations and {len(made)} examples made again, 0 faults"
    assert f"{DOMAIN}: {counted}" in printed
    assert counted in project.run("verify", "--rollouts", "--domains", DOMAIN)


def _with_answer(rollout: Rollout) -> tuple[Rollout, str]:
    index = next(i for i, message in enumerate(rollout.messages) if message.role == "tool")
    messages = list(rollout.messages)
    messages[index] = messages[index].model_copy(update={"content": '{"patient_id": "PAT-99999"}'})
    return rollout.model_copy(update={"messages": tuple(messages)}), "the agent was told something else"


def _with_code(rollout: Rollout) -> tuple[Rollout, str]:
    call = rollout.calls[0].model_copy(update={"outcome": "refused", "code": "NOT_AUTHORIZED", "result": None})
    return rollout.model_copy(update={"calls": (call, *rollout.calls[1:])}), "was recorded as NOT_AUTHORIZED"


def _with_digest(rollout: Rollout) -> tuple[Rollout, str]:
    return rollout.model_copy(update={"final_digest": "0" * 32}), "another final digest than the recorded one"


def _with_environment(rollout: Rollout) -> tuple[Rollout, str]:
    return rollout.model_copy(update={"environment_digest": "0" * 32}), "it was held in another environment"


@pytest.mark.parametrize("spoil", [_with_answer, _with_code, _with_digest, _with_environment])
def test_a_conversation_that_tells_what_did_not_happen_is_named(
    spoil: Callable[[Rollout], tuple[Rollout, str]], tmp_path: Path
):
    place = next(i for i, each in enumerate(evaluated().rollouts) if each.calls)
    spoiled, fault = spoil(evaluated().rollouts[place])
    rollouts = [*evaluated().rollouts[:place], spoiled, *evaluated().rollouts[place + 1 :]]
    project, _ = _project(tmp_path, replace(evaluated(), rollouts=rollouts), [])
    printed = project.run("verify", "--rollouts", code=1)
    assert f"{DOMAIN}: {spoiled.id}: " in printed
    assert fault in printed
    assert "1 faults" in printed


def test_an_example_that_shows_what_did_not_happen_is_named(tmp_path: Path):
    made = examples(evaluated())
    place = next(i for i, each in enumerate(made) if each.calls)
    told = [{**m, "content": '{"fee": 1.0}'} if m["role"] == "tool" else m for m in made[place].messages]
    spoiled = made[place].model_copy(update={"messages": tuple(told)})
    writing = next(each for each in made if each.task_kind == "fulfil")
    silent = writing.model_copy(update={"id": "example_silent", "messages": writing.messages[:2]})
    project, _ = _project(tmp_path, evaluated(), [spoiled, silent])
    printed = project.run("verify", "--rollouts", code=1)
    assert f"{spoiled.id}: " in printed
    assert 'the example shows {"fee": 1.0}' in printed
    assert f"example_silent: its calls leave another state than {writing.parents[0]}" in printed
    assert "2 faults" in printed


def test_examples_of_conversations_that_are_gone_are_a_fault(tmp_path: Path):
    other = moved(evaluated(), "music_lessons", 2)
    made = [*examples(evaluated())[:2], *examples(other)]
    lost = made[0].model_copy(update={"parents": ("rollout_gone", "evaluation_gone")})
    project, _ = _project(tmp_path, evaluated(), [lost, *made[1:]])
    printed = project.run("verify", "--rollouts", code=1)
    assert f"{lost.id}: its conversation rollout_gone is not stored" in printed
    assert "there are examples, but no conversations, of music_lessons" in printed
