"""The generated tests are worth something: each fault planted in a specification makes them fail."""

from collections.abc import Callable
from functools import cache

import pytest

from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.cases import CaseTable, broken_cases
from agentskiller_assets.environment.mutations import mutants, mutation_score
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


def test_every_rule_bind_effect_and_assignment_is_removed_in_turn():
    faults = [mutant.fault for mutant in mutants(LIBRARY)]
    assert len(set(faults)) == len(faults)
    for each in LIBRARY.tools:
        assert {f"{each.name}: {refusal.code} does not refuse" for refusal in each.refusals} <= set(faults)
        assert {f"{each.name}: effect {n + 1} is missing" for n in range(len(each.effects))} <= set(faults)
    assert "renew_loan: LOAN_NOT_FOUND does not look at loan.member_id = :me" in faults
    assert "renew_loan: effect 1 does not set renewals" in faults


def test_the_generated_cases_catch_every_mutant():
    score = mutation_score(LIBRARY, library().image, lambda env: not broken_cases(env, cases(), stop_early=True))
    assert (score.score, score.survivors) == (1.0, ())


def test_tests_that_look_at_nothing_catch_nothing_and_say_so():
    score = mutation_score(LIBRARY, library().image, lambda _environment: True)
    assert score.score == 0.0
    assert len(score.survivors) == score.total


def test_dropping_the_case_of_a_rule_shows_as_its_survivor():
    table = cases()
    kept = tuple(case for case in table.rejected if case.code != "PICKUP_TOO_SOON")
    fewer = CaseTable(table.identities, table.accepted, kept, table.unfit, ())
    score = mutation_score(LIBRARY, library().image, lambda env: not broken_cases(env, fewer))
    assert score.survivors == ("reserve_book: PICKUP_TOO_SOON does not refuse",)


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
    score = mutation_score(environment.spec, environment.image, lambda faulty: not broken_cases(faulty, table))
    assert score.survivors == ()
