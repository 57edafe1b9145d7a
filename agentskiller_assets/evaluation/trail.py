"""What a rollout did, as the parts of an evaluation look at it: attempts, results, and who said what in between."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, ResultColumn, Tool, Typed
from agentskiller_assets.evaluation.statements import Reasons, reasons_of
from agentskiller_assets.rollouts.models import ExecutedCall, Rollout
from agentskiller_assets.tasks.models import Step, TaskInstance, ValidatedTask
from agentskiller_assets.tasks.replay import rows_of


class Desk:
    """What all evaluations in one environment have in common: its tools, and what they can refuse with."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        self.tools = {tool.name: tool for tool in spec.tools}
        self.keys = {table.name: table.key for table in spec.tables}
        self._reasons: dict[str, Reasons] = {}

    def reasons(self, tool: str) -> Reasons:
        """What this tool can refuse with."""
        if tool not in self._reasons:
            self._reasons[tool] = reasons_of(self.spec, self.tools[tool])
        return self._reasons[tool]

    def is_write(self, name: str) -> bool:
        """Whether the service has a tool of that name that changes something."""
        tool = self.tools.get(name)
        return tool is not None and tool.access == "write"


@dataclass(frozen=True)
class Trail:
    """One rollout beside the task that it was to do."""

    rollout: Rollout
    task: ValidatedTask
    desk: Desk

    @property
    def instance(self) -> TaskInstance:
        """The task with its gold steps."""
        return self.task.instance

    @property
    def calls(self) -> tuple[ExecutedCall, ...]:
        """All calls, in the order in which they were made."""
        return self.rollout.calls

    @property
    def tools(self) -> dict[str, Tool]:
        """The service's tools by name."""
        return self.desk.tools

    def is_write(self, name: str) -> bool:
        """Whether the service has a tool of that name that changes something."""
        return self.desk.is_write(name)

    @cached_property
    def gold_writes(self) -> tuple[Step, ...]:
        """The steps of the task that change something, in order."""
        return tuple(step for step in self.instance.steps if self.is_write(step.tool))

    @cached_property
    def writes(self) -> tuple[ExecutedCall, ...]:
        """Every attempt to change something, accepted or refused.

        A call that does not fit the tool's schema never reached the rules: it is a slip where the task has a write of
        that tool, and an attempt like any other where it has none.
        """
        meant = {step.tool for step in self.gold_writes}
        return tuple(
            call
            for call in self.calls
            if self.is_write(call.tool) and (call.outcome != "invalid" or call.tool not in meant)
        )

    @cached_property
    def reads(self) -> tuple[ExecutedCall, ...]:
        """Every lookup that was answered, identifications included."""
        return tuple(
            call
            for call in self.calls
            if call.outcome == "ok" and call.tool in self.tools and not self.is_write(call.tool)
        )

    def said(self, start: int = -1, end: int | None = None) -> list[tuple[int, str]]:
        """What the agent said between two messages, with the index of each message."""
        return self._texts("assistant", start, end)

    def heard(self, start: int = -1, end: int | None = None) -> list[tuple[int, str]]:
        """What the user said between two messages, with the index of each message."""
        return self._texts("user", start, end)

    def _texts(self, role: str, start: int, end: int | None) -> list[tuple[int, str]]:
        messages = self.rollout.messages[start + 1 : end]
        return [(i, m.content) for i, m in enumerate(messages, start + 1) if m.role == role and m.content]

    def rows(self, call: ExecutedCall) -> Iterator[tuple[Tool, dict[str, Any]]]:
        """The rows that a call returned, each with the tool whose columns it has."""
        tool = self.tools.get(call.tool)
        if tool is not None and call.result is not None:
            for row in rows_of(call.result):
                yield tool, row

    def speaks_of(self, text: str, value: Any, typed: Typed) -> bool:
        """Whether a text mentions a value; a number that is part of a name which a result has is no number."""
        if typed.type in ("integer", "money"):
            low = text.lower()
            for name in self._names_with_numbers:
                if name in low:
                    low = low.replace(name, " ")
            return mentions(low, value, typed)
        return mentions(text, value, typed)

    @cached_property
    def _names_with_numbers(self) -> tuple[str, ...]:
        """Texts in results that hold letters and a digit, longest first."""
        found = {
            row[column.name].lower()
            for call in self.reads
            for tool, row in self.rows(call)
            for column in tool.returns.columns
            if column.type == "text" and isinstance(row.get(column.name), str)
        }
        return tuple(
            sorted((each for each in found if any(map(str.isdigit, each))), key=lambda each: (-len(each), each))
        )


@dataclass(frozen=True)
class Cell:
    """A value that a row has: under a column's name, or in any column that holds keys of the same table."""

    name: str
    value: Any
    refers_to: str | None = None

    def stands_in(self, tool: Tool, row: dict[str, Any]) -> bool:
        """Whether the row of this tool's result has it."""
        return any(
            same(row.get(column.name), self.value)
            for column in tool.returns.columns
            if column.name == self.name or (self.refers_to is not None and column.refers_to == self.refers_to)
        )


def same(one: Any, other: Any) -> bool:
    """Equal with the same type: 1 is neither True nor 1.0."""
    return type(one) is type(other) and one == other


def typed_arguments(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, whole amounts of money as the numbers that they are: JSON writes 65 for 65.0."""
    money = {parameter.name for parameter in tool.parameters if parameter.type == "money"}
    return {name: float(value) if name in money and type(value) is int else value for name, value in arguments.items()}


def call_key(tool: Tool, arguments: dict[str, Any]) -> str:
    """Equal for two calls exactly if they are the same: one tool, the same arguments with the same types."""
    return json.dumps([tool.name, typed_arguments(tool, arguments)], sort_keys=True)


def column_of(tool: Tool, name: str) -> ResultColumn | None:
    """The result column of that name; None where the tool has none."""
    return next((column for column in tool.returns.columns if column.name == name), None)


def free_parameters(tool: Tool) -> list[Parameter]:
    """The parameters whose values the user gives: all but keys of records."""
    return [parameter for parameter in tool.parameters if not parameter.refers_to]
