"""What is moved goes only where it could have been booked: within hours and horizon, and not where it is already."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from agentskiller_assets.environment.callers import Callers
from agentskiller_assets.environment.case_values import ValueSource
from agentskiller_assets.runtime import Environment, Ok, Refused
from tests.world import NOW, service

CHECKS, ROOMS, REPAIRS, PLOTS = (
    "vehicle_checks",
    "room_reservations",
    "heating_repairs",
    "allotment_licence_applications",
)
CHECK = "SELECT motorist_id, vehicle_check_id, starts_at FROM vehicle_check WHERE status = 'confirmed'"
MOVABLE_CHECK = f"{CHECK} AND times_moved = 0 AND starts_at > '2026-03-05'"
ROOM = "SELECT guest_id, room_reservation_id, arrival_day FROM room_reservation WHERE status = 'reserved'"
MOVABLE_ROOM = f"{ROOM} AND rate = 'flexible' AND times_moved = 0 AND arrival_day > '2026-03-10' AND nights "
EVERY_ROOM = "SELECT guest_id, room_reservation_id, arrival_day FROM room_reservation"
REPAIR = "SELECT tenant_id, heating_request_id, visit_date FROM heating_request WHERE status = 'scheduled'"
VISIT = "SELECT gardener_id, plot_visit_id, takes_place_at FROM plot_visit WHERE status = 'booked'"
MOVABLE_VISIT = f"{VISIT} AND times_moved = 0 AND takes_place_at > '2026-03-06'"
MOVABLE_REPAIR = f"{REPAIR} AND urgency = 'routine' AND times_moved = 0 AND visit_date > '2026-03-06'"


@pytest.mark.parametrize(
    ("days", "time", "code"),
    [
        (20, "10:00:00", None),
        (20, "10:30:00", None),
        (60, "15:00:00", None),
        (20, "03:17:23", "NEW_TIME_OUTSIDE_OPENING_HOURS"),
        (20, "21:00:00", "NEW_TIME_OUTSIDE_OPENING_HOURS"),
        (20, "10:10:00", "NEW_TIME_OUTSIDE_OPENING_HOURS"),
        (20, "10:00:01", "NEW_TIME_OUTSIDE_OPENING_HOURS"),
        (61, "15:00:00", "NEW_TIME_TOO_FAR_AHEAD"),
        (2900000, "15:00:00", "NEW_TIME_TOO_FAR_AHEAD"),
    ],
)
def test_a_booking_is_moved_to_opening_hours_within_the_horizon(days: int, time: str, code: str | None) -> None:
    moved = _moved(CHECKS, MOVABLE_CHECK, "reschedule_vehicle_check", new_starts_at=f"{_day(days)} {time}")

    assert moved == code


@pytest.mark.parametrize(
    ("nights", "days", "code"),
    [
        ("= 1", 31, None),  # a Thursday
        ("> 1", 32, None),  # a Friday
        ("= 1", 32, "MOVED_TO_A_WEEKEND_FOR_ONE_NIGHT"),
        ("= 1", 33, "MOVED_TO_A_WEEKEND_FOR_ONE_NIGHT"),
        ("> 1", 120, None),
        ("> 1", 121, "MOVED_TO_TOO_LATE_A_DAY"),
        ("= 1", 2900001, "MOVED_TO_TOO_LATE_A_DAY"),
    ],
)
def test_a_stay_is_moved_within_the_horizon_and_not_to_a_weekend_for_one_night(
    nights: str, days: int, code: str | None
) -> None:
    assert _moved(ROOMS, MOVABLE_ROOM + nights, "move_room_reservation", new_arrival_day=_day(days)) == code


@pytest.mark.parametrize(("days", "code"), [(9, None), (2, "NEW_ROUTINE_VISIT_TOO_SOON"), (0, "NEW_VISIT_TOO_SOON")])
def test_a_routine_visit_is_moved_as_far_ahead_as_it_is_arranged(days: int, code: str | None) -> None:
    given = {"new_visit_date": _day(days), "new_time_of_day": "morning"}

    assert _moved(REPAIRS, MOVABLE_REPAIR, "move_heating_request_visit", **given) == code


@pytest.mark.parametrize(("days", "code"), [(21, None), (22, "NEW_TIME_TOO_FAR_OFF")])
def test_an_inspection_is_moved_within_the_horizon(days: int, code: str | None) -> None:
    assert _moved(PLOTS, MOVABLE_VISIT, "move_plot_visit", new_time=f"{_day(days)} 14:45:00") == code


def test_nothing_is_moved_to_where_it_is() -> None:
    for domain, rows, tool, argument in (
        (CHECKS, MOVABLE_CHECK, "reschedule_vehicle_check", "new_starts_at"),
        (PLOTS, MOVABLE_VISIT, "move_plot_visit", "new_time"),
    ):
        _, _, present = _rows(domain, rows)[0]
        assert _moved(domain, rows, tool, **{argument: present}) == "MOVED_TO_THE_SAME_TIME"


def test_a_stay_says_until_when_it_can_be_cancelled_only_if_it_can_be() -> None:
    """`cancellable_until` is empty exactly where the cancellation is refused."""
    shown = {True: 0, False: 0}
    for me, key, _ in _rows(ROOMS, EVERY_ROOM):
        with _environment(ROOMS).fork() as session:
            authorizer = _environment(ROOMS).spec.authorizer.name
            if not isinstance(session.call(authorizer, _identity(ROOMS, me)), Ok):
                continue  # a guest whose account is closed
            details = session.call("get_room_reservation_details", {"room_reservation_id": key})
            cancelled = session.call("cancel_room_reservation", {"room_reservation_id": key})
        assert isinstance(details, Ok)
        until = details.result["cancellable_until"]
        assert (until is not None) == isinstance(cancelled, Ok)
        shown[until is not None] += 1

    assert min(shown.values()) > 5


def _moved(domain: str, rows: str, tool: str, **given: str) -> str | None:
    """The code with which the owner of the first of these rows is refused; None for whoever is not."""
    me, key, _ = _rows(domain, rows)[0]
    with _environment(domain).fork() as session:
        spec = _environment(domain).spec
        assert isinstance(session.call(spec.authorizer.name, _identity(domain, me)), Ok)
        outcome = session.call(tool, {spec.tool(tool).parameters[0].name: key, **given})
    assert isinstance(outcome, Ok | Refused)
    return outcome.code if isinstance(outcome, Refused) else None


def _day(days: int) -> str:
    return str(datetime.fromisoformat(NOW).date() + timedelta(days=days))


def _rows(domain: str, rows: str) -> list[tuple[str, str, str]]:
    """Owner, key and time of what a query finds."""
    with _environment(domain).fork() as session:
        return [(str(me), str(key), str(time)) for me, key, time in session.query(f"{rows} ORDER BY 2")]


def _identity(domain: str, me: str) -> dict[str, Any]:
    """What somebody identifies themselves with."""
    environment = _environment(domain)
    with environment.fork() as session:
        return Callers(environment.spec, session, ValueSource(environment.spec, session)).identity(me)


@cache
def _environment(domain: str) -> Environment:
    """A service with 150 people and 150 rows in every table."""
    return service(domain, 150, 150)
