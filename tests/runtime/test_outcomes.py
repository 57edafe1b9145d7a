"""One call has one outcome, decided in a fixed order."""

import json
from typing import Any

import pytest

from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Invalid, Ok, Refused, outcome_json
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from tests.runtime.specs import house, library_with, tool
from tests.scenario import AMELIA, GIULIA, HANA, LIBRARY, NOOR, SAMUEL, TOBIAS, library, session_of

PICKUP = "2026-03-05 10:00:00"
REFUSALS = [
    ("IDENTITY_NOT_CONFIRMED", None, "authorize_member", {**AMELIA, "date_of_birth": "1984-05-18"}),
    ("MEMBERSHIP_ENDED", None, "authorize_member", SAMUEL),
    ("REFERENCE_ONLY", AMELIA, "borrow_book", {"book_id": "BOK-304"}),
    ("ALREADY_BORROWED", HANA, "borrow_book", {"book_id": "BOK-308"}),
    ("NO_COPY_LEFT", HANA, "borrow_book", {"book_id": "BOK-302"}),
    ("TOO_MANY_LOANS", NOOR, "borrow_book", {"book_id": "BOK-307"}),
    ("HAS_OVERDUE_LOAN", TOBIAS, "borrow_book", {"book_id": "BOK-307"}),
    ("LOAN_NOT_ACTIVE", GIULIA, "renew_loan", {"loan_id": "LOA-408"}),
    ("LOAN_OVERDUE", TOBIAS, "renew_loan", {"loan_id": "LOA-403"}),
    ("BOOK_IS_RESERVED", AMELIA, "renew_loan", {"loan_id": "LOA-402"}),
    ("COPY_ON_SHELF", AMELIA, "reserve_book", {"book_id": "BOK-305", "pickup_at": PICKUP}),
    ("ALREADY_RESERVED", HANA, "reserve_book", {"book_id": "BOK-302", "pickup_at": PICKUP}),
    ("TOO_MANY_RESERVATIONS", GIULIA, "reserve_book", {"book_id": "BOK-302", "pickup_at": PICKUP}),
    ("PICKUP_TOO_SOON", NOOR, "reserve_book", {"book_id": "BOK-302", "pickup_at": "2026-03-03 08:59:59"}),
    ("RESERVATION_FULFILLED", TOBIAS, "cancel_reservation", {"reservation_id": "RES-503"}),
    ("LOAN_NOT_FOUND", AMELIA, "renew_loan", {"loan_id": "LOA-410"}),
    ("RESERVATION_NOT_FOUND", AMELIA, "cancel_reservation", {"reservation_id": "RES-501"}),
]
BIND_REFUSALS = [
    ("MEMBER_NOT_FOUND", None, "authorize_member", {**AMELIA, "email": "nobody@example.org"}),
    ("BOOK_NOT_FOUND", AMELIA, "get_book", {"book_id": "BOK-999"}),
    ("BORROW_BOOK_NOT_FOUND", AMELIA, "borrow_book", {"book_id": "BOK-999"}),
    ("RETURN_BOOK_NOT_FOUND", AMELIA, "return_book", {"book_id": "BOK-999"}),
    ("NOT_ON_LOAN", AMELIA, "return_book", {"book_id": "BOK-305"}),
    ("RESERVE_BOOK_NOT_FOUND", AMELIA, "reserve_book", {"book_id": "BOK-999", "pickup_at": PICKUP}),
]
RENEWAL_LIMIT = ("RENEWAL_LIMIT", NOOR, "renew_loan", {"loan_id": "LOA-406"})


def _fork(person, environment):
    return environment.fork() if person is None else session_of(person, environment)


@pytest.mark.parametrize(("code", "person", "name", "args"), [*REFUSALS, *BIND_REFUSALS, RENEWAL_LIMIT])
def test_each_refusal_has_its_call_and_changes_nothing(code, person, name, args):
    statement = next(r.statement for t in LIBRARY.tools for r in t.refusals if r.code == code)
    with _fork(person, library()) as session:
        before = session.me
        assert session.call(name, args) == Refused(code, statement)
        assert (session.diff(), session.me) == ({"inserted": {}, "updated": {}, "deleted": {}}, before)


def test_the_table_of_refusals_is_complete():
    listed = {case[0] for case in [*REFUSALS, *BIND_REFUSALS, RENEWAL_LIMIT]}
    assert listed == {refusal.code for tool in LIBRARY.tools for refusal in tool.refusals}


@pytest.mark.parametrize(("code", "person", "name", "args"), REFUSALS)
def test_without_its_rule_the_same_call_is_carried_out(code, person, name, args):
    with _fork(person, library().without_rule(code)) as session:
        assert isinstance(session.call(name, args), Ok)


@pytest.mark.parametrize(("code", "person", "name", "args"), [*BIND_REFUSALS, RENEWAL_LIMIT])
def test_without_a_rule_that_records_imply_the_call_comes_to_something_else(code, person, name, args):
    with _fork(person, library().without_rule(code)) as session:
        outcome = session.call(name, args)
        assert isinstance(outcome, Refused)
        assert outcome.code in {"NOT_FOUND", "INCONSISTENT_CHANGE", "NOT_ON_LOAN"}


def test_a_variant_is_cached_and_leaves_the_original_alone():
    variant = library().without_rule("REFERENCE_ONLY")
    assert library().without_rule("REFERENCE_ONLY") is variant
    assert variant.digest != library().digest
    assert variant.base_digest == library().base_digest
    with session_of(AMELIA) as session:
        assert isinstance(session.call("borrow_book", {"book_id": "BOK-304"}), Refused)


def test_without_identification_whoever_is_known_in_one_role_is_known_in_the_other():
    strict, lax = house(), house().without_rule("NOT_AUTHORIZED")
    both, guest_only = {"email": "2@example.org"}, {"email": "1@example.org"}
    with strict.fork() as session:
        assert session.call("identify_guest", both) == Ok({"one": 1})
        assert session.call("get_host", {}) == NOT_AUTHORIZED
    with lax.fork() as session:
        assert session.call("get_host", {}) == NOT_AUTHORIZED, "nobody is known yet"
        assert session.call("identify_guest", both) == Ok({"one": 1})
        assert session.call("get_host", {}) == Ok({"key": "HST-2"})
        assert session.identified_as("host") is None
        session.reset()
        assert session.call("identify_guest", guest_only) == Ok({"one": 1})
        assert session.call("get_host", {}) == NOT_AUTHORIZED, "there is no row of that person"
        assert session.call("get_guest", {}) == Ok({"key": "GST-1"})


def test_one_role_sees_its_own_tools_on_the_same_rows():
    whole = house()
    view = whole.in_role("host")
    assert [tool.name for tool in view.spec.tools] == ["identify_host", "get_host"]
    assert view.base_digest == whole.base_digest
    assert view.digest not in (whole.digest, whole.in_role("guest").digest)
    with view.fork() as session:
        assert session.call("identify_host", {"email": "3@example.org"}) == Ok({"one": 1})
        assert session.call("get_host", {}) == Ok({"key": "HST-3"})
        assert isinstance(session.call("get_guest", {}), Invalid)


def test_one_role_has_no_other_to_be_known_in():
    with pytest.raises(SpecError, match="rule NOT_AUTHORIZED: no tool of lending_library has it"):
        library().without_rule("NOT_AUTHORIZED")


def test_a_rule_that_does_not_exist_cannot_be_left_out():
    with pytest.raises(SpecError, match="rule NO_SUCH_RULE: no tool of lending_library has it"):
        library().without_rule("NO_SUCH_RULE")


def test_reads_give_typed_rows():
    with session_of(AMELIA) as session:
        assert session.call("get_book", {"book_id": "BOK-304"}) == Ok(
            {
                "book_id": "BOK-304",
                "title": "Atlas of Old Towns",
                "author": "Pierre Vasseur",
                "genre": "history",
                "copies": 1,
                "reference_only": True,
                "replacement_cost": 149.99,
            }
        )


def test_lists_come_as_results_in_their_order():
    with session_of(AMELIA) as session:
        outcome = session.call("list_my_loans", {"status": "active"})
        assert isinstance(outcome, Ok)
        assert [row["loan_id"] for row in outcome.result["results"]] == ["LOA-401", "LOA-402"]
        assert outcome.result["results"][0]["returned_at"] is None


def test_optional_arguments_take_the_default_of_the_tool():
    with session_of(AMELIA) as session:
        borrowed = session.call("borrow_book", {"book_id": "BOK-305"})
        assert borrowed == Ok({"loan_id": "LOA-411", "due_on": "2026-03-16", "reminder": True})
    with session_of(AMELIA) as session:
        borrowed = session.call("borrow_book", {"book_id": "BOK-305", "days": 7, "reminder": False})
        assert borrowed == Ok({"loan_id": "LOA-411", "due_on": "2026-03-09", "reminder": False})


def test_an_unknown_tool_is_invalid_before_anything_else():
    with library().fork() as session:
        assert session.call("no_such_tool", {}) == Invalid("tool", "there is no tool named no_such_tool")
        names: list[Any] = ["Robert'); DROP TABLE loan;--", "", "\ud800", None, ["get_book"]]
        assert all(isinstance(session.call(name, {}), Invalid) for name in names)


def test_identification_comes_before_arguments_and_arguments_before_records():
    with library().fork() as session:
        assert session.call("get_book", {"nonsense": 1}) == Refused(
            "NOT_AUTHORIZED", "The caller must be identified first."
        )
        assert session.call("authorize_member", {}) == Invalid("email", "is required")
        session.call("authorize_member", AMELIA)
        assert session.call("borrow_book", {"book_id": "BOK-999", "days": 6}) == Invalid(
            "days", "6 is less than the minimum of 7"
        )


def test_binds_come_before_rules_and_rules_keep_their_order():
    with session_of(TOBIAS) as session:
        # Tobias' own overdue loan breaks ALREADY_BORROWED, NO_COPY_LEFT and HAS_OVERDUE_LOAN
        outcome = session.call("borrow_book", {"book_id": "BOK-302"})
        assert isinstance(outcome, Refused)
        assert outcome.code == "ALREADY_BORROWED"


def test_a_conversation_serves_one_person():
    with session_of(AMELIA) as session:
        assert session.call("authorize_member", HANA) == Refused(
            "ALREADY_IDENTIFIED", "A conversation serves the person who was identified first."
        )
        assert session.me == "MEM-201"
        assert isinstance(session.call("authorize_member", AMELIA), Ok)
        assert isinstance(session.call("get_member_profile", {}), Ok)


def test_a_failed_identification_identifies_nobody():
    with library().fork() as session:
        session.call("authorize_member", SAMUEL)
        assert session.me is None
        assert isinstance(session.call("authorize_member", HANA), Ok)
        assert session.me == "MEM-206"


def test_refused_and_invalid_calls_use_up_no_key():
    with session_of(AMELIA) as session:
        session.call("borrow_book", {"book_id": "BOK-304"})
        session.call("borrow_book", {"book_id": 5})
        outcome = session.call("borrow_book", {"book_id": "BOK-305"})
        assert isinstance(outcome, Ok)
        assert outcome.result["loan_id"] == "LOA-411"
        session.call("return_book", {"book_id": "BOK-305"})
        again = session.call("borrow_book", {"book_id": "BOK-305"})
        assert isinstance(again, Ok)
        assert again.result["loan_id"] == "LOA-412"


def test_a_change_that_breaks_a_constraint_is_refused_as_a_whole():
    effects = [
        "UPDATE person SET city = 'Nowhere'",
        "INSERT INTO reservation VALUES (:new_id, :me, 'BOK-999', :now, :now, 'waiting', NULL)",
    ]
    with session_of(AMELIA, library_with(tool(effects=effects))) as session:
        before = session.digest()
        assert session.call("probe", {}) == Refused("INCONSISTENT_CHANGE", "The change would contradict the records.")
        assert session.digest() == before


def test_an_invariant_is_left_to_rules_so_that_removing_one_shows_what_it_does():
    effects = ["UPDATE loan SET status = 'returned' WHERE loan_id = 'LOA-401'"]
    with session_of(AMELIA, library_with(tool(effects=effects))) as session:
        assert isinstance(session.call("probe", {}), Ok)


def test_a_rule_that_gives_null_is_not_satisfied():
    rule = {"code": "NEVER_KNOWN", "statement": "Unknown is no.", "require": "NULL"}
    with session_of(AMELIA, library_with(tool(rules=[rule]))) as session:
        assert session.call("probe", {}) == Refused("NEVER_KNOWN", "Unknown is no.")


def test_a_bind_with_two_rows_is_refused_even_if_a_later_bind_narrows_it():
    binds = [
        {
            "table": "loan",
            "where": "loan.member_id = :me AND loan.status = 'active'",
            "refusal": {"code": "NOT_ONE_LOAN", "statement": "Exactly one loan."},
        },
        {
            "table": "book",
            "where": "book.book_id = loan.book_id AND book.genre = 'novel'",
            "refusal": {"code": "NO_NOVEL", "statement": "A novel."},
        },
    ]
    environment = library_with(tool(binds=binds))
    codes = []
    for person in (AMELIA, HANA, GIULIA):
        with session_of(person, environment) as session:
            codes.append(session.call("probe", {}))
    assert codes == [
        Refused("NOT_ONE_LOAN", "Exactly one loan."),
        Refused("NO_NOVEL", "A novel."),
        Refused("NOT_ONE_LOAN", "Exactly one loan."),
    ]


def test_a_single_result_without_a_row_is_not_found():
    returns = {
        "sql": "SELECT b.copies AS one FROM book AS b WHERE b.copies > 99 ORDER BY 1",
        "many": False,
        "columns": [{"name": "one", "type": "integer", "description": "Copies."}],
    }
    with session_of(AMELIA, library_with(tool(returns=returns))) as session:
        assert session.call("probe", {}) == Refused("NOT_FOUND", "There is no such record.")


def test_outcomes_are_plain_json():
    outcomes = [Ok({"a": 1}), Refused("NO", "No."), Invalid("x", "is required")]
    assert json.loads(json.dumps([outcome_json(outcome) for outcome in outcomes])) == [
        {"outcome": "ok", "result": {"a": 1}},
        {"outcome": "refused", "code": "NO", "statement": "No."},
        {"outcome": "invalid", "argument": "x", "reason": "is required"},
    ]
