"""Steps that a passing conversation can do without: each is left out, and what remains is made and evaluated again.

What is redundant is never told by names. A call goes only if without it every other call still has its outcome, all
parts still score, and nothing is said or called later that only its result could have told.
"""

from collections.abc import Collection
from typing import Any

from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.spec import ResultColumn
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.trail import Trail, same
from agentskiller_assets.rollouts.models import ExecutedCall, Message, Rollout
from agentskiller_assets.tasks.models import TaskTemplate, ValidatedTask

__all__ = ["prune", "without_calls"]


def prune(
    evaluator: Evaluator, rollout: Rollout, task: ValidatedTask, template: TaskTemplate
) -> tuple[Rollout, tuple[str, ...]]:
    """The conversation without its redundant calls, and their ids; one that does not pass is left as it is."""
    if not evaluator.passes(rollout, task, template):
        return rollout, ()
    kept, redundant = rollout, set[str]()
    for call in reversed(rollout.calls):
        if call.outcome == "ok" and evaluator.desk.is_write(call.tool):
            continue
        shorter = without_calls(kept, {call.id})
        if evaluator.passes(shorter, task, template) and not _is_used(Trail(kept, task, evaluator.desk), call):
            kept = shorter
            redundant.add(call.id)
    return kept, tuple(call.id for call in rollout.calls if call.id in redundant)


def without_calls(rollout: Rollout, ids: Collection[str]) -> Rollout:
    """The conversation without these calls and their answers, and without messages that have nothing left."""
    messages: list[Message] = []
    moved: dict[int, int] = {}
    for index, message in enumerate(rollout.messages):
        left = tuple(call for call in message.tool_calls if call.id not in ids)
        emptied = len(left) < len(message.tool_calls) and not left and not message.content
        if emptied or (message.role == "tool" and message.tool_call_id in ids):
            continue
        moved[index] = len(messages)
        whole = len(left) == len(message.tool_calls)
        messages.append(message if whole else message.model_copy(update={"tool_calls": left}))
    calls = [
        call if moved[call.message] == call.message else call.model_copy(update={"message": moved[call.message]})
        for call in rollout.calls
        if call.id not in ids
    ]
    return rollout.model_copy(update={"messages": tuple(messages), "calls": tuple(calls)})


def _is_used(trail: Trail, call: ExecutedCall) -> bool:
    """Whether the agent says something, or sends a tool something, that at that time only this call had returned."""
    at = next(each.message for each in trail.calls if each.id == call.id)
    later = [each for each in trail.calls if each.message > at]
    said = trail.said(at)
    for tool, row in trail.rows(call):
        for column in tool.returns.columns:
            value = row.get(column.name)
            if value is None:
                continue
            sent = [each.message for each in later if _is_sent(trail, column, value, each)]
            uses = sent + [index for index, text in said if mentions(text, value, column)]
            if uses and min(uses) <= _known_otherwise(trail, call, column, value):
                return True
    return False


def _is_sent(trail: Trail, column: ResultColumn, value: Any, call: ExecutedCall) -> bool:
    """Whether a call has the value as the key of a record of the same table."""
    tool = trail.tools.get(call.tool)
    return any(
        parameter.refers_to == column.refers_to and same(call.arguments.get(parameter.name), value)
        for parameter in (tool.parameters if tool and column.refers_to else ())
    )


def _known_otherwise(trail: Trail, call: ExecutedCall, column: ResultColumn, value: Any) -> int:
    """The first message with which another call returned the value or the user said it; past the end if none did."""
    returned = (
        each.message
        for each in trail.calls
        if each.id != call.id and any(same(other, value) for _, row in trail.rows(each) for other in row.values())
    )
    heard = (index for index, text in trail.heard() if mentions(text, value, column))
    end = len(trail.rollout.messages)
    return min(next(returned, end), next(heard, end))
