"""Models as agent and user, behind an endpoint on loopback: what they are sent, and what becomes of their failures."""

import json
from typing import Any

import pytest

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.modelled.cast import ModelAgents, ModelUsers
from agentskiller_assets.rollouts.modelled.chat import Chat, Model
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.scripted.cast import ScriptedUsers, Scripts
from tests.rollouts.endpoint import Answer, endpoint
from tests.world import clinic

KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TESTED_KEY", KEY)


def hold(answer: Answer, user: Answer | None = None) -> Rollout:
    """A conversation about the clinic's first query, held by models that answer so."""
    case, environment = clinic().cases[0], clinic().environment
    with endpoint(answer) as first, endpoint(user or answer) as second:
        agents = ModelAgents(Chat(Model("agent-model", first, "TESTED_KEY")))
        users = (
            ModelUsers(Chat(Model("user-model", second, "TESTED_KEY"))) if user else ScriptedUsers(Scripts(environment))
        )
        return hold_conversations([case], environment, agents, users)[0]


def test_two_models_hold_a_conversation_and_see_what_belongs_to_their_side():
    step = clinic().cases[0].task.instance.steps[0]
    call = {"id": "1", "type": "function", "function": {"name": step.tool, "arguments": json.dumps(step.values())}}
    sent: dict[str, list[dict[str, Any]]] = {"agent": [], "user": []}

    def agent(body: dict[str, Any]) -> dict[str, Any]:
        sent["agent"].append(body)
        return {"tool_calls": [call]} if len(sent["agent"]) == 1 else {"content": "You are known now."}

    def user(body: dict[str, Any]) -> dict[str, Any]:
        sent["user"].append(body)
        return {"content": "###STOP###"}

    held = hold(agent, user)
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


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"content": "I am", "finish_reason": "length"}, "was cut off"),
        ({"content": ""}, "said nothing"),
        (401, "did not answer"),
    ],
)
def test_a_failure_of_a_model_is_an_error_and_never_a_conversation(answer, told):
    with pytest.raises(RolloutError) as raised:
        hold(lambda _: dict(answer) if isinstance(answer, dict) else answer)
    assert told in str(raised.value)
    assert clinic().cases[0].query.id in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_model_that_nobody_can_reach_or_pay_for_is_named(monkeypatch):
    monkeypatch.delenv("TESTED_KEY")
    with pytest.raises(RolloutError, match="TESTED_KEY"):
        Chat(Model("some-model", "", "TESTED_KEY"))
    unreachable = ModelAgents(Chat(Model("some-model", "http://127.0.0.1:9/v1", "TESTED_KEY", timeout_s=1)))
    users = ScriptedUsers(Scripts(clinic().environment))
    with pytest.raises(RolloutError, match="some-model did not answer"):
        hold_conversations(clinic().cases[:1], clinic().environment, unreachable, users)
