"""Sessions know nothing of each other, come back to the base, and replay to the same bytes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Ok, outcome_json, state_digest
from tests.runtime.specs import library_with, tool
from tests.scenario import AMELIA, GIULIA, HANA, LIBRARY, NOOR, TOBIAS, library, library_rows, session_of

NOTHING = {"inserted": {}, "updated": {}, "deleted": {}}
_KEYS = [row[table.key] for table in LIBRARY.tables for row in library_rows()[table.name]]
_VALUES = {
    "text": st.sampled_from(["x", "007", "it's"]),
    "integer": st.integers(5, 30),
    "money": st.sampled_from([0, 20, 18.9, 0.001]),
    "boolean": st.booleans(),
    "date": st.sampled_from([AMELIA["date_of_birth"], HANA["date_of_birth"]]),
    "datetime": st.sampled_from(["2026-03-02 10:00:00", "2026-03-09 10:00:00"]),
    "email": st.sampled_from([AMELIA["email"], HANA["email"]]),
    "phone": st.sampled_from(["1", "01", "+1 555 010 0166"]),
    "ref": st.sampled_from([*_KEYS, "LOA-411", "RES-505", "nothing"]),
}


def _value(parameter):
    return st.sampled_from(parameter.values) if parameter.values else _VALUES[parameter.type]


def _call(specification):
    required = {p.name: _value(p) for p in specification.parameters if p.required}
    optional = {p.name: _value(p) for p in specification.parameters if not p.required}
    return st.tuples(st.just(specification.name), st.fixed_dictionaries(required, optional=optional))


CALLS = st.lists(st.one_of(*map(_call, LIBRARY.tools)), max_size=12)
PEOPLE = st.sampled_from([AMELIA, TOBIAS, NOOR, GIULIA, HANA])


def _play(session, person, calls):
    outcomes = [session.call("authorize_member", person), *(session.call(name, args) for name, args in calls)]
    return canonical_json([outcome_json(outcome) for outcome in outcomes])


@settings(max_examples=80, deadline=None)
@given(PEOPLE, CALLS)
def test_replaying_the_calls_gives_the_same_bytes(person, calls):
    with library().fork() as first, library().fork() as second, library().fork() as third:
        assert _play(first, person, calls) == _play(second, person, calls)
        assert canonical_json(first.diff()) == canonical_json(second.diff())
        first.reset()
        assert (first.diff(), first.me) == (NOTHING, None)
        assert _play(first, person, calls) == _play(third, person, calls)
        assert first.digest() == second.digest()


@settings(max_examples=40, deadline=None)
@given(CALLS, CALLS, st.data())
def test_interleaved_sessions_do_what_they_do_alone(left, right, data):
    with session_of(AMELIA) as one, session_of(HANA) as other:
        pending = [(one, iter(left), []), (other, iter(right), [])]
        outcomes = [pending[0][2], pending[1][2]]
        while pending:
            session, calls, results = data.draw(st.sampled_from(pending))
            following = next(calls, None)
            if following is None:
                pending = [entry for entry in pending if entry[0] is not session]
            else:
                results.append(session.call(*following))
        with session_of(AMELIA) as alone:
            assert [alone.call(*call) for call in left] == outcomes[0]
            assert alone.diff() == one.diff()
        with session_of(HANA) as alone:
            assert [alone.call(*call) for call in right] == outcomes[1]
            assert alone.diff() == other.diff()


@settings(max_examples=60, deadline=None)
@given(PEOPLE, CALLS)
def test_only_calls_that_are_carried_out_change_the_state(person, calls):
    with session_of(person) as session:
        for name, args in calls:
            before = session.digest()
            if not isinstance(session.call(name, args), Ok) or LIBRARY.tool(name).access == "read":
                assert session.digest() == before


def test_reset_is_the_fork_again_and_may_be_repeated():
    with session_of(AMELIA) as session:
        session.call("borrow_book", {"book_id": "BOK-305"})
        for _ in range(2):
            session.reset()
            assert (session.me, session.diff()) == (None, NOTHING)
        session.call("authorize_member", AMELIA)
        outcome = session.call("borrow_book", {"book_id": "BOK-305"})
        assert isinstance(outcome, Ok)
        assert outcome.result["loan_id"] == "LOA-411"


def test_a_closed_session_is_clean_for_the_next_and_unusable_itself():
    session = session_of(AMELIA)
    session.call("update_contact_phone", {"phone": "1"})
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="the session is closed"):
        session.call("get_member_profile", {})
    with session_of(AMELIA) as fresh:
        assert fresh.digest() == state_digest(NOTHING)
        assert fresh.query("SELECT phone FROM person WHERE person_id = ?", ("PRS-101",)) == [("+1 555 010 0141",)]


def test_many_live_sessions_never_share_a_connection():
    sessions = [session_of(AMELIA) for _ in range(20)]
    for number, session in enumerate(sessions):
        session.call("update_contact_phone", {"phone": str(number)})
    phones = [s.query("SELECT phone FROM person WHERE person_id = 'PRS-101'")[0][0] for s in sessions]
    for session in sessions:
        session.close()
    assert phones == [str(number) for number in range(20)]


def test_sessions_may_move_between_threads():
    def work(number):
        with session_of(AMELIA) as session:
            session.call("update_contact_phone", {"phone": f"{number}"})
            return session.diff()["updated"]["person"][0]["changes"]["phone"][1]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(100))) == [str(number) for number in range(100)]


def test_the_planner_reads_the_current_state():
    with session_of(AMELIA) as session:
        session.call("borrow_book", {"book_id": "BOK-305"})
        count = "SELECT COUNT(*) FROM loan WHERE member_id = :member AND status = 'active'"
        assert session.query(count, {"member": "MEM-201"}) == [(3,)]
        with pytest.raises(SpecError, match="no such column"):
            session.query("SELECT colour FROM loan")


def test_new_keys_continue_after_the_greatest_number_of_the_base():
    effects = [
        "INSERT INTO book VALUES (:new_id, 'New', 'Someone', 'novel', 1, 0, 10)",
        "INSERT INTO reservation VALUES ('RES-9', :me, :new_id, :now, :now, 'waiting', NULL)",
    ]
    with session_of(AMELIA, library_with(tool(effects=effects))) as session:
        assert isinstance(session.call("probe", {}), Ok)
        assert session.query("SELECT book_id FROM reservation WHERE reservation_id = 'RES-9'") == [("BOK-309",)]
