"""Altered tasks: an instance with one thing wrong, or an environment with one row changed."""

from typing import Any

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.runtime import Environment, build_image
from agentskiller_assets.tasks.certificate import Certifier
from agentskiller_assets.tasks.models import Step, TaskInstance, ValidatedTask
from tests.world import clinic


def certified(instance: TaskInstance, environment: Environment | None = None) -> ValidatedTask:
    """The instance with the certificate that it gets."""
    certifier = Certifier(environment or clinic().environment)
    try:
        return certifier.certify(instance)
    finally:
        certifier.close()


def with_argument(instance: TaskInstance, step: int, name: str, **changes: Any) -> TaskInstance:
    """The instance with one argument of one step changed."""
    found = instance.steps[step]
    arguments = tuple(a.model_copy(update=changes) if a.name == name else a for a in found.arguments)
    changed = found.model_copy(update={"arguments": arguments})
    return instance.model_copy(update={"steps": (*instance.steps[:step], changed, *instance.steps[step + 1 :])})


def writes(instance: TaskInstance) -> list[Step]:
    """The steps that change something."""
    return [step for step in instance.steps if clinic().spec.tool(step.tool).access == "write"]


def instance_that_calls(tool: str) -> TaskInstance:
    """The first instance to be fulfilled whose only write is this tool's."""
    found = (each for each in clinic().instance_combos if each.task_kind == "fulfil")
    return next(each for each in found if [step.tool for step in writes(each)] == [tool])


def with_doctors(**changes: Any) -> Environment:
    """The clinic with the same thing changed about all of its doctors."""
    rows = clinic().databases
    doctors = tuple({**row, **changes} for row in rows.rows["doctor"])
    changed: EnvironmentRows = rows.model_copy(update={"rows": {**rows.rows, "doctor": doctors}})
    return Environment(changed.spec, build_image(changed.spec, changed.rows))
