"""What makes a conversation its own: slips, changes of mind, facts given late or in other words, and insisting."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from agentskiller_assets.core import language
from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import Parameter, Typed
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.scripted.script import Detail, Script
from agentskiller_assets.runtime import Environment, Ok
from agentskiller_assets.tasks.mutants import other_value
from agentskiller_assets.tasks.replay import run

Key = tuple[int, str]
_REPLACEABLE = ("integer", "enum", "date", "datetime")
_DECOYS, _LATE, _OWN_WORDS, _INSISTS, _TOGETHER = 0.4, 0.2, 0.5, 0.4, 0.6
"""How often each of them happens, where it can."""


@dataclass(frozen=True)
class Decoy:
    """A value that the user gives first, and takes back before anything is done with it."""

    detail: Detail
    typed: Typed
    value: Any
    how: Literal["slip", "mind"]
    """A slip is corrected with the next message; a mind is changed when the details are read back."""

    @property
    def words(self) -> Any:
        """As it stands in a request phrase."""
        return self.value if self.typed.type == "integer" else language.say(self.value, self.typed)


@dataclass(frozen=True)
class Twists:
    """How one conversation differs from the straight way."""

    decoy: Decoy | None = None
    late: bool = False
    insists: bool = False
    together: bool = True
    """Whether the agent asks for all that identifies the user at once."""
    own_words: dict[Key, str] = field(default_factory=dict)
    """Other words for a detail, by its key; they say the same."""


def plan_twists(case: Case, script: Script, environment: Environment) -> Twists:
    """The twists of a case, seeded. A decoy is a value with which the service would have accepted the call too."""
    draw = rng(case.seed, "twists", case.query.domain, case.query.id, case.repeat)
    chances = {name: draw.random() for name in ("decoy", "late", "insists", "together", "own words")}
    details = [*script.identity, *(detail for goal in script.goals for detail in goal.details)]
    own_words = {}
    if chances["own words"] < _OWN_WORDS:
        own_words = {detail.key: said for detail in details if (said := _reworded(detail, draw))}
    return Twists(
        decoy=_decoy(case, script, environment, draw) if chances["decoy"] < _DECOYS else None,
        late=chances["late"] < _LATE,
        insists=chances["insists"] < _INSISTS and "insist" in case.query.instruction,
        together=chances["together"] < _TOGETHER,
        own_words=own_words,
    )


def _decoy(case: Case, script: Script, environment: Environment, draw: random.Random) -> Decoy | None:
    if case.query.task_kind != "fulfil":
        return None
    found = list(_decoys(case, script, environment))
    if not found:
        return None
    detail, parameter, value = draw.choice(found)
    return Decoy(detail, parameter, value, draw.choice(("slip", "mind")))


def _decoys(case: Case, script: Script, environment: Environment) -> Iterator[tuple[Detail, Parameter, Any]]:
    """Details of writes with another value that would be accepted in its place."""
    steps = case.task.instance.steps
    for goal in script.goals:
        for index, step in goal.steps:
            for argument in step.arguments:
                detail = goal.detail(argument.name)
                parameter = case.spec.tool(step.tool).parameter(argument.name)
                if step.purpose != "goal" or argument.source.step is not None or not detail or not parameter:
                    continue
                if parameter.type not in _REPLACEABLE or _is_bare_number(detail, parameter):
                    continue
                value = other_value(parameter, argument.value)
                if any(mentions(each.slot.text, value, parameter) for each in goal.details if each is not detail):
                    continue  # who says the other detail would seem to say this one
                with environment.fork() as session:
                    ready = run(session, steps[:index]).ok
                    if ready and isinstance(session.call(step.tool, {**step.values(), argument.name: value}), Ok):
                        yield detail, parameter, value


def _is_bare_number(detail: Detail, parameter: Parameter) -> bool:
    """A number that names nothing that it counts: who only says `sorry, 2` may mean anything."""
    return parameter.type in ("integer", "number") and "how many" not in detail.clause


def _reworded(detail: Detail, draw: random.Random) -> str | None:
    """The slot's text with its dates, times and phone numbers written otherwise; None where there is none."""
    text = detail.slot.text
    for typed, value in detail.typed:
        other = _other_words(typed, value, draw)
        if other:
            text = text.replace(language.say(value, typed), other)
    return text if text != detail.slot.text and detail.mentioned_in(text) else None


def _other_words(typed: Typed, value: Any, draw: random.Random) -> str | None:
    if typed.type == "phone":
        digits = str(value).split("-")
        return draw.choice((" ".join(digits), f"({digits[0]}) {'-'.join(digits[1:])}"))
    if typed.type not in ("date", "datetime"):
        return None
    moment = datetime.fromisoformat(str(value))
    days = (f"the {language.ordinal(moment.day)} of {moment:%B}", f"{moment:%B} {moment.day}")
    if typed.type == "date":
        return f"{draw.choice(days)}, {moment.year}"
    day = draw.choice((*days, f"{moment:%A}, {moment:%B} {moment.day}"))
    hour = f"{moment:%I}".lstrip("0")
    clock = f"{hour}:{moment:%M}" if moment.minute else hour
    return f"{day} at {draw.choice((f'{moment:%H:%M}', f'{clock} {moment:%p}'.lower()))}"
