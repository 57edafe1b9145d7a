"""The generated tests are worth something: each fault planted in a specification makes them fail."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from agentskiller_assets.core.spec import Column, EnvironmentSpec, Tool
from agentskiller_assets.environment.alterations import mutants, other
from agentskiller_assets.environment.case_finder import find_cases, tried_cases
from agentskiller_assets.environment.cases import CaseTable, broken_cases
from agentskiller_assets.environment.mutations import is_caught, mutation_score, with_fault
from agentskiller_assets.environment.server_module import write_server_module, write_server_tests
from agentskiller_assets.runtime import Environment
from resources.sandbox import run_pytest
from tests.runtime.specs import library_with, tool
from tests.scenario import LIBRARY, library


@cache
def cases() -> CaseTable:
    """The cases of the sound library."""
    return find_cases(library())


def edited(name: str, edit: Callable[[str], str]) -> EnvironmentSpec:
    """The library with the text of one tool changed."""
    changed = Tool.model_validate_json(edit(LIBRARY.tool(name).model_dump_json()))
    assert changed != LIBRARY.tool(name)
    tools = tuple(changed if each.name == name else each for each in LIBRARY.tools)
    return LIBRARY.model_copy(update={"tools": tools})


def without_rule(name: str, code: str) -> EnvironmentSpec:
    """The library with one rule less."""
    changed = LIBRARY.tool(name)
    rules = tuple(rule for rule in changed.rules if rule.code != code)
    tools = tuple(t.model_copy(update={"rules": rules}) if t is changed else t for t in LIBRARY.tools)
    return LIBRARY.model_copy(update={"tools": tools})


FAULTS = {
    "missing rule": without_rule("borrow_book", "TOO_MANY_LOANS"),
    "wrong comparison": edited("renew_loan", lambda text: text.replace("loan.renewals < 2", "loan.renewals > 2")),
    "missing ownership": edited("renew_loan", lambda text: text.replace(" AND loan.member_id = :me", "")),
    "wrong column": edited("return_book", lambda text: text.replace("julianday(due_on)", "julianday(borrowed_on)")),
    "wrong effect": edited("reserve_book", lambda text: text.replace("'waiting', :note", "'ready', :note")),
    "missing transition": edited("return_book", lambda text: text.replace("SET status = 'returned', ", "SET ")),
    "other order": edited("list_my_loans", lambda text: text.replace("ORDER BY ", "ORDER BY l.loan_id DESC, ")),
    "looser bound": edited("borrow_book", lambda text: text.replace('"maximum":28.0', '"maximum":99.0')),
    "optional parameter": edited("reserve_book", lambda text: text.replace('"required":true', '"required":false')),
    "wrong statement": edited("renew_loan", lambda text: text.replace("can be renewed twice", "can be renewed once")),
}
IN_SCHEMAS = {"looser bound", "optional parameter"}
"""Faults of which the in-process table, which holds well-formed calls, knows nothing."""


def test_all_cases_hold_in_the_sound_library():
    assert broken_cases(library(), cases()) == []
    assert cases().gaps == ()


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - IN_SCHEMAS))
def test_a_planted_fault_breaks_a_case(fault):
    spec = FAULTS[fault]
    environment = Environment(spec, library().image)
    assert broken_cases(environment, cases())


@pytest.mark.parametrize("fault", ["missing ownership", *sorted(IN_SCHEMAS)])
def test_a_server_with_a_planted_fault_fails_in_the_sandbox(fault):
    files = {
        "server.py": write_server_module(FAULTS[fault], "Policy"),
        "test_server.py": write_server_tests(LIBRARY, cases()),
        "image.sqlite": library().image,
    }
    report = run_pytest(files)
    assert not report.ok
    assert report.passed > report.failed > 0


FAULTS_OF = {
    "renew_loan: RENEWAL_LIMIT is negated",
    "renew_loan: RENEWAL_LIMIT turns round 'loan.renewals < 2' (1)",
    "renew_loan: RENEWAL_LIMIT moves 'loan.renewals < 2' by one (1)",
    "renew_loan: LOAN_NOT_FOUND does not look at loan.member_id = :me",
    "renew_loan: LOAN_NOT_FOUND negates loan.member_id = :me",
    "renew_loan: effect 1 changes every row",
    "renew_loan: effect 1 does not set renewals",
    "renew_loan: effect 1 sets another due_on",
    "renew_loan: result has no due_on",
    "reserve_book: effect 1 inserts another status",
    "reserve_book: effect 1 inserts another note",
    "list_my_reservations: result is in another order",
    "search_books: result has author as title",
}


def test_every_rule_bind_effect_and_result_is_removed_and_altered_in_turn():
    faults = [mutant.fault for mutant in mutants(LIBRARY)]
    assert len(set(faults)) == len(faults)
    for each in LIBRARY.tools:
        assert {f"{each.name}: {refusal.code} does not refuse" for refusal in each.refusals} <= set(faults)
        assert {f"{each.name}: {rule.code} is negated" for rule in each.rules} <= set(faults)
        assert {f"{each.name}: effect {n + 1} is missing" for n in range(len(each.effects))} <= set(faults)
        assert {f"{each.name}: result has no {column.name}" for column in each.returns.columns} <= set(faults)
    assert set(faults) >= FAULTS_OF


def test_every_altered_tool_differs_and_compiles_so_that_only_its_behaviour_can_give_it_away():
    for mutant in mutants(LIBRARY):
        if mutant.without is None:
            assert mutant.tool != LIBRARY.tool(mutant.tool.name)
            assert with_fault(library(), mutant) is not None, mutant.fault


def test_the_generated_cases_catch_every_mutant():
    score = mutation_score(library(), cases())
    assert (score.score, score.survivors) == (1.0, ())
    assert score.total > 150


def test_what_was_caught_while_cases_were_sought_is_caught_by_them():
    table, caught = tried_cases(library())
    known = {mutant.fault: mutant for mutant in mutants(LIBRARY)}
    assert len(caught) > 100
    assert all(is_caught(library(), known[fault], table) for fault in caught)
    assert mutation_score(library(), table, caught) == mutation_score(library(), table)


def test_tests_that_look_at_nothing_catch_nothing_and_say_so():
    score = mutation_score(library(), CaseTable({}, (), (), (), ()))
    assert score.score == 0.0
    assert len(score.survivors) == score.total


def test_dropping_the_cases_of_a_rule_shows_as_its_survivors():
    table = cases()
    kept = tuple(case for case in table.rejected if case.code != "REFERENCE_ONLY")
    score = mutation_score(library(), replace(table, rejected=kept))
    assert score.survivors == ("borrow_book: REFERENCE_ONLY does not refuse",)


def test_what_no_call_tells_apart_survives_and_is_named():
    always = {"code": "ALWAYS", "statement": "Nothing is too much.", "require": "loan.renewals >= 0"}
    where = "loan.loan_id = :loan_id AND loan.member_id = :me"
    bind = {"table": "loan", "where": where, "refusal": {"code": "NO_LOAN", "statement": "No such loan."}}
    parameter = {"name": "loan_id", "type": "ref", "refers_to": "loan.loan_id", "description": "The loan."}
    environment = library_with(tool("look", rules=[always], binds=[bind], parameters=[parameter]))
    score = mutation_score(environment, find_cases(environment))
    assert "look: ALWAYS does not refuse" in score.survivors
    assert score.score < 1.0


@pytest.mark.parametrize(
    ("require", "bound"),
    [(":days <= 21", 21), (":days < 15 - 0", 15), (":days >= 9 OR loan.renewals > 5", 9), ("3 <= :days", 3)],
)
def test_a_bound_on_a_parameter_is_tried_at_the_bound_itself(require, bound):
    rule = {"code": "BOUND", "statement": "There is a bound.", "require": require}
    where = "loan.loan_id = :loan_id AND loan.member_id = :me"
    bind = {"table": "loan", "where": where, "refusal": {"code": "NO_LOAN", "statement": "No such loan."}}
    parameters = [
        {"name": "loan_id", "type": "ref", "refers_to": "loan.loan_id", "description": "The loan."},
        {"name": "days", "type": "integer", "minimum": 1, "maximum": 30, "description": "Days."},
    ]
    environment = library_with(tool("ask", rules=[rule], binds=[bind], parameters=parameters))
    table = find_cases(environment)
    asked = {case.args["days"] for case in (*table.accepted, *table.rejected) if case.tool == "ask"}
    assert bound in asked
    found = {fault for fault in mutation_score(environment, table).survivors if fault.startswith("ask: BOUND")}
    assert not {fault for fault in found if ":days" in fault}


def test_a_state_that_a_rule_allows_too_much_is_told_by_a_record_in_that_state():
    rule = {"code": "OUT", "statement": "The loan is active.", "require": "loan.status IN ('active')"}
    where = "loan.loan_id = :loan_id AND loan.member_id = :me"
    bind = {"table": "loan", "where": where, "refusal": {"code": "NO_LOAN", "statement": "No such loan."}}
    parameter = {"name": "loan_id", "type": "ref", "refers_to": "loan.loan_id", "description": "The loan."}
    environment = library_with(tool("look", rules=[rule], binds=[bind], parameters=[parameter]))
    assert "look: OUT allows the state 'returned'" in {mutant.fault for mutant in mutants(environment.spec)}
    assert mutation_score(environment, find_cases(environment)).survivors == ()


@pytest.mark.parametrize("kind", ["enum", "boolean", "integer", "money", "date", "datetime", "text", "email", "ref"])
def test_another_value_is_another_one_also_in_place_of_nothing(kind):
    fields = {"values": ("a", "b")} if kind == "enum" else {"ref": "book"} if kind == "ref" else {}
    column = Column.model_validate({"name": "it", "type": kind, "description": "It.", **fields})
    values = {"enum": "'a'", "boolean": "1", "integer": "7", "money": "1.5", "date": "'2026-01-31'"}
    value = values.get(kind, "'2026-01-31 10:00:00'")
    text = other(LIBRARY, column, value)
    assert text is not None
    with library().fork() as session:
        assert session.query(f"SELECT ({text}) IS NOT {value}") == [(1,)]
        if kind != "ref":
            assert session.query(f"SELECT ({other(LIBRARY, column, 'NULL')}) IS NOT NULL") == [(1,)]
    assert other(LIBRARY, column.model_copy(update={"type": "enum", "values": ("only",)}), "'only'") is None


def test_a_rule_that_only_earlier_calls_can_break_gets_a_case_with_those_calls():
    phone = "(SELECT p.phone FROM person AS p JOIN member AS m ON m.person_id = p.person_id WHERE m.member_id = :me)"
    rule = {"code": "NEW_PHONE", "statement": "Not after a new number.", "require": f"{phone} <> '+1 555 010 9999'"}
    environment = library_with(tool("look", rules=[rule]))
    table = find_cases(environment)
    case = next(case for case in table.rejected if case.code == "NEW_PHONE")
    assert [name for name, _ in case.before] == ["update_contact_phone"]
    assert (table.gaps, broken_cases(environment, table)) == ((), [])


def test_an_effect_that_only_some_calls_have_gets_a_case_of_its_own():
    mine = "SELECT r.reservation_id FROM reservation AS r WHERE r.member_id = :me AND r.status = 'ready'"
    effects = [
        "UPDATE person SET city = 'Ashford' WHERE person_id = (SELECT person_id FROM member WHERE member_id = :me)",
        f"UPDATE reservation SET note = 'moved' WHERE reservation_id IN ({mine})",
    ]
    environment = library_with(tool("move", effects=effects))
    table = find_cases(environment)
    moved = [case for case in table.accepted if case.tool == "move"]
    assert any("reservation" in case.diff["updated"] for case in moved)
    assert table.gaps == ()
    score = mutation_score(environment, table)
    assert score.survivors == ()
