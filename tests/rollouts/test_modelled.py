"""Models as agent and user, behind an endpoint on loopback: what they are sent, and what becomes of their failures."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.llm.calls import CALLS, CallStore
from agentskiller_assets.llm.meter import Meter
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.settings import Settings
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.modelled.cast import ModelAgents, ModelUsers
from agentskiller_assets.rollouts.modelled.voice import Voice
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.scripted.cast import ScriptedUsers, Scripts
from tests.llm.server import Answer, ModelServer, refusal
from tests.world import clinic

KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_KEY", KEY)


def models(url: str, warehouse: Path, **settings: Any) -> LLM:
    """The endpoint at this address, with its calls stored in this warehouse."""
    return Meter(open_llm(Settings.load(base_url=url, key_variable="TESTED_KEY", **settings), warehouse))


def hold(warehouse: Path, answer: Answer, user: Answer | None = None, cases: list[Case] | None = None) -> list[Rollout]:
    """Conversations about the clinic's first query, or about these cases, held by models that answer so."""
    environment = clinic().environment
    with ModelServer(answer) as first, ModelServer(user or answer) as second:
        agents = ModelAgents(Voice(models(first.url, warehouse), "agent-model"))
        users = (
            ModelUsers(Voice(models(second.url, warehouse), "user-model"))
            if user
            else ScriptedUsers(Scripts(environment))
        )
        return hold_conversations(cases or clinic().cases[:1], environment, agents, users)


def test_two_models_hold_a_conversation_and_see_what_belongs_to_their_side(tmp_path: Path):
    step = clinic().cases[0].task.instance.steps[0]
    call = {"id": "1", "type": "function", "function": {"name": step.tool, "arguments": json.dumps(step.values())}}
    sent: dict[str, list[dict[str, Any]]] = {"agent": [], "user": []}

    def agent(number: int, body: dict[str, Any]) -> dict[str, Any]:
        sent["agent"].append(body)
        return {"tool_calls": [call]} if number == 0 else {"content": "You are known now."}

    def user(number: int, body: dict[str, Any]) -> str:
        sent["user"].append(body)
        return "###STOP###"

    held = hold(tmp_path, agent, user)[0]
    assert (held.agent, held.user, held.stop_reason) == ("agent-model", "user-model", "stop")
    assert [(c.tool, c.outcome) for c in held.calls] == [(step.tool, "ok")]
    assert (held.agent_usage.prompt_tokens, held.user_usage.completion_tokens) == (22, 5)
    first, query = sent["agent"][0], clinic().cases[0].query
    assert (first["parallel_tool_calls"], len(first["tools"])) == (False, len(clinic().spec.tools))
    assert [m["role"] for m in sent["agent"][1]["messages"]] == ["system", "user", "assistant", "tool"]
    seen = sent["user"][0]
    assert "tools" not in seen
    assert [m["role"] for m in seen["messages"]] == ["system", "assistant", "user"]
    assert query.instruction in seen["messages"][0]["content"]
    assert not any(query.instruction in m["content"] for m in first["messages"])


def test_usage_names_the_calls_which_hold_what_the_model_thought(tmp_path: Path):
    held = hold(tmp_path, lambda *_: "<think>\nWho is it?\n</think>\n\nHello.", lambda *_: "###STOP###")[0]
    assert [m.content for m in held.messages if m.role == "assistant"] == ["Hello."]
    store = CallStore(tmp_path / CALLS)
    (call_id,), (other,) = held.agent_usage.calls, held.user_usage.calls
    assert held.parents == (held.query, held.task, call_id, other)
    agent, user = store.find(call_id), store.find(other)
    assert agent
    assert user
    assert (agent.completion.content, agent.completion.thinking) == ("Hello.", "Who is it?")
    assert (agent.request.prompt, user.request.prompt) == ("rollouts/agent", "rollouts/user")
    assert agent.request.partition == held.domain


def test_conversations_that_were_held_are_held_again_without_a_call(tmp_path: Path):
    cases = clinic().cases[:3]
    first = hold(tmp_path, lambda *_: "Hello.", lambda *_: "###STOP###", cases)

    def nobody(*_: object) -> str:
        raise AssertionError("nothing is asked")

    assert hold(tmp_path, nobody, nobody, cases) == first
    agents = ModelAgents(Voice(models("", tmp_path, offline=True), "agent-model"))
    users = ModelUsers(Voice(models("", tmp_path, offline=True), "user-model"))
    assert hold_conversations(cases, clinic().environment, agents, users) == first
    with pytest.raises(RolloutError, match=r"prompt 'rollouts/agent' of .*it was never asked"):
        hold_conversations(clinic().cases[3:4], clinic().environment, agents, users)


def test_repeats_ask_with_other_seeds_and_are_calls_of_their_own(tmp_path: Path):
    case = clinic().cases[0]
    cases = [dataclasses.replace(case, repeat=repeat) for repeat in range(3)]
    seeds = []

    def agent(number: int, body: dict[str, Any]) -> str:
        seeds.append(body["seed"])
        return "Hello."

    held = hold(tmp_path, agent, lambda *_: "###STOP###", cases)
    assert len(set(seeds)) == 3
    assert len({call for each in held for call in (*each.agent_usage.calls, *each.user_usage.calls)}) == 6


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"content": "I am", "finish_reason": "length"}, "was cut off"),
        ({"content": ""}, "said nothing"),
        (refusal(401, f"bad key {KEY}"), "with status 401: bad key"),
    ],
)
def test_a_failure_of_a_model_is_an_error_and_never_a_conversation(tmp_path: Path, answer, told):
    with pytest.raises(RolloutError) as raised:
        hold(tmp_path, lambda *_: answer)
    assert told in str(raised.value)
    assert clinic().cases[0].query.id in str(raised.value)
    assert KEY not in str(raised.value)
