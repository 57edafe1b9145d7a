"""`replay`: a stored conversation in the terminal, found by its id or by that of what was made from it."""

from dataclasses import replace
from pathlib import Path

import pytest

from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.tasks.models import Query
from resources.storage.sidecars import Stamp
from tests.cli.project import Project
from tests.dataset.kit import evaluated, examples, selected, store, verdict, with_dataset
from tests.world import DOMAIN, clinic


def _longest() -> Rollout:
    """The conversation with the most calls that changes something."""
    return max(evaluated().rollouts, key=lambda each: (each.task_kind == "fulfil", len(each.calls)))


def _others() -> list[Rollout]:
    """One that is stored as failed, and one without an evaluation."""
    return [each for each in evaluated().rollouts if each.id != _longest().id][:2]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The clinic's conversations, of which one fails, one has a call too many and one is not evaluated."""
    project = Project(tmp_path_factory.mktemp("replay"))
    first, second = _others()
    longest = _longest()
    found = dict(evaluated().evaluations) | {
        first.id: verdict(first, 0.0),
        longest.id: verdict(longest, 1.0, (longest.calls[0].id,)),
    }
    del found[second.id]
    conversations = replace(evaluated(), evaluations=found)
    warehouse = store(project.warehouse, conversations)
    with_dataset(warehouse, examples(evaluated()), selected(evaluated()))
    warehouse.write_records("queries", DOMAIN, Query, clinic().queries, Stamp(run_id="test"))
    return project


def _squeezed(text: str) -> str:
    return "".join(text.split())


def test_everything_that_was_said_and_called_is_shown_with_what_it_changed_and_scored(project: Project):
    rollout = _longest()
    printed = project.run("replay", rollout.id)
    shown = _squeezed(printed)
    for message in rollout.messages[1:]:
        if message.role in ("user", "assistant") and message.content:
            assert _squeezed(message.content) in shown
    for call in rollout.calls:
        assert f"→ {call.tool} " in printed
    assert "[ok, not needed]" in printed
    changed = [table for rows in rollout.final_diff.values() for table in rows]
    assert changed
    assert all(table in printed for table in changed)
    assert "Score 1" in printed
    instruction = next(query.instruction for query in clinic().queries if query.id == rollout.query)
    assert instruction[:40] in printed
    assert str(rollout.messages[0].content)[:60] not in printed


def test_a_failed_conversation_says_why_and_an_unevaluated_one_says_so(project: Project):
    failed, unknown = _others()
    printed = project.run("replay", failed.id)
    assert "Score 0" in printed
    assert "the wrong doctor was called" in printed
    assert "It is not evaluated." in project.run("replay", unknown.id)


def test_an_evaluation_and_an_example_lead_to_their_conversation(project: Project):
    example = examples(evaluated())[0]
    for record in example.parents[0], example.parents[1], example.id:
        assert example.parents[0] in project.run("replay", record).splitlines()[0]


def test_what_is_no_conversation_is_refused_with_the_way_to_one(project: Project):
    query = evaluated().rollouts[0].query
    printed = project.run("replay", query, code=1)
    assert f"{query}: it is a record of queries, not a conversation. `agentskiller lineage {query} --down`" in printed
    assert "no stored record has this id. The closest are" in project.run("replay", "rollout_0", code=1)


def test_a_page_is_written_where_one_wants_it_or_the_fault_is_named(project: Project, tmp_path: Path):
    page = tmp_path / "new" / "page.html"
    rollout = _longest()
    assert f"{rollout.id} in {page}" in project.run("replay", rollout.id, "--html", str(page))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    first = page.read_bytes()
    project.run("replay", rollout.id, "--html", str(page))
    assert page.read_bytes() == first
    (tmp_path / "file").write_text("")
    printed = project.run("replay", rollout.id, "--html", str(tmp_path / "file" / "page.html"), code=1)
    assert "it cannot be written (Not a directory)" in printed or "it cannot be written (File exists)" in printed
