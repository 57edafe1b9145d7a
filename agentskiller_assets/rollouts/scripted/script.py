"""What a conversation about one task has to cover: its goals, the steps of each, and what has to be asked for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.authoring.procedural.wording import FIRST_PERSON, SECOND_PERSON
from agentskiller_assets.core import language
from agentskiller_assets.core.mentions import content_words, mentions
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, Typed, space_of
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.tasks.attempt import IDENTITY
from agentskiller_assets.tasks.models import Goal, Slot, Step, TaskInstance

_WH = ("when", "where", "how", "why", "what", "which", "by how", "for how", "in what", "in which", "until", "from when")
_MOST_OPTIONS = 8


@dataclass(frozen=True)
class Detail:
    """One thing that the agent needs from the user."""

    goal: int
    name: str
    """The slot's name: a parameter, or the table of a described row."""
    slot: Slot
    typed: tuple[tuple[Typed, Any], ...]
    """The values that whoever speaks of it mentions. None for what goes without saying."""
    clause: str
    """How it is asked for: `your phone number`, `when it should start`."""
    title: str | None = None
    """For a row: what one is called."""

    @property
    def key(self) -> tuple[int, str]:
        """What tells it from the other details of its task."""
        return self.goal, f"{self.slot.service or ''}{self.name}"

    @property
    def small(self) -> bool:
        """Whether its value could stand in any sentence by chance."""
        return all(typed.type in ("integer", "boolean", "enum") for typed, _ in self.typed)

    def mentioned_in(self, text: str) -> bool:
        """Whether the text gives all of it."""
        return all(mentions(text, value, typed) for typed, value in self.typed)

    def asked_in(self, question: str) -> bool:
        """Whether the text asks for it."""
        words = content_words(question)
        label = language.label(self.name.rpartition("__")[2])  # the name of its service says nothing about it
        return any(_share(cue, words) >= 0.6 for cue in (self.clause, label, self.title) if cue)


@dataclass(frozen=True)
class GoalScript:
    """One goal of a task with the steps that lead to it, in order."""

    index: int
    goal: Goal
    steps: tuple[tuple[int, Step], ...]
    """With their index among all steps."""
    details: tuple[Detail, ...]
    title: str
    """What the user wants in a few words: `move an appointment`."""
    requests: tuple[str, ...]

    @property
    def beyond(self) -> tuple[Detail, ...]:
        """Details of which nobody would think who hears its title alone: what another goal has just made, which goes
        without asking, and records of another service, which would be asked for out of the blue.
        """
        own = space_of(self.goal.tool) if self.goal.tool else None
        return tuple(
            detail for detail in self.details if not detail.typed or (detail.title and space_of(detail.name) != own)
        )

    def detail(self, name: str) -> Detail | None:
        """The detail of that slot; None where the task has none."""
        return next((detail for detail in self.details if detail.name == name), None)

    def slots(self, said: Mapping[tuple[int, str], str] | None = None) -> dict[str, Any]:
        """Slot names and their words for the request phrases, with other words for some."""
        changed = said or {}
        return {
            detail.name: changed[detail.key] if detail.key in changed else _words(detail.slot)
            for detail in self.details
        }

    def say(self, template: str, person: Mapping[str, str], said: Mapping[tuple[int, str], str] | None = None) -> str:
        """A request phrase with its values, in a grammatical person."""
        found = {
            name: language.render(text, person) if isinstance(text, str) and "{{" in text else text
            for name, text in self.slots(said).items()
        }
        return language.render(template, {**found, **person})

    def names_in(self, template: str) -> set[str]:
        """The slots that a phrase speaks of."""
        return set(re.findall(r"\{\{\s*([a-zA-Z_]\w*)", template)) - set(FIRST_PERSON)

    def without_names(self, text: str) -> str:
        """The text without the names of things: `Dormexa 2 mg` holds no number that somebody wants."""
        for detail in self.details:
            for typed, value in detail.typed:
                if typed.type == "text":
                    text = re.sub(re.escape(str(value)), " ", text, flags=re.IGNORECASE)
        return text

    def requested_in(self, text: str) -> bool:
        """Whether the text asks for this goal."""
        words = content_words(text)
        plain = [re.sub(r"\{\{.*?\}\}", " ", request) for request in self.requests]
        named = [detail for detail in self.details if detail.typed and not detail.small]
        if not all(d.mentioned_in(text) if d.typed else _share(d.slot.text, words) >= 0.6 for d in self.beyond):
            return False
        return any(_share(cue, words) >= 0.6 for cue in (self.title, *plain)) or any(
            detail.mentioned_in(text) for detail in named
        )


@dataclass(frozen=True)
class Script:
    """A whole task as a conversation sees it."""

    goals: tuple[GoalScript, ...]
    identity: tuple[Detail, ...]

    def identity_for(self, spec: EnvironmentSpec, step: Step) -> list[Detail]:
        """What the customer has to give for one identification."""
        names = {argument.name for argument in step.arguments}
        service = space_of(step.tool)
        return [each for each in self.identity if each.name in names and each.slot.service == service]


def make_script(case: Case) -> Script:
    """The script of a case's task."""
    instance = case.task.instance
    goals = tuple(
        _goal(case, index, goal, steps)
        for index, (goal, steps) in enumerate(
            zip(case.template.goals, _by_goal(instance, len(case.template.goals)), strict=True)
        )
    )
    identity = tuple(_identity(case.spec, instance, slot) for slot in instance.slots if slot.goal == IDENTITY)
    return Script(goals=goals, identity=identity)


def first_person(text: str) -> str:
    """A slot's text as the customer says it."""
    return language.render(text, FIRST_PERSON) if "{{" in text else text


def second_person(text: str) -> str:
    """A slot's text as the agent says it."""
    return language.render(text, SECOND_PERSON) if "{{" in text else text


def asking_clause(parameter: Parameter) -> str:
    """How a parameter is asked for, from its description: `when it should start`, `the number on your card`."""
    label = language.label(parameter.name)
    text = parameter.description.split(",")[0].strip().rstrip(".")
    text = re.sub(r" (to look for|to check|word for word)$", "", text)
    text = language.small(text) if not (text[:2].isalpha() and text[:2].isupper()) else text
    if parameter.type == "enum" and len(parameter.values) <= _MOST_OPTIONS:
        options = language.join_words([language.humanize(value) for value in parameter.values], "or")
        which = "of these" if label.endswith(" for") else label
        return f"{text if text.startswith(_WH) else f'which {which} it is'}: {options}"
    if text.startswith(_WH) or text.startswith(("the ", "whether ")):
        return text
    if content_words(text) & {str(n) for n in range(1, 10)}:
        return f"how many {label}"
    return f"the {text.replace(' on the ', ' on your ', 1)}"


def asking(clause: str) -> str:
    """What comes after `May I ask`: a question as it is, a thing with `for`."""
    return clause if clause.startswith((*_WH, "whether")) else f"for {clause}"


def your(clause: str) -> str:
    """A clause about something that the customer has: `your phone number`."""
    return clause if "your" in clause else re.sub(r"^the ", "your ", clause)


def _by_goal(instance: TaskInstance, goals: int) -> list[list[tuple[int, Step]]]:
    """The steps of each goal: up to its own call."""
    found: list[list[tuple[int, Step]]] = [[] for _ in range(goals)]
    current = 0
    for index, step in enumerate(instance.steps):
        found[min(current, goals - 1)].append((index, step))
        current += step.purpose == "goal"
    return found


def _goal(case: Case, index: int, goal: Goal, steps: Sequence[tuple[int, Step]]) -> GoalScript:
    instance = case.task.instance
    tool = case.spec.tool(goal.tool) if goal.tool else None
    details = [_detail(case.spec, instance, index, slot, goal) for slot in instance.slots if slot.goal == index]
    alike = [each for each in case.spec.tools if tool and each.title == tool.title]
    title = tool.title if tool and len(alike) == 1 and not goal.column else ""
    return GoalScript(
        index=index,
        goal=goal,
        steps=tuple(steps),
        details=tuple(details),
        title=language.small(title),
        requests=goal.requests,
    )


def _identity(spec: EnvironmentSpec, instance: TaskInstance, slot: Slot) -> Detail:
    parameter = _parameter(spec, [step for step in instance.steps if step.purpose == "identify"], slot)
    assert parameter is not None
    clause = your(asking_clause(parameter))
    return Detail(IDENTITY, slot.name, slot, ((parameter, slot.values[0][1]),), clause)


def _parameter(spec: EnvironmentSpec, steps: Sequence[Step], slot: Slot) -> Parameter | None:
    for step in steps:
        if slot.service in (None, space_of(step.tool)) and any(a.name == slot.name for a in step.arguments):
            return spec.tool(step.tool).parameter(slot.name)
    return None


def _detail(spec: EnvironmentSpec, instance: TaskInstance, index: int, slot: Slot, goal: Goal) -> Detail:
    """A free parameter of one of the goal's calls, or a row that the customer describes."""
    steps = [*instance.steps, *([instance.probe] if instance.probe else [])]
    calls = [step for step in steps if step.tool == goal.tool or step.tool in goal.lookups]
    parameter = _parameter(spec, calls, slot)
    if parameter is not None:
        typed = tuple((parameter, value) for _, value in slot.values)
        return Detail(index, slot.name, slot, typed, asking_clause(parameter))
    columns = {
        column.name: column
        for name in (*goal.lookups, *(step.tool for step in steps))
        for column in reversed(spec.tool(name).returns.columns)
    }
    title = spec.table(slot.name).title
    typed = tuple((columns[name], value) for name, value in slot.values)
    return Detail(index, slot.name, slot, typed, f"which {title} it is about", title)


def _words(slot: Slot) -> Any:
    """The slot's words; a plain number stays one, so that a phrase can count with it."""
    if len(slot.values) == 1 and type(slot.values[0][1]) is int and slot.text.replace(",", "").isdigit():
        return slot.values[0][1]
    return slot.text


def _share(cue: str, words: frozenset[str]) -> float:
    """How many of a cue's content words are there."""
    wanted = content_words(cue)
    return len(wanted & words) / len(wanted) if wanted else 0.0
