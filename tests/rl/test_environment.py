"""Episodes: the same conversations as rollouts are, a reward at the end, and nothing that gives it away before."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agentskiller_assets.errors import AgentSkillerError, RolloutError, StorageError
from agentskiller_assets.rl import Call, Observation, Say, TaskEnvironment
from agentskiller_assets.rl.environment import NOTHING_SAID
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.conversation import Limits, Sides, converse
from agentskiller_assets.rollouts.models import Message
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, Scripts
from agentskiller_assets.tasks.queries import STOP
from tests.fusion.pairs import PAIR, pair
from tests.rl.kit import play, scripts, store_clinic, store_pair, tasks
from tests.world import DOMAIN, clinic


def _case(kind: str) -> Case:
    return next(case for case in clinic().cases if case.task.task_kind == kind)


def test_a_scripted_agent_has_the_same_conversation_step_by_step_and_is_rewarded_at_the_end_alone():
    agents, users = scripts()
    with TaskEnvironment(clinic().environment, clinic().cases, users) as environment:
        for case in clinic().cases:
            taken = play(environment, case, agents.join(case))
            held = asyncio.run(
                converse(case, clinic().environment, agents.join(case), users.join(case), Sides("", "", ""), Limits())
            )
            rollout, evaluation = environment.rollout, environment.evaluation
            assert rollout is not None
            assert evaluation is not None
            assert (rollout.messages, rollout.calls, rollout.final_diff) == (held.messages, held.calls, held.final_diff)
            assert [reward for _, reward, _, _ in taken[:-1]] == [0.0] * (len(taken) - 1)
            assert [done for _, _, done, _ in taken] == [False] * (len(taken) - 1) + [True]
            assert [info for _, _, _, info in taken[:-1]] == [{}] * (len(taken) - 1)
            assert taken[-1][1] == evaluation.score == taken[-1][3]["score"]
            assert taken[-1][3]["stop_reason"] == held.stop_reason
            assert taken[-1][3]["parts"] == {part.name: part.score for part in evaluation.parts}
            assert evaluation.passed, taken[-1][3]["reasons"]


def test_an_observation_holds_what_was_said_and_returned_and_nothing_of_the_task():
    agents, users = scripts()
    with TaskEnvironment(clinic().environment, clinic().cases, users) as environment:
        for case in clinic().cases:
            first = environment.reset(case.task.id)
            assert [message["role"] for message in first.messages] == ["system", "user"]
            assert first.text == case.query.first_message
            seen = [first, *(each[0] for each in play(environment, case, agents.join(case))[:-1])]
            hidden = [case.task.id, case.query.id, case.template.id, case.task.instance.id, case.query.instruction]
            hidden += [case.person.id, case.task.gold_digest, *case.query.stop_conditions, "reward", "score"]
            for observation in seen:
                text = observation.model_dump_json()
                assert [each for each in hidden if each in text] == []
                assert set(Observation.model_fields) == {"messages", "tools", "text"}
            looked_up = [
                str(argument.value)
                for step in case.task.instance.steps
                for argument in step.arguments
                if argument.source.step is not None
            ]
            assert [value for value in looked_up if value in first.model_dump_json()] == []


def test_while_an_episode_is_under_way_there_is_no_rollout_and_no_evaluation():
    agents, users = scripts()
    case = _case("inform")
    with TaskEnvironment(clinic().environment, clinic().cases, users) as environment:
        play(environment, case, agents.join(case))
        assert environment.evaluation is not None
        environment.reset(case.task.id)
        assert (environment.rollout, environment.evaluation) == (None, None)
        environment.step("Hello.")
        assert (environment.rollout, environment.evaluation) == (None, None)


def test_an_agent_that_hands_over_at_once_or_never_gets_anywhere_is_not_rewarded():
    limits = Limits(turns=8)
    with TaskEnvironment(clinic().environment, clinic().cases, limits=limits) as environment:
        environment.reset(_case("fulfil").task.id)
        _, reward, done, info = environment.step("I am handing you over to a human colleague now.")
        assert (reward, done, info["stop_reason"]) == (0.0, True, "transfer")
        environment.reset(_case("fulfil").task.id)
        rewards = []
        for _ in range(4):
            _, reward, done, info = environment.step("What is your favourite colour?")
            rewards.append(reward)
        assert (rewards, done, info["stop_reason"]) == ([0.0] * 4, True, "turn_limit")


def test_an_agent_that_says_nothing_ends_the_episode_without_a_reward():
    with tasks() as environment:
        environment.reset(_case("fulfil").task.id)
        observation, reward, done, info = environment.step(" \n")
        assert (reward, done, info["stop_reason"], info["parts"]) == (0.0, True, NOTHING_SAID, {})
        assert len(observation.messages) == 2
        with pytest.raises(RolloutError, match="there is no episode under way"):
            environment.step("Hello?")


def test_a_call_in_any_form_comes_to_the_same_result():
    arguments = {"specialty": "dermatology"}
    function = {"name": "search_doctors", "arguments": json.dumps(arguments)}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "x", "type": "function", "function": function}],
    }
    forms = [
        Call("search_doctors", arguments),
        {"tool": "search_doctors", "arguments": arguments},
        json.dumps({"tool": "search_doctors", "arguments": arguments}),
        message,
    ]
    with tasks() as environment:
        found = []
        for action in forms:
            environment.reset(_case("fulfil").task.id)
            observation, reward, done, info = environment.step(action)
            assert (reward, done, info) == (0.0, False, {})
            found.append(observation)
    assert found == [found[0]] * len(forms)
    assert found[0].text == "NOT_AUTHORIZED: The caller must be identified first."
    assert found[0].messages[-1]["tool_call_id"] == found[0].messages[-2]["tool_calls"][0]["id"]


def test_words_in_any_form_are_said_to_the_user():
    with tasks() as environment:
        found = []
        for action in (Say("Who are you?"), "Who are you?", {"role": "assistant", "content": "Who are you?"}):
            environment.reset(_case("fulfil").task.id)
            found.append(environment.step(action)[0])
        assert found == [found[0]] * 3
        environment.reset(_case("fulfil").task.id)
        broken = environment.step('{"tool": "search_doctors"}')[0]
        assert broken.messages[-2]["content"] == '{"tool": "search_doctors"}'


def test_a_call_that_makes_no_sense_is_answered_and_changes_nothing():
    with tasks() as environment:
        environment.reset(_case("fulfil").task.id)
        assert (
            environment.step(Call("no_such_tool"))[0].text
            == "Invalid argument tool: there is no tool named no_such_tool"
        )
        assert "JSON object" in environment.step({"tool": "search_doctors", "arguments": ["dermatology"]})[0].text


@pytest.mark.parametrize("action", [7, {"reward": 1}, {"tool_calls": [{"name": "search_doctors"}]}])
def test_what_is_no_action_is_refused_and_the_episode_goes_on(action: object):
    with tasks() as environment:
        environment.reset(_case("fulfil").task.id)
        with pytest.raises(RolloutError, match="action: "):
            environment.step(action)  # type: ignore[arg-type]
        assert environment.step("Hello?")[2] is False


def test_a_task_that_is_not_there_is_named():
    with tasks() as environment, pytest.raises(RolloutError, match=f"task_x: it is no task of {DOMAIN}"):
        environment.reset("task_x")


def test_another_repeat_is_another_user_and_the_same_one_is_the_same():
    with tasks() as environment:
        case = next(case for case in clinic().cases if case.task.task_kind == "fulfil")
        said = ["Could you tell me your phone number and your last name?", "What can I do for you?", "Which one?"]

        def heard(repeat: int) -> list[str]:
            environment.reset(case.task.id, repeat)
            return [environment.step(text)[0].text for text in said]

        assert heard(0) == heard(0)
        assert len({tuple(heard(repeat)) for repeat in range(6)}) > 1


def test_an_episode_leaves_nothing_for_the_next():
    agents, users = scripts()
    case = _case("fulfil")
    with TaskEnvironment(clinic().environment, clinic().cases, users) as environment:
        before = play(environment, case, agents.join(case))
        environment.reset(case.task.id)
        environment.step(Call(case.task.instance.steps[0].tool, case.task.instance.steps[0].values()))
        assert play(environment, case, agents.join(case)) == before


class _Slow:
    """A cast and its speaker: somebody who takes time to answer, and then has had enough."""

    name = settings = "slow"

    def join(self, case: Case) -> "_Slow":
        return self

    async def reply(self, messages: Sequence[Message]) -> Reply:
        await asyncio.sleep(0.001)
        return Reply(f"{len(messages)} messages." if len(messages) < 4 else STOP)


def test_users_that_take_time_are_waited_for_inside_of_a_running_loop_too():
    async def steps() -> list[str]:
        with TaskEnvironment(clinic().environment, clinic().cases, _Slow()) as environment:
            environment.reset(_case("fulfil").task.id)
            return [environment.step("Hello.")[0].text, environment.step("Bye.")[3]["stop_reason"]]

    assert asyncio.run(steps()) == ["2 messages.", "stop"]


def test_a_stored_domain_gives_the_same_episodes(tmp_path: Path):
    store_clinic(tmp_path)
    agents, _ = scripts()
    case = _case("fulfil")
    with TaskEnvironment.from_warehouse(tmp_path, DOMAIN) as stored, tasks() as environment:
        assert stored.task_ids == environment.task_ids
        assert len(stored.task_ids) == len(clinic().queries)
        found, expected = (play(each, case, agents.join(case)) for each in (stored, environment))
        assert [each[1:] for each in found] == [each[1:] for each in expected]
        assert [each[0].messages for each in found] == [each[0].messages for each in expected]


def test_a_stored_pair_gives_episodes_over_both_services(tmp_path: Path):
    store_pair(tmp_path)
    cases = {case.task.id: case for case in pair().cases}
    shared = Scripts(pair().environment)
    with TaskEnvironment.from_warehouse(tmp_path, PAIR) as stored:
        assert stored.task_ids == tuple(cases)
        case = next(case for case in cases.values() if case.task.task_kind == "fulfil")
        taken = play(stored, case, ScriptedAgents(shared).join(case))
        assert taken[-1][1:3] == (1.0, True), taken[-1][3]


def test_a_domain_that_is_not_made_is_named_with_the_command_that_makes_it(tmp_path: Path):
    with pytest.raises(
        StorageError, match=r"music_lessons.* is not stored\. Run `agentskiller run --domains music_lessons`"
    ):
        TaskEnvironment.from_warehouse(tmp_path, "music_lessons")
    assert issubclass(StorageError, AgentSkillerError)
