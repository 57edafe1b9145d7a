"""Mutants: wrong ways to do a task. A sound task gives all of them a score of 0."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any, Literal

from agentskiller_assets.core.spec import EnvironmentSpec, Parameter
from agentskiller_assets.tasks.models import Step, TaskInstance

Fault = Literal["dropped write", "altered argument", "extra write", "swapped steps", "told nothing", "wrong reason"]


@dataclass(frozen=True)
class Variant:
    """Steps of a mutant, in the order in which it makes them."""

    fault: Fault
    detail: str
    steps: tuple[Step, ...]
    order: tuple[int, ...]


def variants(spec: EnvironmentSpec, instance: TaskInstance) -> Iterator[Variant]:
    """Each write dropped, each argument that the user gives altered, each pair of dependent steps swapped."""
    steps = instance.steps
    everything = tuple(range(len(steps)))
    for index, step in enumerate(steps):
        if spec.tool(step.tool).access == "write":
            rest = tuple(i for i in everything if i != index)
            yield Variant("dropped write", step.tool, steps, rest)
        for argument in step.arguments:
            if argument.source.step is None:
                altered = _altered(spec, steps, index, argument.name)
                yield Variant("altered argument", f"{step.tool}.{argument.name}", altered, everything)
    for first, second in _dependent(spec, steps):
        order = list(everything)
        order[first], order[second] = second, first
        yield Variant("swapped steps", f"{steps[first].tool} and {steps[second].tool}", steps, tuple(order))


def _dependent(spec: EnvironmentSpec, steps: tuple[Step, ...]) -> list[tuple[int, int]]:
    """A step and the first that needs it: an identification and what it opens, a result and where it is used."""
    pairs: set[tuple[int, int]] = set()
    roles = [spec.role_of(spec.tool(step.tool)) for step in steps]
    for role in dict.fromkeys(roles):
        pairs |= set(list(combinations([i for i, each in enumerate(roles) if each == role], 2))[:1])
    for index, step in enumerate(steps):
        pairs |= {(argument.source.step, index) for argument in step.arguments if argument.source.step is not None}
    return sorted(pairs)


def _altered(spec: EnvironmentSpec, steps: tuple[Step, ...], index: int, name: str) -> tuple[Step, ...]:
    step = steps[index]
    parameter = spec.tool(step.tool).parameter(name)
    assert parameter is not None
    arguments = tuple(
        a.model_copy(update={"value": other_value(parameter, a.value)}) if a.name == name else a for a in step.arguments
    )
    return (*steps[:index], step.model_copy(update={"arguments": arguments}), *steps[index + 1 :])


def other_value(parameter: Parameter, value: Any) -> Any:
    """A valid value of the parameter that is not `value`."""
    match parameter.type:
        case "enum":
            return parameter.values[(parameter.values.index(value) + 1) % len(parameter.values)]
        case "boolean":
            return not value
        case "integer" | "money":
            return value - 1 if parameter.maximum is not None and value + 1 > parameter.maximum else value + 1
        case "date":
            return str(date.fromisoformat(value) + timedelta(days=1))
        case "datetime":
            return str(datetime.fromisoformat(value) + timedelta(days=1))
        case "email":
            return f"x{value}"
        case "phone":
            return value[:-1] + str((int(value[-1]) + 1) % 10)
        case _:
            return _other_text(value)


def _other_text(value: str) -> str:
    """The text with its last character changed: as long as before, so that it still fits."""
    return value[:-1] + ("x" if value[-1] != "x" else "y")
