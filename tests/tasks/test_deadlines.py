"""The last day that a lookup tells is the last on which the server does it; if it tells none, the server refuses."""

from functools import cache
from typing import Any, NamedTuple

import pytest

from agentskiller_assets.runtime import Environment, Ok, Session
from tests.world import service

PEOPLE, ROWS, ENOUGH = 200, 160, 5
TODAY, IN_THREE_DAYS = "2026-03-02", "2026-03-05"


class Deadline(NamedTuple):
    """A column of a lookup, and the tool that it is about."""

    domain: str
    table: str
    column: str
    tool: str
    arguments: tuple[tuple[str, str | int], ...] = ()
    """Besides the row's key: such that nothing but the row can be a reason to refuse."""


@pytest.mark.parametrize(
    "deadline",
    [
        Deadline("shopping_point_rewards", "reward_redemption", "cancellable_until", "cancel_reward_redemption"),
        Deadline("language_courses", "course_enrolment", "withdrawable_until", "withdraw_from_course_enrolment"),
        Deadline("hamper_deliveries", "hamper_delivery", "cancellable_until", "cancel_hamper_delivery"),
        Deadline(
            "hamper_deliveries",
            "hamper_delivery",
            "day_changeable_until",
            "change_hamper_delivery_day",
            (("new_delivery_date", IN_THREE_DAYS),),
        ),
        Deadline(
            "computer_accessory_orders",
            "accessory_order",
            "returnable_until",
            "return_accessory_order",
            (("returned_quantity", 1), ("reason", "damage")),
        ),
        Deadline("internet_help_tickets", "internet_ticket", "reopenable_until", "reopen_internet_ticket"),
        Deadline(
            "bike_theft_claims",
            "theft_claim",
            "offer_ends_on",
            "accept_theft_claim_offer",
            (("payout_method", "bank_transfer"),),
        ),
    ],
    ids=lambda each: each.tool,
)
def test_a_lookup_tells_the_last_day_on_which_the_server_does_it(deadline: Deadline) -> None:
    environment = _environment(deadline.domain)
    key = environment.spec.table(deadline.table).key
    told: dict[str, bool] = {}
    done: dict[str, bool] = {}
    for caller, row in _rows_of_callers(environment, deadline.table):
        with _session_of(environment, caller) as session:
            until = _told(session, f"get_{deadline.table}_details", {key: row})[deadline.column]
            told[row] = until is not None and until >= TODAY
            done[row] = isinstance(session.call(deadline.tool, {key: row, **dict(deadline.arguments)}), Ok)

    assert done == told
    assert min(sum(told.values()), len(told) - sum(told.values())) >= ENOUGH


@cache
def _environment(domain: str) -> Environment:
    return service(domain, PEOPLE, ROWS)


def _rows_of_callers(environment: Environment, table: str) -> list[tuple[dict[str, Any], str]]:
    """Every row whose owner is served, as what identifies the owner and the row's key."""
    spec, role = environment.spec, environment.spec.table(environment.spec.core_entity)
    asked = spec.authorizer.parameters
    columns = ", ".join(str(parameter.matches) for parameter in asked)
    of_rows = (
        f"SELECT {table}.{spec.table(table).key}, {columns} FROM {table}"
        f" JOIN {role.name} ON {role.name}.{role.key} = {table}.{role.key}"
        f" JOIN person ON person.person_id = {role.name}.person_id WHERE {role.name}.active = 1 ORDER BY 1"
    )
    with environment.fork() as session:
        found = session.query(of_rows)
    return [({p.name: value for p, value in zip(asked, values, strict=True)}, row) for row, *values in found]


def _session_of(environment: Environment, caller: dict[str, Any]) -> Session:
    session = environment.fork()
    _told(session, environment.spec.authorizer.name, caller)
    return session


def _told(session: Session, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    outcome = session.call(tool, arguments)
    assert isinstance(outcome, Ok), outcome
    return outcome.result
