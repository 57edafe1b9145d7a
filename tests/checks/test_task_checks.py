"""The checks of the tasks find what is planted, and name it."""

from typing import Any

import pytest

from agentskiller_assets.tasks.checks import (
    instance_checks,
    query_checks,
    template_checks,
    tool_graph_checks,
    validated_task_checks,
)
from agentskiller_assets.tasks.models import Fact, Mutant, Query, ToolEdge, ToolGraph, ValidatedTask
from agentskiller_assets.tasks.queries import asked_values
from tests.checks.planting import Case, Garden, Planted, altered, assert_found
from tests.world import Clinic

garden = Garden()


@garden.plants(tool_graph_checks, "rooted_dag")
def a_circle(world: Clinic) -> Planted:
    back = ToolEdge(source="cancel_appointment", target="search_doctors", kind="storyline")
    there = ToolEdge(source="search_doctors", target="cancel_appointment", kind="storyline")
    graph = _with_edges(world, (*world.tool_graphs.edges, back, there))
    return Planted({"tool_graphs": graph}, f"{graph.id}: goes in a circle")


@garden.plants(tool_graph_checks, "rooted_dag")
def a_tool_that_nothing_leads_to(world: Clinic) -> Planted:
    graph = _with_edges(world, tuple(e for e in world.tool_graphs.edges if e.target != "search_doctors"))
    return Planted({"tool_graphs": graph}, f"{graph.id}: has the roots")


@garden.plants(tool_graph_checks, "tools_exist")
def a_tool_that_the_blueprint_lacks(world: Clinic) -> Planted:
    graph = world.tool_graphs.model_copy(update={"reads": (*world.tool_graphs.reads, "read_minds")})
    return Planted({"tool_graphs": graph}, f"{graph.id}: 'read_minds'")


@garden.plants(tool_graph_checks, "tools_exist")
def a_tool_that_the_graph_lacks(world: Clinic) -> Planted:
    graph = world.tool_graphs.model_copy(update={"writes": world.tool_graphs.writes[1:]})
    return Planted({"tool_graphs": graph}, f"{graph.id}: {world.tool_graphs.writes[0]!r} is missing")


@garden.plants(template_checks, "placeholders_resolve")
def a_slot_without_a_value(world: Clinic) -> Planted:
    template = world.task_templates[0]
    goal = template.goals[0].model_copy(update={"requests": ("change it to {{ whatever }}",)})
    templates = altered(world.task_templates, 0, goals=(goal,))
    return Planted({"task_templates": templates}, f"{template.id}: slot 'whatever'")


@garden.plants(template_checks, "placeholders_resolve")
def an_opener_with_a_slot(world: Clinic) -> Planted:
    template = world.task_templates[0]
    goal = template.goals[0].model_copy(update={"openers": ("It is about {{ my }} phone.",)})
    templates = altered(world.task_templates, 0, goals=(goal,))
    return Planted({"task_templates": templates}, f"{template.id}: opener")


@garden.plants(template_checks, "kinds_present")
def no_template_to_refuse(world: Clinic) -> Planted:
    templates = [template for template in world.task_templates if template.task_kind != "refuse"]
    return Planted({"task_templates": templates}, "no template of kind 'refuse'")


@garden.plants(instance_checks, "distinct")
def the_same_request_under_another_id(world: Clinic) -> Planted:
    again = world.instance_combos[0].model_copy(update={"id": "instance_again"})
    return Planted({"instance_combos": [*world.instance_combos, again]}, "instance_again")


@garden.plants(validated_task_checks, "certificates_complete")
def a_task_with_a_step_that_is_not_ok(world: Clinic) -> Planted:
    tasks = _with_certificate(world, 0, gold_ok=False)
    return Planted({"validated_tasks": tasks}, f"{tasks[0].id} is emitted although a gold step is not Ok")


@garden.plants(validated_task_checks, "certificates_complete")
def a_task_that_a_mutant_solves(world: Clinic) -> Planted:
    tasks = _with_certificate(world, 3, mutants=(Mutant(fault="extra write", detail="book", score=1.0),))
    return Planted({"validated_tasks": tasks}, f"{tasks[3].id} is emitted although mutant scores: extra write")


@garden.plants(validated_task_checks, "certificates_complete")
def a_refusal_that_nobody_tried(world: Clinic) -> Planted:
    index = world.validated_tasks.index(world.task("refuse"))
    tasks = _with_certificate(world, index, probe_refused=None)
    return Planted({"validated_tasks": tasks}, f"{tasks[index].id} is emitted without a probe")


@garden.plants(validated_task_checks, "certificates_complete")
def a_refusal_that_was_not_tried_without_its_rule(world: Clinic) -> Planted:
    index = world.validated_tasks.index(world.task("refuse"))
    tasks = _with_certificate(world, index, probe_allowed_without_rule=None)
    return Planted({"validated_tasks": tasks}, f"{tasks[index].id} is emitted without a probe")


@garden.plants(validated_task_checks, "certificates_complete")
def a_rejection_with_no_fault_behind_it(world: Clinic) -> Planted:
    tasks = altered(world.validated_tasks, 2, rejection="it did not look right")
    return Planted({"validated_tasks": tasks}, f"{tasks[2].id} is rejected without a reason")


@garden.plants(validated_task_checks, "certificates_complete")
def no_tasks_at_all(_: Clinic) -> Planted:
    return Planted({"validated_tasks": []}, "there are no tasks")


@garden.plants(validated_task_checks, "enough_tasks")
def nine_tasks(world: Clinic) -> Planted:
    return Planted({"validated_tasks": world.validated_tasks[:9]}, "only 9 certified tasks")


@garden.plants(validated_task_checks, "enough_tasks")
def tasks_of_two_kinds(world: Clinic) -> Planted:
    kinds = ("fulfil", "refuse")
    tasks = [task for task in world.validated_tasks if task.task_kind in kinds]
    return Planted({"validated_tasks": tasks}, f"only {len(tasks)} certified tasks")


@garden.plants(query_checks, "complete")
def a_value_that_the_user_does_not_know(world: Clinic) -> Planted:
    name, value = asked_values(_task(world, world.queries[0]))[0]
    known = tuple(fact for fact in world.queries[0].known_info if fact.value != value)
    queries = altered(world.queries, 0, known_info=known)
    return Planted({"queries": queries}, f"{queries[0].id}: the user does not know {name}")


@garden.plants(query_checks, "grounded")
def a_fact_that_is_made_up(world: Clinic) -> Planted:
    made_up = Fact(label="city", type="text", value="Atlantis", text="Atlantis")
    queries = altered(world.queries, 1, known_info=(*world.queries[1].known_info, made_up))
    return Planted({"queries": queries}, f"{queries[1].id}: city = 'Atlantis' is made up")


@garden.plants(query_checks, "grounded")
def an_amount_that_is_said_but_not_known(world: Clinic) -> Planted:
    return _said(world, "I paid $1,234.50 for it.", "'$1,234.50' is said but not known")


@garden.plants(query_checks, "grounded")
def a_part_of_a_known_value_that_passes_for_it(world: Clinic) -> Planted:
    phone = next(i for i, q in enumerate(world.queries) if any(fact.type == "phone" for fact in q.known_info))
    number = next(fact.text for fact in world.queries[phone].known_info if fact.type == "phone")
    part = number.partition("-")[2].partition("-")[2][:3]
    text = f"{world.queries[phone].instruction} You live at number {part}."
    queries = altered(world.queries, phone, instruction=text)
    return Planted({"queries": queries}, f"{queries[phone].id}: {part!r} is said but not known")


@garden.plants(query_checks, "readable")
def a_key_in_a_message(world: Clinic) -> Planted:
    queries = altered(world.queries, 0, first_message="Please cancel APT-10042 and set starts_at to NULL.")
    return Planted({"queries": queries}, queries[0].id)


@garden.plants(query_checks, "readable")
def a_template_seam_in_an_instruction(world: Clinic) -> Planted:
    queries = altered(world.queries, 0, instruction="You want to cancel {{ appointment }}.")
    return Planted({"queries": queries}, queries[0].id)


@garden.plants(query_checks, "one_per_task")
def a_task_without_a_query(world: Clinic) -> Planted:
    return Planted({"queries": world.queries[1:]}, f"task {world.queries[0].task} has no query")


@garden.plants(query_checks, "one_per_task")
def a_task_with_two_queries(world: Clinic) -> Planted:
    again = world.queries[0].model_copy(update={"id": "query_again"})
    return Planted({"queries": [*world.queries, again]}, f"task {again.task} has 2 queries")


@pytest.mark.parametrize("case", garden.cases, ids=str)
def test_a_planted_fault_fails_its_check_which_names_the_record(case: Case) -> None:
    assert_found(case)


def _with_edges(world: Clinic, edges: tuple[ToolEdge, ...]) -> ToolGraph:
    return world.tool_graphs.model_copy(update={"edges": edges})


def _with_certificate(world: Clinic, index: int, **changes: Any) -> list[ValidatedTask]:
    """The tasks, with something in the certificate of one of them changed."""
    certificate = world.validated_tasks[index].certificate.model_copy(update=changes)
    return altered(world.validated_tasks, index, certificate=certificate)


def _task(world: Clinic, query: Query) -> ValidatedTask:
    return next(task for task in world.validated_tasks if task.id == query.task)


def _said(world: Clinic, words: str, fault: str) -> Planted:
    """The first query, with something more in its first message."""
    message = f"{world.queries[0].first_message} {words}"
    queries = altered(world.queries, 0, first_message=message)
    return Planted({"queries": queries}, f"{queries[0].id}: {fault}")
