"""Tasks of tau2: what is in them, in which form, and in which split."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.errors import StorageError
from agentskiller_assets.tasks.models import ValidatedTask
from agentskiller_assets.tau2.folder import policy, splits_of, tau2_files
from agentskiller_assets.tau2.models import Tau2Task
from agentskiller_assets.tau2.names import TRANSFER_TOOL, domain_name
from agentskiller_assets.tau2.splits import make_splits
from agentskiller_assets.tau2.tasks import write_tasks
from tests.tau2.exported import CLINIC, PAIR, clinic_content, content_of, tasks_of
from tests.tau2.standin.tau2.data_model.tasks import Task

BOTH = pytest.mark.parametrize("name", [CLINIC, PAIR])


def _kinds(name: str) -> dict[str, str]:
    return {task.id: task.task_kind for task in content_of(name).tasks}


def _of_kind(name: str, kind: str) -> list[tuple[Tau2Task, ValidatedTask]]:
    ours = {task.id: task for task in content_of(name).tasks}
    return [(task, ours[task.id]) for task in tasks_of(name) if ours[task.id].task_kind == kind]


def _nulls(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_nulls, value.values() if isinstance(value, dict) else value))
    return value is None


@BOTH
def test_every_certified_task_with_a_query_is_exported_in_the_published_shape(name: str):
    content = content_of(name)
    files = tau2_files(content, tasks_of(name))
    written = json.loads(files[f"data/tau2/domains/{name}/tasks.json"])
    asked = {query.task for query in content.queries}

    assert [Task.model_validate(task).id for task in written] == [task.id for task in content.tasks if task.id in asked]
    assert _nulls(written) == 0
    assert len(set(_kinds(name).values())) >= 3


@BOTH
def test_gold_is_what_was_certified_and_ends_with_a_transfer_where_nothing_else_helps(name: str):
    ours = {task.id: task for task in content_of(name).tasks}
    for task in tasks_of(name):
        actions = [(action.name, action.arguments) for action in task.evaluation_criteria.actions]
        steps = [(step.tool, step.values()) for step in ours[task.id].instance.steps]
        assert actions[: len(steps)] == steps
        rest = [called for called, _ in actions[len(steps) :]]
        assert rest == (["transfer_to_human_agents"] if ours[task.id].task_kind == "insufficient" else [])
        assert [action.action_id for action in task.evaluation_criteria.actions] == [
            f"step_{number}" for number in range(1, len(actions) + 1)
        ]


@pytest.mark.parametrize(
    ("kind", "basis"),
    [
        ("fulfil", ("DB",)),
        ("inform", ("DB", "COMMUNICATE")),
        ("refuse", ("DB",)),
        ("insufficient", ("DB",)),
    ],
)
def test_answers_count_where_there_are_answers_and_the_state_always(kind: str, basis: tuple[str, ...]):
    found = _of_kind(CLINIC, kind)
    assert found
    for task, _ in found:
        assert task.evaluation_criteria.reward_basis == basis
        assert bool(task.evaluation_criteria.communicate_info) == ("COMMUNICATE" in basis)


def test_a_refusal_carries_the_sentence_of_the_policy_that_forbids_it():
    for task, ours in _of_kind(CLINIC, "refuse"):
        assert ours.instance.probe
        refusals = content_of(CLINIC).spec.tool(ours.instance.probe.tool).refusals
        statement = next(each.statement for each in refusals if each.code == ours.instance.refusal)
        assert task.description.relevant_policies == statement
        assert statement in policy(content_of(CLINIC))
        assert task.evaluation_criteria.nl_assertions == (
            f"The agent says that the request cannot be carried out, and why: {statement}",
        )


def test_a_caller_whom_one_of_two_services_cannot_identify_is_refused_for_that():
    found = [task for task, ours in _of_kind(PAIR, "refuse") if ours.instance.unidentified]
    assert found
    for task in found:
        assert task.evaluation_criteria.nl_assertions == (
            "The agent says that the request cannot be carried out, and why: The caller cannot be identified as a"
            " patient.",
        )
        assert "the caller cannot be identified as a patient: " in task.description.purpose
        assert str(task.description.relevant_policies) in policy(content_of(PAIR))


@BOTH
def test_the_user_knows_every_fact_of_the_query_and_no_number_of_a_record(name: str):
    content = content_of(name)
    queries = {query.task: query for query in content.queries}
    prefixes = [table.id_prefix for table in content.spec.tables]
    for task in tasks_of(name):
        query, told = queries[task.id], task.user_scenario.instructions
        assert told.domain == domain_name(content.spec.domain)
        assert query.first_message in told.reason_for_call
        assert all(f"{fact.label}: {fact.text}" in told.known_info.split("\n") for fact in query.known_info)
        assert all(stop in told.task_instructions for stop in query.stop_conditions)
        scenario = task.user_scenario.model_dump_json()
        assert not any(f"{prefix}-1" in scenario for prefix in prefixes)


@BOTH
def test_what_is_written_for_people_reads_well(name: str):
    nouns = [table.title for table in content_of(name).spec.tables]
    texts = [policy(content_of(name)).partition("## How it is done here")[2]]
    for task in tasks_of(name):
        texts += [task.description.purpose, task.description.notes, task.user_scenario.persona]
        texts += task.evaluation_criteria.nl_assertions or ()
    names = [TRANSFER_TOOL, *(query.id for query in content_of(name).queries)]
    found = [(text, f.message) for text in set(texts) for f in lint_prose(text, nouns=nouns, allow=names)]
    assert found == []


def test_the_policy_is_the_stored_one_without_markers_and_says_how_to_hand_over():
    text = policy(content_of(CLINIC))
    for clause in content_of(CLINIC).policy[1:]:
        assert clause.text in text
    assert "<!--" not in text
    assert "`transfer_to_human_agents`" in text


@BOTH
def test_base_holds_everything_and_train_and_test_share_nothing(name: str):
    splits = splits_of(content_of(name), tasks_of(name))
    assert list(splits) == ["base", "train", "test"]
    assert splits["base"] == [task.id for task in tasks_of(name)]
    assert sorted(splits["train"] + splits["test"]) == sorted(splits["base"])
    kinds = _kinds(name)
    counts = Counter(kinds[task] for task in splits["base"])
    several = {kind for kind, count in counts.items() if count > 1}
    for part in ("train", "test"):
        assert several <= {kinds[task] for task in splits[part]}


def test_tasks_that_are_added_leave_the_others_in_their_split():
    few = {f"task_{number}": "fulfil" for number in range(50)}
    many = few | {f"task_{number}": ("fulfil", "refuse")[number % 2] for number in range(50, 200)}
    before, after = make_splits(7, few), make_splits(7, many)
    assert set(before["train"]) <= set(after["train"])
    assert set(before["test"]) <= set(after["test"])
    assert 20 <= len(after["test"]) <= 60
    assert make_splits(8, many)["test"] != after["test"]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_tasks_are_split_too(count: int):
    splits = make_splits(7, {f"task_{number}": "inform" for number in range(count)})
    assert len(splits["test"]) == int(count > 1)
    assert len(splits["train"]) == count - len(splits["test"])


def test_gold_that_does_not_leave_the_certified_state_is_not_exported():
    content = clinic_content()
    altered = [task.model_copy(update={"gold_digest": "0" * 32}) for task in content.tasks]
    with pytest.raises(StorageError, match="leave another state than was certified"):
        write_tasks(replace(content, tasks=altered))


def test_gold_that_the_records_do_not_accept_is_not_exported():
    content = clinic_content()
    rows = dict(content.rows.rows) | {"patient": tuple(row | {"active": False} for row in content.rows.rows["patient"])}
    with pytest.raises(StorageError, match=r"a gold call of task_\w+ is not accepted"):
        write_tasks(replace(content, rows=content.rows.model_copy(update={"rows": rows})))


@pytest.mark.parametrize("part", ["templates", "population"])
def test_queries_of_other_records_are_not_exported(part: str):
    others: dict[str, Any] = {part: ()}
    with pytest.raises(StorageError, match=r"query_\w+: it was made from a template or a population that is no longer"):
        write_tasks(replace(clinic_content(), **others))


def test_a_task_that_doing_nothing_would_solve_is_left_out():
    content = clinic_content()
    first = next(task for task in content.tasks if task.task_kind == "refuse")
    idle = first.model_copy(update={"instance": first.instance.model_copy(update={"steps": ()})})
    tasks = [idle if task.id == first.id else task for task in content.tasks]
    assert first.id not in {task.id for task in write_tasks(replace(content, tasks=tasks))}


def test_a_task_without_certificate_is_not_exported():
    content = clinic_content()
    rejected = content.tasks[0].model_copy(update={"rejection": "two replays differ"})
    exported = {task.id for task in write_tasks(replace(content, tasks=[rejected, *content.tasks[1:]]))}
    assert exported == {task.id for task in tasks_of(CLINIC)} - {rejected.id}
