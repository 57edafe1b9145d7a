"""Queries: a certified task, the person who has it, and the words that the author finds for it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentskiller_assets.authoring.drafts import GoalRequest, QueryDraft, QueryRequest
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core import language
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, Typed, space_of
from agentskiller_assets.ontology.models import Person
from agentskiller_assets.tasks.attempt import IDENTITY
from agentskiller_assets.tasks.models import Fact, Query, Slot, TaskTemplate, ValidatedTask

STOP, TRANSFER, OUT_OF_SCOPE = "###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###"
_DONE = {
    "fulfil": "everything that you asked for has been done and confirmed to you",
    "inform": "you have been told what you wanted to know",
    "refuse": "you have been told why your request cannot be carried out",
    "insufficient": "you have been told that a human colleague takes over",
}


def make_queries(
    author: Author,
    role: str,
    seed: int,
    spec: EnvironmentSpec,
    templates: Sequence[TaskTemplate],
    tasks: Sequence[ValidatedTask],
    population: Sequence[Person],
) -> list[Query]:
    """One query for every certified task, in the voice of the person who has it; `role` is what they are called."""
    people = {person.person_id: person for person in population}
    by_id = {template.id: template for template in templates}
    certified = [task for task in tasks if task.certified]
    asking = [people[task.instance.person] for task in certified]
    requests = [
        _request(role, by_id[task.instance.template], task, person)
        for task, person in zip(certified, asking, strict=True)
    ]
    wordings = author.word_queries(requests, seed)
    return [
        _query(spec, task, person, wording, author.calls_of(wording), position)
        for position, (task, person, wording) in enumerate(zip(certified, asking, wordings, strict=True))
    ]


def _query(
    spec: EnvironmentSpec,
    task: ValidatedTask,
    person: Person,
    wording: QueryDraft,
    calls: tuple[str, ...],
    position: int,
) -> Query:
    types = _types(spec, task)
    facts = tuple(_facts(task, types))
    return Query(
        id=Query.make_id(task.id, person.id),
        parents=(task.id, person.id, *calls),
        position=position,
        domain=task.domain,
        task=task.id,
        task_kind=task.task_kind,
        person=person.person_id,
        persona=person.id,
        first_message=wording.first_message,
        instruction=wording.instruction,
        known_info=facts,
        unknown_info=_unknown(spec, task),
        stop_conditions=_stop(task),
    )


def _request(role: str, template: TaskTemplate, task: ValidatedTask, person: Person) -> QueryRequest:
    return QueryRequest(
        domain=task.domain,
        task_id=task.id,
        task_kind=task.task_kind,
        role=role,
        full_name=person.full_name,
        **person.persona.model_dump(),
        goals=tuple(
            GoalRequest(requests=goal.requests, openers=goal.openers, slots=_slots(task.instance.slots, index))
            for index, goal in enumerate(template.goals)
        ),
    )


def _slots(slots: Sequence[Slot], goal: int) -> dict[str, str | int]:
    return {slot.name: _number(slot) if _is_number(slot) else slot.text for slot in slots if slot.goal == goal}


def _is_number(slot: Slot) -> bool:
    return len(slot.values) == 1 and type(slot.values[0][1]) is int and slot.text.replace(",", "").isdigit()


def _number(slot: Slot) -> int:
    return int(slot.values[0][1])


def _facts(task: ValidatedTask, types: Mapping[tuple[str, Any], Typed]) -> Iterator[Fact]:
    """What the user knows, each value once, identity first."""
    met: set[tuple[str, str, str | None]] = set()
    for slot in sorted(task.instance.slots, key=lambda slot: slot.goal != IDENTITY):
        for name, value in slot.values:
            typed = types.get((name, value)) or types[name, None]
            text = language.say(value, typed)
            if (name, text, slot.service) not in met:
                met.add((name, text, slot.service))
                label = language.label(name) + (f" for {language.humanize(slot.service)}" if slot.service else "")
                yield Fact(label=label, type=typed.type, value=value, text=text)


def _types(spec: EnvironmentSpec, task: ValidatedTask) -> dict[tuple[str, Any], Typed]:
    """The type of every value that the task's slots speak of: parameters, and result columns of its lookups.

    By name and value, as two tools may call different things by one name; by the name alone where the value is none of
    an argument.
    """
    tools = [spec.tool(step.tool) for step in task.instance.calls]
    found: dict[tuple[str, Any], Typed] = {(c.name, None): c for tool in tools for c in tool.returns.columns}
    for tool, step in zip(tools, task.instance.calls, strict=True):
        values = step.values()
        found.update(((p.name, value), p) for p in tool.parameters for value in (None, values.get(p.name)))
    return found


def withheld(spec: EnvironmentSpec, task: ValidatedTask) -> Parameter | None:
    """For who cannot be identified with one of two services: what they cannot give it, though they know who they are.

    The number on a card may lie at home; an address or a phone number is known, but not which of them was given.
    """
    if not task.instance.unidentified or task.instance.probe is None:
        return None
    role = spec.role_of(spec.tool(task.instance.probe.tool))
    asked = spec.authorizer_of(role).parameters
    return min(asked, key=lambda p: (not on_card(p), p.type not in ("email", "phone")))


def on_card(parameter: Parameter) -> bool:
    """Whether it is the service's own, as the number on a card, and not one of the person's facts."""
    return (parameter.matches or "").partition(".")[0] != "person"


def _unknown(spec: EnvironmentSpec, task: ValidatedTask) -> tuple[str, ...]:
    found = ["The numbers by which the service keeps its records."]
    if task.task_kind == "inform":
        found.append("The answer to your question.")
    if task.task_kind == "insufficient":
        found.append("Any detail beyond those listed.")
    kept, probe = withheld(spec, task), task.instance.probe
    if kept and probe:
        service = language.humanize(str(space_of(probe.tool)))
        if on_card(kept):
            found.append(f"{kept.description.rstrip('.')}, which {service} asks for: you do not have it to hand.")
        else:
            found.append(f"Which {language.label(kept.name)} you gave to {service}: you do not remember.")
    return tuple(found)


def _stop(task: ValidatedTask) -> tuple[str, ...]:
    listed = "neither listed here nor among what you do not know," if task.instance.unidentified else "not listed here"
    return (
        f"Say {STOP} when {_DONE[task.task_kind]}.",
        f"Say {TRANSFER} when the agent hands you over to a human colleague.",
        f"Say {OUT_OF_SCOPE} when the agent asks for something that is {listed} and cannot go on without it.",
    )


def asked_values(task: ValidatedTask) -> list[tuple[str, Any]]:
    """Every argument that comes from the user, by parameter name."""
    return [(a.name, a.value) for step in task.instance.calls for a in step.arguments if a.source.step is None]
