"""Sessions that a host keeps: isolated, limited, forked, reset and forgotten."""

import pytest

from agentskiller_assets.runtime import Ok, Refused
from agentskiller_assets.serving import Limits, SessionHost
from agentskiller_assets.serving.host import (
    Call,
    HostFullError,
    PreparationError,
    SessionNameError,
    SessionNotFoundError,
)
from tests.scenario import AMELIA, GIULIA, library

IDENTIFY = Call(tool="authorize_member", arguments=AMELIA)
RENEW = Call(tool="renew_loan", arguments={"loan_id": "LOA-401"})


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def host(**limits: float) -> tuple[SessionHost, Clock]:
    clock = Clock()
    return SessionHost(library(), Limits.model_validate(limits), clock), clock


def test_what_one_session_changes_no_other_sees():
    kept, _ = host()
    first, second = kept.create(calls=[IDENTIFY]), kept.create(calls=[IDENTIFY])

    assert isinstance(kept.session(first).call(RENEW.tool, RENEW.arguments), Ok)

    assert kept.state(first)["diff"]["updated"]["loan"][0]["key"] == "LOA-401"
    assert kept.state(second)["diff"] == {"inserted": {}, "updated": {}, "deleted": {}}


def test_names_that_nobody_chose_are_long_and_different():
    kept, _ = host()
    names = {kept.create() for _ in range(50)}
    assert len(names) == 50
    assert min(map(len, names)) >= 20


def test_a_fork_has_the_state_of_its_original_and_goes_its_own_way():
    kept, _ = host()
    original = kept.create(calls=[IDENTIFY, RENEW])
    fork = kept.fork(original)
    assert kept.state(fork) == {**kept.state(original), "session": fork}

    first = kept.session(fork).call("list_my_loans", {})
    assert first == kept.session(original).call("list_my_loans", {})
    assert kept.session(fork).call("authorize_member", GIULIA) == Refused(
        "ALREADY_IDENTIFIED", "A conversation serves the person who was identified first."
    )
    again = kept.session(fork).call(RENEW.tool, RENEW.arguments)
    assert kept.state(original)["diff"]["updated"]["loan"][0]["changes"]["renewals"] == [0, 1]
    assert isinstance(again, Ok)
    assert kept.state(fork)["diff"]["updated"]["loan"][0]["changes"]["renewals"] == [0, 2]


def test_a_reset_session_is_what_it_was_when_it_was_created():
    kept, _ = host()
    name = kept.create(calls=[IDENTIFY, RENEW])
    created = kept.state(name)
    kept.session(name).call(RENEW.tool, RENEW.arguments)
    assert kept.state(name)["digest"] != created["digest"]

    kept.reset(name)
    assert kept.state(name) == created


def test_a_session_that_cannot_be_prepared_is_not_opened():
    kept, _ = host()
    with pytest.raises(PreparationError, match=r"call 2 \(renew_loan\) came to .*'outcome': 'refused'"):
        kept.create("amelia", [IDENTIFY, Call(tool="renew_loan", arguments={"loan_id": "LOA-999"})])
    assert kept.names == []


def test_sessions_that_nobody_uses_expire_and_those_in_use_do_not():
    kept, clock = host(idle_s=60)
    used, forgotten = kept.create("used"), kept.create("forgotten")
    clock.now = 50
    kept.touch(used)
    clock.now = 100

    assert kept.expire() == [forgotten]
    assert kept.names == [used]
    with pytest.raises(SessionNotFoundError):
        kept.session(forgotten)


def test_a_full_host_says_so_until_a_session_ends():
    kept, clock = host(most_sessions=2, idle_s=60)
    kept.create("a")
    clock.now = 30
    kept.create("b")
    with pytest.raises(HostFullError, match="all 2 sessions are in use"):
        kept.create("c")
    with pytest.raises(HostFullError):
        kept.fork("b")
    clock.now = 80
    assert kept.create("c") == "c", "the one that nobody uses makes room"
    kept.close("c")
    assert kept.create("d") == "d"


@pytest.mark.parametrize("name", ["", "a b", "../admin", "x" * 65, "é"])
def test_names_that_would_not_be_one_part_of_an_address_are_refused(name: str):
    with pytest.raises(SessionNameError):
        host()[0].create(name)


def test_a_name_is_given_once():
    kept, _ = host()
    kept.create("a")
    with pytest.raises(SessionNameError, match="there is one of this name"):
        kept.create("a")
