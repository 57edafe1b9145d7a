"""Two services in one environment lose nothing, change nothing in each other, and know people by one identity."""

import json
import re

import pytest

from agentskiller_assets.core.spec import EnvironmentSpec, space_of
from agentskiller_assets.errors import SpecError
from agentskiller_assets.fusion.environments import fuse_rows, fuse_specs, pair_key
from agentskiller_assets.fusion.namespaces import Namespace
from agentskiller_assets.runtime import Ok, Refused
from agentskiller_assets.runtime.diff import Diff
from agentskiller_assets.runtime.mcp_server import tool_definition
from tests.fusion.pairs import CLINIC, PAIR, PHARMACY, environment_of, plain, plain_rows, rows_of
from tests.runtime.fuzz import people, random_calls
from tests.runtime.specs import library_with, tool
from tests.scenario import LIBRARY

_NEW_KEY = re.compile(r"new:\w+:\d+")


def specs() -> tuple[EnvironmentSpec, EnvironmentSpec]:
    return rows_of(CLINIC).spec, rows_of(PHARMACY).spec


def test_defect_4_domains_with_tables_and_tools_of_the_same_name_fuse_with_nothing_lost() -> None:
    one, other = specs()
    assert {table.name for table in one.tables} & {table.name for table in other.tables} == {"person", "patient"}
    assert "identify_patient" in {tool.name for tool in one.tools} & {tool.name for tool in other.tools}

    spec, rows = plain_rows().spec, plain_rows().rows
    assert len(spec.tables) == len(one.tables) + len(other.tables) - 1
    assert len({table.name for table in spec.tables}) == len(spec.tables)
    assert len({tool.name for tool in spec.tools}) == len(spec.tools) == len(one.tools) + len(other.tools)
    for domain in (CLINIC, PHARMACY):
        for table in rows_of(domain).spec.tables:
            if table.name != "person":
                assert rows[f"{domain}__{table.name}"] == rows_of(domain).rows[table.name]
    assert {row["person_id"] for row in rows["person"]} == {
        row["person_id"] for domain in (CLINIC, PHARMACY) for row in rows_of(domain).rows["person"]
    }
    codes = [refusal.code for tool in spec.tools for refusal in tool.refusals]
    assert len(set(codes)) == len(codes) == sum(len(tool.refusals) for each in (one, other) for tool in each.tools)


@pytest.mark.parametrize("domain", [CLINIC, PHARMACY])
def test_every_call_of_one_service_has_the_outcome_and_the_changes_that_it_has_alone(domain: str) -> None:
    alone, space = environment_of(domain), Namespace(rows_of(domain).spec)
    for turn, person in enumerate(people(alone)[:12]):
        with alone.fork() as single, plain().fork() as both:
            calls = [(alone.spec.authorizer.name, person), *random_calls(alone, turn, 60)]
            for name, arguments in calls:
                if not isinstance(name, str):
                    continue
                expected, found = single.call(name, arguments), both.call(space.name(name), arguments)
                match expected:
                    case (
                        Ok()
                        | Refused(code="NOT_AUTHORIZED" | "ALREADY_IDENTIFIED" | "INCONSISTENT_CHANGE" | "NOT_FOUND")
                    ):
                        assert found == expected
                    case Refused(code, statement):
                        assert found == Refused(space.code(code), statement)
                    case _:
                        assert type(found) is type(expected)
            assert changes(both.diff()) == changes(single.diff(), space)


def test_no_two_tools_of_a_pair_look_alike_to_a_client() -> None:
    titles = [tool_definition(each).title for each in plain().spec.tools]
    assert "Identify the patient (clinic appointments)" in titles
    assert len(set(titles)) == len(titles)


def test_callers_are_identified_in_each_service_and_as_one_person() -> None:
    both = plain()
    clinic, pharmacy = (people(environment_of(domain)) for domain in (CLINIC, PHARMACY))
    identify = {domain: f"{domain}__identify_patient" for domain in (CLINIC, PHARMACY)}
    pairs = [(mine, other, _person(CLINIC, mine) == _person(PHARMACY, other)) for mine in clinic for other in pharmacy]
    same = next(
        (mine, other) for mine, other, one in pairs if one and _admits(CLINIC, mine) and _admits(PHARMACY, other)
    )
    stranger = next(other for mine, other, one in pairs if mine == same[0] and not one and _admits(PHARMACY, other))
    with both.fork() as session:
        assert isinstance(session.call(identify[CLINIC], same[0]), Ok)
        refused = session.call(f"{PHARMACY}__list_my_pharmacy_orders", {})
        assert refused == Refused("NOT_AUTHORIZED", "The caller must be identified first.")
        already = session.call(identify[PHARMACY], stranger)
        assert already == Refused("ALREADY_IDENTIFIED", "A conversation serves the person who was identified first.")
        assert isinstance(session.call(identify[PHARMACY], same[1]), Ok)
        assert isinstance(session.call(f"{PHARMACY}__list_my_pharmacy_orders", {}), Ok)
        roles = both.spec.roles
        assert [str(session.identified_as(role))[:3] for role in roles] == ["PAT", "PAT"]
        with session.fork() as twin:
            assert [twin.identified_as(role) for role in roles] == [session.identified_as(role) for role in roles]


def test_rows_descend_from_the_rows_of_their_domains() -> None:
    parents = plain_rows().row_parents
    person = plain_rows().rows["person"][0]["person_id"]
    key = rows_of(CLINIC).rows["appointment"][0]["appointment_id"]
    assert parents[f"row:{PAIR}.{CLINIC}__appointment.{key}"] == (f"row:{CLINIC}.appointment.{key}",)
    assert set(parents[f"row:{PAIR}.person.{person}"]) <= {f"row:{d}.person.{person}" for d in (CLINIC, PHARMACY)}


def test_a_literal_that_spells_a_table_is_not_renamed() -> None:
    spec = LIBRARY.model_copy(
        update={
            "tools": tuple(
                each.model_copy(update={"effects": ("UPDATE loan SET status = 'loan' WHERE loan.loan_id = :loan_id",)})
                if each.name == "renew_loan"
                else each
                for each in LIBRARY.tools
            )
        }
    )
    (renew,) = (each for each in Namespace(spec).tools() if each.name == "lending_library__renew_loan")
    assert renew.effects == (
        "UPDATE lending_library__loan SET status = 'loan' WHERE lending_library__loan.loan_id = :loan_id",
    )


def test_an_alias_that_shadows_a_table_is_refused() -> None:
    odd = tool("odd", rules=[{"code": "ODD", "statement": "Odd.", "require": "EXISTS (SELECT 1 FROM book AS loan)"}])
    with pytest.raises(SpecError, match="the alias loan is also the name of a table"):
        Namespace(library_with(odd).spec).tools()


def test_domains_of_different_times_or_people_are_not_fused() -> None:
    one, other = specs()
    with pytest.raises(SpecError, match=f"{PAIR}: it is 2026-03-02 09:00:00 in one and 2030-01-01 00:00:00"):
        fuse_specs(one, other.model_copy(update={"simulation_time": "2030-01-01 00:00:00"}))
    with pytest.raises(SpecError, match="know people by different columns"):
        fuse_specs(one, LIBRARY.model_copy(update={"simulation_time": one.simulation_time}))
    changed = rows_of(PHARMACY)
    moved = tuple({**row, "city": "Elsewhere"} for row in changed.rows["person"])
    altered = changed.model_copy(update={"rows": {**changed.rows, "person": moved}})
    with pytest.raises(SpecError, match=r"PER-\d+ is two different people"):
        fuse_rows(fuse_specs(one, other), rows_of(CLINIC), altered)


def test_pairs_are_named_in_one_order_and_names_tell_their_space() -> None:
    assert pair_key("b", "a") == pair_key("a", "b") == "a--b"
    with pytest.raises(SpecError):
        pair_key("a", "a")
    assert (space_of("a__b"), space_of("person")) == ("a", None)


def changes(diff: Diff, space: Namespace | None = None) -> dict[str, dict[str, list[str]]]:
    """What changed, tables in the name space. Keys of new rows are left out: they number rows by a hash of their
    table's name."""
    named = space.name if space else str
    return {
        kind: {
            named(table): sorted(_NEW_KEY.sub("new", json.dumps(row)) for row in rows) for table, rows in each.items()
        }
        for kind, each in diff.items()
    }


def _person(domain: str, identity: dict[str, str]) -> str | None:
    environment = environment_of(domain)
    with environment.fork() as session:
        outcome = session.call("identify_patient", identity)
        if not isinstance(outcome, Ok):
            return None
        return session.query("SELECT person_id FROM patient WHERE patient_id = ?", (session.me,))[0][0]


def _admits(domain: str, identity: dict[str, str]) -> bool:
    return _person(domain, identity) is not None
