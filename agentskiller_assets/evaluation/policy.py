"""Whether the conversation kept to the rules that hold for every one: what is done when, and who agrees first."""

import json
from collections.abc import Iterator
from typing import Any

from agentskiller_assets.core import language
from agentskiller_assets.core.mentions import content_words, mentions
from agentskiller_assets.core.spec import Parameter, Tool, Typed
from agentskiller_assets.evaluation.lexicon import agrees, hands_over, wants_detail
from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.evaluation.trail import Trail, call_key, column_of, free_parameters
from agentskiller_assets.rollouts.models import ExecutedCall
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from agentskiller_assets.tasks.models import Argument
from agentskiller_assets.tasks.queries import OUT_OF_SCOPE, STOP, TRANSFER

_ENDS = {"fulfil": "stop", "inform": "stop", "refuse": "stop", "insufficient": "transfer"}
_LEAST_TITLE = 0.5


def policy_part(trail: Trail) -> Part:
    """1 when nothing was done without a yes, two at a time, too early, too late or again in vain."""
    reasons = (
        *_unconfirmed(trail),
        *_parallel(trail),
        *_after_the_end(trail),
        *_in_vain(trail),
        *_ending(trail),
        *_before_identification(trail),
    )
    return Part(name="policy", score=float(not reasons), reasons=reasons)


def _unconfirmed(trail: Trail) -> Iterator[str]:
    """Before every attempt to change something, the agent says what it is about to do, and the user says yes."""
    previous = -1
    for call in trail.writes:
        tool, heard = trail.tools[call.tool], trail.heard(previous, call.message)
        start, previous = previous, call.message
        last, answer = heard[-1] if heard else (start + 1, "")
        said = [text for _, text in trail.said(start, last)]
        unsaid = _least_unsaid(trail, tool, call, said)
        if unsaid:
            yield f"{call.tool} was called without {language.join_words(unsaid)} being read back first"
        elif not agrees(answer) or wants_detail(said[-1]):
            yield f"{call.tool} was called before the user agreed; the last word was {answer!r}"


def _least_unsaid(trail: Trail, tool: Tool, call: ExecutedCall, said: list[str]) -> list[str]:
    """What the message that says most of it leaves out."""
    left_out = [_unsaid(trail, tool, call, text) for text in said]
    return min(left_out, key=len) if left_out else ["the request"]


def _unsaid(trail: Trail, tool: Tool, call: ExecutedCall, text: str) -> list[str]:
    """The values of a call that a message does not mention; keys of records nobody has to hear."""
    given = [parameter for parameter in free_parameters(tool) if parameter.name in call.arguments]
    if given:
        return [each.name for each in given if not _mentioned(trail, text, call.arguments[each.name], each)]
    described = any(mentions(text, value, typed) for typed, value in _described(trail, tool, call))
    return [] if "?" in text and (described or _names(text, tool)) else ["the request"]


def _mentioned(trail: Trail, text: str, value: Any, parameter: Parameter) -> bool:
    if isinstance(value, bool):
        return bool(content_words(language.label(parameter.name)) & content_words(text))
    try:
        return trail.speaks_of(text, value, parameter)
    except (TypeError, ValueError):  # a value that is none of its type: the call is Invalid, and was never read back
        return False


def _described(trail: Trail, tool: Tool, call: ExecutedCall) -> Iterator[tuple[Typed, Any]]:
    """What tells the row that a gold call is about from others."""
    key = call_key(tool, call.arguments)
    for step in trail.gold_writes:
        if call_key(trail.tools[step.tool], step.values()) == key:
            for argument in step.arguments:
                yield from _description(trail, argument)


def _description(trail: Trail, argument: Argument) -> Iterator[tuple[Typed, Any]]:
    """The values by which the user describes the row that an argument comes from."""
    if argument.source.step is None:
        return
    source = trail.tools[trail.instance.steps[argument.source.step].tool]
    for name, value in argument.source.where:
        column = column_of(source, name)
        if column is not None:
            yield column, value


def _names(text: str, tool: Tool) -> bool:
    """Whether a message says what the tool does."""
    wanted = content_words(tool.title)
    return bool(wanted) and len(wanted & content_words(text)) >= _LEAST_TITLE * len(wanted)


def _parallel(trail: Trail) -> Iterator[str]:
    for message in trail.rollout.messages:
        if len(message.tool_calls) > 1:
            names = language.join_words([call.name for call in message.tool_calls])
            yield f"{names} were called at the same time"


def _after_the_end(trail: Trail) -> Iterator[str]:
    """Calls after the user has ended the conversation, or the agent has given it away."""
    markers = (STOP, TRANSFER, OUT_OF_SCOPE)
    ends = [index for index, text in trail.heard() if any(marker in text for marker in markers)]
    ends += [index for index, text in trail.said() if hands_over(text)]
    for call in trail.calls:
        if ends and call.message > min(ends):
            yield f"{call.tool} was called after the conversation had ended or been handed over"


def _in_vain(trail: Trail) -> Iterator[str]:
    """Refused calls that were made again although nothing had changed, and further attempts at what is refused."""
    refused: set[str] = set()
    denied = False
    for call in trail.calls:
        key = json.dumps([call.tool, call.arguments], sort_keys=True)
        if key in refused:
            yield f"{call.tool} was called again although it had been refused with {call.code}"
        elif denied and trail.is_write(call.tool):
            yield f"{call.tool} was tried after the request had been refused"
        if call.outcome == "refused":
            refused.add(key)
            denied = denied or (trail.task.task_kind == "refuse" and trail.is_write(call.tool))
        elif call.outcome == "ok" and _opens(trail, call.tool):
            refused.clear()


def _opens(trail: Trail, name: str) -> bool:
    """Whether a call of this tool can make another one acceptable: it changes something, or identifies somebody."""
    tool = trail.tools.get(name)
    return tool is not None and (tool.access == "write" or tool.authorizes is not None)


def _ending(trail: Trail) -> Iterator[str]:
    wanted = _ENDS[trail.task.task_kind]
    if trail.rollout.stop_reason != wanted:
        yield f"the conversation ended with {trail.rollout.stop_reason}, not with {wanted}"


def _before_identification(trail: Trail) -> Iterator[str]:
    """Calls for somebody who is not identified; only where that is the task's own refusal, one is to be expected."""
    spec, probe = trail.desk.spec, trail.instance.probe
    shut = spec.role_of(trail.tools[probe.tool]) if trail.instance.unidentified and probe else None
    for call in trail.calls:
        tool = trail.tools.get(call.tool)
        if call.code == NOT_AUTHORIZED.code and not (tool and spec.role_of(tool) == shut):
            yield f"{call.tool} was called before the customer was identified"
