"""The loop: calls one at a time and in order, everything answered, and no ending taken for a success that is none."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.conversation import Limits, Sides, converse
from agentskiller_assets.rollouts.models import Message, Rollout, ToolCall
from agentskiller_assets.runtime import state_digest
from tests.world import clinic

SIDES = Sides("tested", "tested", "tested")


class Speaks:
    """Says what it is given, one after the other, and the last of it for ever."""

    def __init__(self, *replies: Reply | str) -> None:
        self.replies = [Reply(each) if isinstance(each, str) else each for each in replies]
        self.heard: list[Sequence[Message]] = []

    async def reply(self, messages: Sequence[Message]) -> Reply:
        self.heard.append(list(messages))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def calls(*named: tuple[str, object]) -> Reply:
    """A reply with these calls; text stands for arguments as they were sent."""
    sent = [(name, args if isinstance(args, str) else json.dumps(args)) for name, args in named]
    return Reply(None, tuple(ToolCall(id="same", name=name, arguments=args) for name, args in sent))


def talk(agent: Speaks, user: Speaks, limits: Limits | None = None) -> Rollout:
    """A conversation about the clinic's first query."""
    return asyncio.run(converse(clinic().cases[0], clinic().environment, agent, user, SIDES, limits or Limits()))


def identification() -> tuple[str, dict[str, object]]:
    """The gold identification of the first query."""
    step = clinic().cases[0].task.instance.steps[0]
    return step.tool, step.values()


def test_parallel_calls_are_made_in_order_and_each_is_answered_by_its_own_id():
    first = identification()
    held = talk(Speaks(calls(first, ("list_my_appointments", {})), "Done."), Speaks("###STOP###"))
    assert [call.tool for call in held.calls] == [first[0], "list_my_appointments"]
    assert [call.outcome for call in held.calls] == ["ok", "ok"]
    ids = [call.id for call in held.calls]
    assert len(set(ids)) == 2
    assert [m.tool_call_id for m in held.messages if m.role == "tool"] == ids
    assert [call.id for m in held.messages for call in m.tool_calls] == ids


def test_arguments_that_are_no_json_object_are_invalid_and_never_none_at_all():
    broken = calls(("list_my_appointments", "{"), ("list_my_appointments", "[]"), ("list_my_appointments", "null"))
    held = talk(Speaks(calls(identification()), broken, "Oh."), Speaks("###STOP###"))
    assert [call.outcome for call in held.calls] == ["ok", "invalid", "invalid", "invalid"]
    assert held.messages[5].content == "Invalid argument arguments: they are not a JSON object"


def test_a_strange_tool_and_a_call_before_identification_change_nothing():
    held = talk(Speaks(calls(("drop_tables", {}), ("list_my_appointments", {})), "Oh."), Speaks("###STOP###"))
    assert [(call.outcome, call.code) for call in held.calls] == [("invalid", None), ("refused", "NOT_AUTHORIZED")]
    assert not any(held.final_diff.values())
    assert held.final_digest == state_digest(held.final_diff)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("###STOP###", "stop"),
        ("Thank you! ###TRANSFER###", "transfer"),
        ("###OUT-OF-SCOPE###", "out_of_scope"),
    ],
)
def test_a_marker_ends_the_conversation_and_is_no_message_of_it(said, reason):
    held = talk(Speaks("How can I help?"), Speaks(said))
    assert (held.stop_reason, held.last_words) == (reason, said)
    assert [m.role for m in held.messages] == ["system", "user", "assistant"]


def test_a_limit_of_turns_ends_a_conversation_as_such():
    held = talk(Speaks("And?"), Speaks("Well."), Limits(turns=6))
    assert (held.stop_reason, held.turns, held.messages[-1].role) == ("turn_limit", 6, "assistant")


def test_a_limit_of_calls_ends_a_conversation_before_the_call_that_exceeds_it():
    held = talk(Speaks(calls(("list_my_appointments", {}))), Speaks("Well."), Limits(calls=3))
    assert (held.stop_reason, len(held.calls)) == ("call_limit", 3)


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_a_side_that_says_nothing_is_an_error_that_names_the_query(empty):
    for agent, user in ((Speaks(Reply(empty)), Speaks("Yes.")), (Speaks("Well?"), Speaks(Reply(empty)))):
        with pytest.raises(RolloutError, match=clinic().cases[0].query.id):
            talk(agent, user)


def test_the_user_sees_what_was_said_and_no_call_and_the_agent_sees_all():
    agent, user = Speaks(calls(identification()), "Done."), Speaks("###STOP###")
    held = talk(agent, user)
    assert [m.role for m in user.heard[0]] == ["user", "assistant"]
    assert [m.role for m in agent.heard[1]] == ["system", "user", "assistant", "tool"]
    assert clinic().policies[0].text.splitlines()[1] in str(held.messages[0].content)
    assert [tool["function"]["name"] for tool in held.tools] == [tool.name for tool in clinic().spec.tools]


def test_a_message_has_the_form_that_openai_takes():
    held = talk(Speaks(calls(identification()), "Done."), Speaks("###STOP###"))
    said = [message.openai() for message in held.messages[2:4]]
    name, arguments = identification()
    made = held.calls[0]
    call = {"id": made.id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    assert said == [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": json.dumps(made.result, ensure_ascii=False), "tool_call_id": made.id},
    ]
