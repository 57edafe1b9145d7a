"""Gymnasium's own checker has nothing to say, and its conventions hold."""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest
from gymnasium.utils.env_checker import check_env

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rl import TaskEnvironment
from agentskiller_assets.rl.gymnasium_env import ConversationEnv
from agentskiller_assets.rollouts.conversation import Limits
from tests.rl.kit import tasks
from tests.world import clinic


@pytest.fixture
def env() -> Iterator[ConversationEnv]:
    made = ConversationEnv(tasks(), render_mode="ansi")
    yield made
    made.close()


def test_the_checker_of_gymnasium_passes_it(env: ConversationEnv):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        check_env(env)
    assert [str(each.message) for each in said if "not having a spec" not in str(each.message)] == []


def test_a_task_is_chosen_by_id_or_drawn_by_the_seed(env: ConversationEnv):
    for case in clinic().cases[:5]:
        seen, info = env.reset(seed=1, options={"task_id": case.task.id})
        assert (seen["text"], info) == (case.query.first_message, {})
    first = [env.reset(seed=5)[0]["text"], *(env.reset()[0]["text"] for _ in range(5))]
    again = [env.reset(seed=5)[0]["text"], *(env.reset()[0]["text"] for _ in range(5))]
    assert first == again
    assert len(set(first)) > 1


def test_what_is_seen_is_the_conversation_as_json(env: ConversationEnv):
    env.reset(options={"task_id": clinic().cases[0].task.id})
    call = json.dumps({"tool": "search_doctors", "arguments": {"specialty": "dermatology"}})
    seen, reward, terminated, truncated, info = env.step(call)
    assert (reward, terminated, truncated, info) == (0.0, False, False, {})
    messages = json.loads(seen["messages"])
    assert [each["role"] for each in messages] == ["system", "user", "assistant", "tool"]
    assert messages[-1]["content"] == seen["text"]
    assert json.loads(seen["tools"]) == [entry.function for entry in clinic().tool_lists]
    assert str(env.render()).splitlines()[0] == f"user: {clinic().cases[0].query.first_message}"


def test_the_end_terminates_and_a_limit_truncates():
    fulfil = next(case for case in clinic().cases if case.task.task_kind == "fulfil").task.id
    env = ConversationEnv(TaskEnvironment(clinic().environment, clinic().cases, limits=Limits(turns=4, calls=1)))
    env.reset(options={"task_id": fulfil})
    assert env.step("I am handing you over to a human colleague now.")[1:4] == (0.0, True, False)
    env.reset(options={"task_id": fulfil})
    env.step("What is your favourite colour?")
    assert env.step("What is your favourite number?")[1:4] == (0.0, False, True)
    env.reset(options={"task_id": fulfil})
    call = json.dumps({"tool": "search_doctors", "arguments": {"specialty": "dermatology"}})
    env.step(call)
    _, reward, terminated, truncated, info = env.step(call)
    assert (reward, terminated, truncated, info["stop_reason"]) == (0.0, False, True, "call_limit")
    env.close()


def test_closing_twice_is_no_fault(env: ConversationEnv):
    env.reset(seed=1)
    env.close()
    env.close()
    with pytest.raises(RolloutError, match="no episode under way"):
        env.step("Hello.")


def test_the_environment_itself_needs_no_gymnasium():
    code = (
        "import sys; sys.modules['gymnasium'] = None\n"
        "import agentskiller_assets.rl\n"
        "try:\n    import agentskiller_assets.rl.gymnasium_env\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Gymnasium is not installed: pip install 'agentskiller-assets[rl]'\n"
