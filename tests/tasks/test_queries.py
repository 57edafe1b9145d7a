"""Queries: the user knows what the task takes from them, nothing else, and speaks like a person."""

import re

import pytest

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.language import label
from agentskiller_assets.tasks.models import Query, ValidatedTask
from agentskiller_assets.tasks.queries import OUT_OF_SCOPE, STOP, TRANSFER, asked_values, make_queries
from tests.world import INSTANCES, clinic

KEYS = re.compile(r"\b(?:{})-\d+".format("|".join(table.id_prefix for table in clinic().spec.tables)))

MOMENT = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4} at \d\d:\d\d")


def _task(query: Query) -> ValidatedTask:
    return next(task for task in clinic().validated_tasks if task.id == query.task)


def test_every_certified_task_has_one_query_in_the_voice_of_the_one_who_has_it() -> None:
    people = {person.person_id: person for person in clinic().population}

    assert [query.task for query in clinic().queries] == [task.id for task in clinic().validated_tasks]
    for query in clinic().queries:
        person = people[_task(query).instance.person]
        assert (query.person, query.persona) == (person.person_id, person.id)
        assert query.parents == (query.task, person.id)
        assert query.instruction.startswith(f"You are {person.full_name}, a patient. ")


@pytest.mark.parametrize("position", range(INSTANCES))
def test_the_user_knows_every_value_that_the_task_takes_from_them_as_it_is(position: int) -> None:
    query = clinic().queries[position]
    known = {(fact.label, digest(fact.value)) for fact in query.known_info}

    assert {(label(name), digest(value)) for name, value in asked_values(_task(query))} <= known


@pytest.mark.parametrize("position", range(INSTANCES))
def test_the_user_knows_nothing_that_the_task_does_not_speak_of_and_nothing_twice(position: int) -> None:
    query = clinic().queries[position]
    spoken = [(label(name), digest(value)) for slot in _task(query).instance.slots for name, value in slot.values]

    assert sorted((fact.label, digest(fact.value)) for fact in query.known_info) == sorted(set(spoken))


def test_the_user_knows_no_keys_and_is_told_no_markers() -> None:
    for query in clinic().queries:
        texts = [query.first_message, query.instruction, *query.unknown_info, *(f.text for f in query.known_info)]
        assert not any(KEYS.search(text) for text in texts)
        assert not any(mark in text for text in texts for mark in ("{{", "}}", "<<", "<!--", "###", "_", "None"))


def test_the_answer_to_a_question_is_not_among_what_the_user_knows() -> None:
    for query in clinic().queries:
        answers = {(label(column), digest(value)) for _, column, value in _task(query).instance.answers}
        assert answers.isdisjoint((fact.label, digest(fact.value)) for fact in query.known_info)
        assert ("The answer to your question." in query.unknown_info) == (query.task_kind == "inform")


def test_the_first_message_speaks_of_the_first_goal_and_gives_no_detail_away() -> None:
    templates = {template.id: template for template in clinic().task_templates}
    for query in clinic().queries:
        first, *later = templates[_task(query).instance.template].goals
        assert any(opener.rstrip(".") in query.first_message for opener in first.openers)
        assert not any(o in query.first_message for goal in later for o in goal.openers if o not in first.openers)
        details = [fact.text for fact in query.known_info if fact.type in ("phone", "email", "datetime", "date")]
        assert not any(detail in query.first_message for detail in details)


def test_the_instruction_holds_every_goal_and_every_moment_that_the_request_speaks_of() -> None:
    templates = {template.id: template for template in clinic().task_templates}
    for query in clinic().queries:
        instance = _task(query).instance
        wanted = query.instruction.count("want to ") - query.instruction.count("only want to ")
        assert wanted == len(templates[instance.template].goals)
        moments = [moment for slot in instance.slots for moment in MOMENT.findall(slot.text)]
        assert all(moment in query.instruction for moment in moments)


def test_the_conditions_to_stop_are_the_three_that_a_conversation_can_end_with() -> None:
    for query in clinic().queries:
        assert [condition.split()[1] for condition in query.stop_conditions] == [STOP, TRANSFER, OUT_OF_SCOPE]
    assert len({query.stop_conditions for query in clinic().queries}) == 4


def test_a_rejected_task_gets_no_query() -> None:
    world = clinic()
    tasks = [world.validated_tasks[0].model_copy(update={"rejection": "made up"}), *world.validated_tasks[1:]]

    topic = world.domain_topics
    found = make_queries(
        world.author, topic.role, topic.seed, world.spec, world.task_templates, tasks, world.population
    )

    assert [query.task for query in found] == [task.id for task in tasks[1:]]
    assert [query.first_message for query in found] == [query.first_message for query in world.queries[1:]]


def test_a_user_who_has_told_all_details_is_not_said_to_have_none() -> None:
    insufficient = [query for query in clinic().queries if query.task_kind == "insufficient"]
    for query in insufficient:
        told = any(slot.goal >= 0 for slot in _task(query).instance.slots)
        assert told == any(word in query.instruction for word in ("these details", "you remember of it"))
    assert len({any(s.goal >= 0 for s in _task(query).instance.slots) for query in insufficient}) == 2


def test_personas_are_heard_in_the_messages() -> None:
    people = {person.id: person.persona for person in clinic().population}
    hurried = [q.instruction for q in clinic().queries if people[q.persona].patience == "in a hurry"]

    assert hurried
    assert all("You are in a hurry" in instruction for instruction in hurried)
    assert len({query.first_message for query in clinic().queries}) > INSTANCES * 3 // 4
