"""Whether the calls were the right ones: their tools, arguments, number and order, and what they were made from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from agentskiller_assets.core.spec import Tool
from agentskiller_assets.evaluation.lookups import looked_up, needed_reads
from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.evaluation.trail import Trail, call_key, same, typed_arguments
from agentskiller_assets.rollouts.models import ExecutedCall
from agentskiller_assets.tasks.models import Step

MOST_REPEATS = 3
"""How often the same lookup may be made before the agent is said to go round in circles."""


def action_part(trail: Trail) -> Part:
    """1 when everything was done that the task needs, by its own calls, and nothing was attempted beyond it."""
    reasons = (
        *_unknown_tools(trail),
        *_identifications(trail),
        *_writes(trail),
        *_reads(trail),
        *_made_up_keys(trail),
        *_loops(trail),
    )
    return Part(name="action", score=float(not reasons), reasons=reasons)


def _unknown_tools(trail: Trail) -> Iterator[str]:
    for call in trail.calls:
        if call.tool not in trail.tools:
            yield f"{call.tool} is no tool of {trail.desk.spec.domain}"


def _identifications(trail: Trail) -> Iterator[str]:
    """Every role that gold identifies the customer in, with the same details."""
    for index in needed_reads(trail):
        step = trail.instance.steps[index]
        if step.purpose == "identify" and looked_up(trail, index) is None:
            tried = next((call.arguments for call in trail.calls if call.tool == step.tool), None)
            yield f"{step.tool} was not made" if tried is None else _altered(trail.tools[step.tool], step, tried)


def _writes(trail: Trail) -> Iterator[str]:
    """The attempts to change something are exactly gold's: arguments, number and order."""
    gold = [call_key(trail.tools[step.tool], step.values()) for step in trail.gold_writes]
    made = [call_key(trail.tools[call.tool], call.arguments) for call in trail.writes]
    missing, extra = Counter(gold) - Counter(made), Counter(made) - Counter(gold)
    for step, key in zip(trail.gold_writes, gold, strict=True):
        if missing[key]:
            missing[key] -= 1
            twin = _another(trail, step, made, extra)
            if twin is None:
                yield f"{step.tool} was not made"
            else:
                yield _altered(trail.tools[step.tool], step, twin.arguments)
    for call, key in zip(trail.writes, made, strict=True):
        if extra[key]:
            extra[key] -= 1
            yield f"{call.tool} was called, which the task does not need ({call.code or call.outcome})"
    if Counter(gold) == Counter(made) and gold != made:
        order, wanted = (", ".join(each.tool for each in calls) for calls in (trail.writes, trail.gold_writes))
        yield f"the order was {order}, not {wanted}"


def _another(trail: Trail, step: Step, made: Sequence[str], extra: Counter[str]) -> ExecutedCall | None:
    """An attempt of the same tool that no gold step accounts for; it is then accounted for as a wrong one."""
    for call, key in zip(trail.writes, made, strict=True):
        if call.tool == step.tool and extra[key]:
            extra[key] -= 1
            return call
    return None


def _altered(tool: Tool, step: Step, arguments: dict[str, Any]) -> str:
    """Which arguments of a call are not those of the step."""
    wanted, got = typed_arguments(tool, step.values()), typed_arguments(tool, arguments)
    wrong = [
        f"{step.tool}.{name} is {got.get(name)!r}, not {wanted.get(name)!r}"
        for name in dict.fromkeys([*wanted, *got])
        if not same(wanted.get(name), got.get(name))
    ]
    return "; ".join(wrong)


def _reads(trail: Trail) -> Iterator[str]:
    """Every lookup of gold was made, or others returned all that was to be taken from it."""
    for index in needed_reads(trail):
        step = trail.instance.steps[index]
        if step.purpose != "identify" and looked_up(trail, index) is None:
            yield f"{step.tool} was not looked up with {step.values()}"


def _made_up_keys(trail: Trail) -> Iterator[str]:
    """Keys of records in the arguments of writes that no earlier result had."""
    seen: set[tuple[str, Any]] = set()
    writes = {call.id for call in trail.writes}
    for call in trail.calls:
        tool = trail.tools.get(call.tool)
        if tool is not None and call.id in writes:
            for parameter in tool.parameters:
                value = call.arguments.get(parameter.name)
                if parameter.refers_to and value is not None and (parameter.refers_to, str(value)) not in seen:
                    yield f"{call.tool}.{parameter.name} is {value!r}, which no earlier result had"
        seen |= {
            (column.refers_to, row[column.name])
            for source, row in trail.rows(call)
            for column in source.returns.columns
            if column.refers_to and row.get(column.name) is not None
        }


def _loops(trail: Trail) -> Iterator[str]:
    times = Counter(call_key(trail.tools[call.tool], call.arguments) for call in trail.reads)
    for call in {call_key(trail.tools[call.tool], call.arguments): call for call in trail.reads}.values():
        count = times[call_key(trail.tools[call.tool], call.arguments)]
        if count > MOST_REPEATS:
            yield f"{call.tool} loops: the same lookup was made {count} times"
