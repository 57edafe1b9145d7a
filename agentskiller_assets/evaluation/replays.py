"""A rollout made again: the calls of its messages on a session, held against what it says came of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.errors import SpecError
from agentskiller_assets.rollouts.conversation import make_call
from agentskiller_assets.rollouts.models import ExecutedCall, Message, Rollout, ToolCall, parse_arguments
from agentskiller_assets.runtime import Ok, Outcome, Refused, Session
from agentskiller_assets.runtime.diff import Diff
from agentskiller_assets.runtime.outcome import outcome_text

OTHERWISE = "replayed otherwise"


@dataclass(frozen=True)
class Remade:
    """What came of the calls when they were made again."""

    diff: Diff
    faults: tuple[str, ...]
    """Where the rollout says something else."""


def remake(session: Session, rollout: Rollout) -> Remade:
    """Makes every call of the rollout's messages again, in order, on the session, which is reset first."""
    session.reset()
    faults = list(_misrecorded(rollout))
    if not faults:
        asked = [call for message in rollout.messages for call in message.tool_calls]
        answers = {message.tool_call_id: message for message in rollout.messages if message.role == "tool"}
        for call, recorded in zip(asked, rollout.calls, strict=True):
            fault = _redo(session, call, recorded, answers[call.id])
            if fault:
                faults.append(fault)
                break
    diff = session.diff()
    if not faults and _text(rollout.final_diff) != _text(diff):
        faults.append(f"{OTHERWISE}: the recorded changes are not what the calls come to")
    return Remade(diff=diff, faults=tuple(faults))


def _redo(session: Session, call: ToolCall, recorded: ExecutedCall, answer: Message) -> str | None:
    """Makes one call; what is wrong with its record, or None."""
    try:
        outcome = make_call(session, call, parse_arguments(call.arguments))
    except SpecError as error:
        return f"{OTHERWISE}: {error}"
    if _facts(outcome) != (recorded.outcome, recorded.code, _text(recorded.result)):
        return f"{OTHERWISE}: {call.name} was recorded as {_said(recorded)} and answers {outcome_text(outcome)}"
    if answer.content != outcome_text(outcome):
        return f"{OTHERWISE}: {call.name} answers {outcome_text(outcome)}, and the agent was told something else"
    return None


def _facts(outcome: Outcome) -> tuple[str, str | None, str]:
    if isinstance(outcome, Ok):
        return "ok", None, _text(outcome.result)
    if isinstance(outcome, Refused):
        return "refused", outcome.code, _text(None)
    return "invalid", None, _text(None)


def _said(recorded: ExecutedCall) -> str:
    return recorded.code or (_text(recorded.result) if recorded.result is not None else recorded.outcome)


def _text(value: Any) -> str:
    """Equal for equal values of the same types, whether they were stored in between or not."""
    return json.dumps(value, sort_keys=True)


def _misrecorded(rollout: Rollout) -> Iterator[str]:
    """Calls that are not those of the messages, and calls that were not answered before anything else was said."""
    asked = [
        [index, call.id, call.name, parse_arguments(call.arguments) or {}]
        for index, message in enumerate(rollout.messages)
        for call in message.tool_calls
    ]
    recorded = [[call.message, call.id, call.tool, call.arguments] for call in rollout.calls]
    if _text(asked) != _text(recorded):
        yield f"{OTHERWISE}: the recorded calls are not those of the messages"
    if len({call.id for call in rollout.calls}) < len(asked):
        yield f"{OTHERWISE}: two calls have the same id"
    for index, message in enumerate(rollout.messages):
        wanted = [call.id for call in message.tool_calls]
        answers = rollout.messages[index + 1 : index + 1 + len(wanted)]
        if [answer.tool_call_id for answer in answers if answer.role == "tool"] != wanted:
            yield f"{OTHERWISE}: the calls of message {index} were not answered in their order"
    if sum(message.role == "tool" for message in rollout.messages) != len(asked):
        yield f"{OTHERWISE}: there are answers to calls that nobody made"
