"""Where a rollout looked up what a gold step is for: by the same call, or by another that returned the same."""

from collections.abc import Iterator, Sequence
from typing import Any

from agentskiller_assets.core.spec import Tool
from agentskiller_assets.evaluation.trail import Cell, Trail, call_key
from agentskiller_assets.rollouts.models import ExecutedCall

__all__ = ["looked_up", "needed_reads"]


def needed_reads(trail: Trail) -> list[int]:
    """The gold steps that change nothing, identifications included."""
    return [index for index, step in enumerate(trail.instance.steps) if not trail.is_write(step.tool)]


def looked_up(trail: Trail, index: int) -> int | None:
    """The message with whose calls the rollout knew what the gold step yields; None if it never did.

    Somebody is identified by the step's own call only, and so is what was looked for in vain: there is nothing else
    to tell it by.
    """
    step = trail.instance.steps[index]
    key = call_key(trail.tools[step.tool], step.values())
    for call in trail.reads:
        if call.tool == step.tool and call_key(trail.tools[call.tool], call.arguments) == key:
            return call.message
    wanted = [] if step.purpose == "identify" else [*_taken(trail, index), *_answered(trail, index)]
    found = [_first_with(trail, cells) for cells in wanted]
    known = [call.message for call in found if call is not None]
    return max(known) if known and len(known) == len(wanted) else None


def _first_with(trail: Trail, cells: Sequence[Cell]) -> ExecutedCall | None:
    """The first call one of whose rows has all of this."""
    for call in trail.reads:
        if any(_has(tool, row, cells) for tool, row in trail.rows(call)):
            return call
    return None


def _has(tool: Tool, row: dict[str, Any], cells: Sequence[Cell]) -> bool:
    return all(cell.stands_in(tool, row) for cell in cells)


def _taken(trail: Trail, index: int) -> Iterator[list[Cell]]:
    """What later calls take from the result of a step: a key, in the row that the user describes."""
    for step in trail.instance.calls:
        for argument in step.arguments:
            source = argument.source
            if source.step == index and source.column:
                parameter = trail.tools[step.tool].parameter(argument.name)
                key = Cell(source.column, argument.value, parameter.refers_to if parameter else None)
                yield [key, *(Cell(name, value) for name, value in source.where)]


def _answered(trail: Trail, index: int) -> Iterator[list[Cell]]:
    """What the user is told from the result of the last step, in the row that the step asks for."""
    if index < len(trail.instance.steps) - 1:
        return
    step = trail.instance.steps[index]
    parameters = {parameter.name: parameter for parameter in trail.tools[step.tool].parameters}
    keys = [
        Cell(argument.name, argument.value, parameters[argument.name].refers_to)
        for argument in step.arguments
        if parameters[argument.name].refers_to
    ]
    for _, column, value in trail.instance.answers:
        yield [Cell(column, value), *keys]
