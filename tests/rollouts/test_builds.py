"""Many conversations: bounded, in the order of the cases, and none that is finished is held twice."""

import asyncio
from collections.abc import Sequence

import pytest

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rollouts.actors import Reply, Speaker
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.journal import Journal
from agentskiller_assets.rollouts.models import Message
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from tests.world import clinic


class Flaky(ScriptedAgents):
    """Scripted agents of which some fail, and which count who was asked to join and how many talk at once."""

    settings = "flaky"

    def __init__(self, scripts: Scripts, failing: Sequence[str] = ()) -> None:
        super().__init__(scripts)
        self.failing = set(failing)
        self.joined: list[str] = []
        self.talking = self.most = 0

    def join(self, case: Case) -> Speaker:
        self.joined.append(case.query.id)
        return _Slow(self, case, super().join(case))


class _Slow:
    def __init__(self, cast: Flaky, case: Case, agent: Speaker) -> None:
        self.cast, self.case, self.agent = cast, case, agent

    async def reply(self, messages: Sequence[Message]) -> Reply:
        self.cast.talking += 1
        self.cast.most = max(self.cast.most, self.cast.talking)
        await asyncio.sleep(0)
        self.cast.talking -= 1
        if self.case.query.id in self.cast.failing and len(messages) > 3:
            raise RolloutError(self.case.query.id, "the line went dead", "Call again.")
        return await self.agent.reply(messages)


def test_conversations_come_in_the_order_of_their_cases_and_no_more_than_allowed_are_held_at_once():
    cases, environment = clinic().cases[:12], clinic().environment
    scripts = Scripts(environment)
    agents = Flaky(scripts)
    found = hold_conversations(cases, environment, agents, ScriptedUsers(scripts), concurrency=3)
    assert [rollout.query for rollout in found] == [case.query.id for case in cases]
    assert [rollout.position for rollout in found] == list(range(12))
    assert agents.most == 3
    alone = hold_conversations(cases, environment, Flaky(scripts), ScriptedUsers(scripts), concurrency=1)
    assert alone == found


def test_a_failed_conversation_is_named_and_the_finished_ones_are_not_held_again(tmp_path):
    cases, environment, journal = clinic().cases[:8], clinic().environment, Journal(tmp_path / "journal")
    scripts = Scripts(environment)
    users, failing = ScriptedUsers(scripts), [cases[2].query.id, cases[5].query.id]
    with pytest.raises(RolloutError) as raised:
        hold_conversations(cases, environment, Flaky(scripts, failing), users, journal=journal)
    assert "2 of 8 conversations failed" in str(raised.value)
    assert f"{failing[0]}: the line went dead" in str(raised.value)

    healthy = Flaky(scripts)
    found = hold_conversations(cases, environment, healthy, users, journal=journal)
    assert healthy.joined == failing
    assert found == hold_conversations(cases, environment, Flaky(scripts), users)


def test_a_journal_forgets_what_belongs_to_no_conversation_any_more_and_what_it_cannot_read(tmp_path):
    cases, environment, journal = clinic().cases[:3], clinic().environment, Journal(tmp_path)
    scripts = Scripts(environment)
    users = ScriptedUsers(scripts)
    first = hold_conversations(cases, environment, Flaky(scripts), users, journal=journal)
    (tmp_path / f"{first[0].id}.json").write_text('{"id": "cut')
    agents = Flaky(scripts)
    assert hold_conversations(cases[:2], environment, agents, users, journal=journal) == first[:2]
    assert agents.joined == [cases[0].query.id]
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == sorted(rollout.id for rollout in first[:2])


def test_an_error_that_is_no_conversations_fault_is_not_hidden():
    class Broken(ScriptedAgents):
        def join(self, case: Case) -> Speaker:
            raise ZeroDivisionError("a defect")

    scripts = Scripts(clinic().environment)
    with pytest.raises(ZeroDivisionError, match="a defect"):
        hold_conversations(clinic().cases[:2], clinic().environment, Broken(scripts), ScriptedUsers(scripts))
