"""The checks of the environment find what is planted, and name it."""

from typing import Any

import pytest

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import Rule
from agentskiller_assets.environment.checks import (
    blueprint_checks,
    database_checks,
    policy_checks,
    server_checks,
    tool_list_checks,
)
from agentskiller_assets.environment.correction import Answer
from agentskiller_assets.environment.models import Blueprint, PolicyEntry
from tests.checks.planting import Case, Garden, Planted, altered, assert_found
from tests.world import Clinic

garden = Garden()


@garden.plants(blueprint_checks, "closed_world")
def a_rule_about_a_column_that_does_not_exist(world: Clinic) -> Planted:
    rule = Rule(code="PATIENT_TOO_YOUNG", statement="Patients are adults.", require="doctor.patient_age >= 18")
    blueprint = _with_rules(world, "book_appointment", rule)
    return Planted({"blueprints": blueprint}, f"{blueprint.id}: clinic_appointments.book_appointment.rule")


@garden.plants(blueprint_checks, "enough_rules")
def a_service_that_allows_everything(world: Clinic) -> Planted:
    tools = tuple(
        tool.model_copy(update={"rules": tool.rules[:1] * bool(tool.authorizes)}) for tool in world.spec.tools
    )
    blueprint = _with_spec(world, tools=tools)
    return Planted({"blueprints": blueprint}, f"{blueprint.id}: only 1 rules")


@garden.plants(blueprint_checks, "readable")
def a_statement_in_column_names(world: Clinic) -> Planted:
    rule = Rule(
        code="NO_FEE", statement="The consultation_fee must not be zero.", require="doctor.consultation_fee > 0"
    )
    blueprint = _with_rules(world, "book_appointment", rule)
    return Planted({"blueprints": blueprint}, f"{blueprint.id} NO_FEE")


@garden.plants(tool_list_checks, "valid_schemas")
def an_output_schema_of_no_known_type(world: Clinic) -> Planted:
    tools = altered(world.tool_lists, 2, output_schema={"type": "row"})
    return Planted({"tool_lists": tools}, tools[2].id)


@garden.plants(tool_list_checks, "valid_schemas")
def an_input_schema_with_a_list_for_an_object(world: Clinic) -> Planted:
    function = {"type": "function", "function": {"name": "x", "parameters": {"properties": ["day"]}}}
    tools = altered(world.tool_lists, 0, function=function)
    return Planted({"tool_lists": tools}, tools[0].id)


@garden.plants(tool_list_checks, "safe_names")
def a_name_with_a_dot(world: Clinic) -> Planted:
    tools = altered(world.tool_lists, 3, name="clinic.book")
    return Planted({"tool_lists": tools}, tools[3].id)


@garden.plants(tool_list_checks, "safe_names")
def a_name_that_two_tools_have(world: Clinic) -> Planted:
    tools = altered(world.tool_lists, 3, name=world.tool_lists[0].name)
    return Planted({"tool_lists": tools}, tools[3].id)


@garden.plants(database_checks, "row_counts")
def a_table_with_a_row_too_few(world: Clinic) -> Planted:
    rows = _with_rows(world, "doctor", world.databases.rows["doctor"][:-1])
    return Planted({"databases": rows}, f"{rows.id}: doctor has 79 rows, not 80")


@garden.plants(database_checks, "row_counts")
def a_table_that_is_not_there(world: Clinic) -> Planted:
    rest = {name: found for name, found in world.databases.rows.items() if name != "appointment"}
    rows = world.databases.model_copy(update={"rows": rest})
    return Planted({"databases": rows}, f"{rows.id}: appointment has 0 rows")


@garden.plants(database_checks, "keys_unique")
def a_key_that_two_rows_have(world: Clinic) -> Planted:
    doctors = world.databases.rows["doctor"]
    rows = _with_rows(world, "doctor", (*doctors[:-1], doctors[0]))
    return Planted({"databases": rows}, "row:clinic_appointments.doctor.DOC-10001")


@garden.plants(database_checks, "rows_valid")
def a_state_that_is_not_one(world: Clinic) -> Planted:
    return Planted({"databases": _with_appointment(world, status="unclear")}, "row 'APT-10001'")


@garden.plants(database_checks, "rows_valid")
def a_reference_to_nobody(world: Clinic) -> Planted:
    return Planted({"databases": _with_appointment(world, doctor_id="DOC-99999")}, "row 'APT-10001'")


@garden.plants(database_checks, "rows_valid")
def a_price_out_of_bounds(world: Clinic) -> Planted:
    return Planted({"databases": _with_appointment(world, price=-1.0)}, "row 'APT-10001'")


@garden.plants(database_checks, "invariants_hold")
def an_appointment_that_was_completed_in_the_future(world: Clinic) -> Planted:
    rows = _with_appointment(world, status="completed", starts_at="2027-01-04 10:00:00")
    return Planted({"databases": rows}, "row:clinic_appointments.appointment.APT-10001 breaks: A completed")


@garden.plants(policy_checks, "round_trips")
def a_document_without_its_end(world: Clinic) -> Planted:
    policy = _with_document(world, "<!-- POLICY_END -->", "")
    return Planted({"policies": policy}, f"{policy[0].id}: policy: marker POLICY_END is missing")


@garden.plants(policy_checks, "round_trips")
def a_sentence_that_no_marker_covers(world: Clinic) -> Planted:
    policy = _with_document(world, "## General rules", "Be kind.\n\n## General rules\n\n- And never rude.")
    return Planted({"policies": policy}, policy[0].id)


@garden.plants(policy_checks, "round_trips")
def a_clause_that_the_document_words_otherwise(world: Clinic) -> Planted:
    policy = altered(world.policies, 4, text="Anything goes.")
    return Planted({"policies": policy}, policy[4].id)


@garden.plants(policy_checks, "covers_everything")
def a_rule_that_the_policy_leaves_out(world: Clinic) -> Planted:
    rule = Rule(code="NOT_ON_MONDAYS", statement="Nothing is booked on Mondays.", require=":starts_at <> ''")
    blueprint = _with_rules(world, "book_appointment", rule)
    return Planted({"blueprints": blueprint}, f"{blueprint.id}: rule NOT_ON_MONDAYS of book_appointment")


@garden.plants(policy_checks, "covers_everything")
def a_tool_that_the_policy_leaves_out(world: Clinic) -> Planted:
    extra = world.spec.tools[-1].model_copy(update={"name": "send_reminder"})
    blueprint = _with_spec(world, tools=(*world.spec.tools, extra))
    return Planted({"blueprints": blueprint}, f"{blueprint.id}: tool send_reminder")


@garden.plants(policy_checks, "readable")
def a_rule_code_in_a_sentence(world: Clinic) -> Planted:
    clause = next(entry for entry in world.policies if entry.entry == "clause")
    policy = _with_document(world, clause.text, f"{clause.text} See CANCELLATION_WINDOW_CLOSED.")
    return Planted({"policies": policy}, policy[0].id)


@garden.plants(server_checks, "server_tests")
def a_generated_test_that_failed(world: Clinic) -> Planted:
    server = world.mcp_servers.model_copy(update={"failed": 1, "failures": ("test_cancel_appointment",)})
    return Planted({"mcp_servers": server}, f"{server.id}: test_cancel_appointment")


@garden.plants(server_checks, "server_tests")
def failures_without_a_name(world: Clinic) -> Planted:
    server = world.mcp_servers.model_copy(update={"failed": 2})
    return Planted({"mcp_servers": server}, f"{server.id}: 2 tests failed")


@garden.plants(server_checks, "server_tests")
def a_module_without_any_test(world: Clinic) -> Planted:
    server = world.mcp_servers.model_copy(update={"passed": 0})
    return Planted({"mcp_servers": server}, f"{server.id}: no test was collected")


@garden.plants(server_checks, "server_tests")
def a_server_that_its_author_could_not_correct(world: Clinic) -> Planted:
    fault = Answer(
        domain="clinic_appointments",
        tool="book_appointment",
        fragment="rule DOCTOR_ALREADY_TAKEN",
        test="test_a_call_within_the_rules_is_carried_out[book_appointment]",
        message="refuses a call within the rules",
        answer="declined",
    )
    server = world.mcp_servers.model_copy(update={"failed": 1, "failures": (str(fault),)})
    named = (
        "clinic_appointments.book_appointment.rule DOCTOR_ALREADY_TAKEN: refuses a call within the rules (test test_a"
    )
    return Planted({"mcp_servers": server}, f"{server.id}: {named}")


@garden.plants(server_checks, "mutants_caught")
def a_removed_rule_that_no_test_noticed(world: Clinic) -> Planted:
    server = world.mcp_servers.model_copy(update={"caught": 11, "survivors": ("ALREADY_WAITING",)})
    return Planted({"mcp_servers": server}, f"{server.id}: ALREADY_WAITING survives")


@garden.plants(server_checks, "mutants_caught")
def fewer_caught_than_there_were(world: Clinic) -> Planted:
    server = world.mcp_servers.model_copy(update={"caught": 11})
    return Planted({"mcp_servers": server}, server.id)


@garden.plants(server_checks, "mutants_caught")
def a_server_that_was_never_mutated(world: Clinic) -> Planted:
    server = world.mcp_servers.model_copy(update={"mutants": 0, "caught": 0})
    return Planted({"mcp_servers": server}, f"{server.id}: nothing was mutated")


@pytest.mark.parametrize("case", garden.cases, ids=str)
def test_a_planted_fault_fails_its_check_which_names_the_record(case: Case) -> None:
    assert_found(case)


def _with_spec(world: Clinic, **changes: Any) -> Blueprint:
    return world.blueprints.model_copy(update={"spec": world.spec.model_copy(update=changes)})


def _with_rules(world: Clinic, name: str, *rules: Rule) -> Blueprint:
    """The blueprint with more rules for one tool."""
    tools = [t.model_copy(update={"rules": (*t.rules, *rules)}) if t.name == name else t for t in world.spec.tools]
    return _with_spec(world, tools=tuple(tools))


def _with_rows(world: Clinic, table: str, rows: tuple[dict[str, Any], ...]) -> EnvironmentRows:
    return world.databases.model_copy(update={"rows": {**world.databases.rows, table: rows}})


def _with_appointment(world: Clinic, **changes: Any) -> EnvironmentRows:
    """The database with a changed first appointment."""
    first, *others = world.databases.rows["appointment"]
    return _with_rows(world, "appointment", ({**first, **changes}, *others))


def _with_document(world: Clinic, old: str, new: str) -> list[PolicyEntry]:
    """The policy with one text of its document replaced."""
    assert old in world.policies[0].text
    return altered(world.policies, 0, text=world.policies[0].text.replace(old, new, 1))
