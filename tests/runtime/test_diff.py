"""The diff says what changed, all of it, and nothing about the way it came about."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentskiller_assets.runtime import Ok, state_digest
from agentskiller_assets.runtime.naming import canonical_names
from tests.runtime.specs import library_with, shop, shop_session, tool
from tests.scenario import AMELIA, GIULIA, HANA, TOBIAS, library, session_of

NOTHING = {"inserted": {}, "updated": {}, "deleted": {}}
SHOP = shop()


def _after(person, *calls, environment=None):
    with session_of(person, environment) as session:
        outcomes = [session.call(name, args) for name, args in calls]
        assert all(isinstance(outcome, Ok) for outcome in outcomes), outcomes
        return session.diff()


def test_reading_changes_nothing():
    assert _after(AMELIA, ("list_my_loans", {}), ("search_books", {"genre": "novel"})) == NOTHING


def test_an_insertion_is_a_typed_row_with_a_structural_key():
    assert _after(AMELIA, ("borrow_book", {"book_id": "BOK-305", "reminder": False})) == {
        **NOTHING,
        "inserted": {
            "loan": [
                {
                    "loan_id": "new:loan:1",
                    "member_id": "MEM-201",
                    "book_id": "BOK-305",
                    "borrowed_on": "2026-03-02",
                    "due_on": "2026-03-16",
                    "status": "active",
                    "renewals": 0,
                    "reminder": False,
                    "late_fee": 0.0,
                    "returned_at": None,
                }
            ]
        },
    }


def test_a_deletion_shows_the_row_that_is_gone():
    assert _after(HANA, ("cancel_reservation", {"reservation_id": "RES-504"})) == {
        **NOTHING,
        "deleted": {
            "reservation": [
                {
                    "reservation_id": "RES-504",
                    "member_id": "MEM-206",
                    "book_id": "BOK-302",
                    "created_at": "2026-02-28 15:30:00",
                    "pickup_at": "2026-03-05 16:00:00",
                    "status": "ready",
                    "note": "007",
                }
            ]
        },
    }


def test_a_status_change_and_a_fee_show_old_and_new_values():
    assert _after(TOBIAS, ("return_book", {"book_id": "BOK-302"})) == {
        **NOTHING,
        "updated": {
            "loan": [
                {
                    "key": "LOA-403",
                    "changes": {
                        "status": ["active", "returned"],
                        "late_fee": [0.0, 1.5],
                        "returned_at": [None, "2026-03-02 09:00:00"],
                    },
                }
            ]
        },
    }


def test_strings_that_look_like_numbers_are_different_strings():
    diffs = [_after(HANA, ("update_contact_phone", {"phone": phone})) for phone in ("007", "7", "7.0", "07")]
    assert len({state_digest(diff) for diff in diffs}) == 4


def test_quotes_commas_and_nulls_survive_the_change_log():
    notes = ["it's", "a,b", "', NULL, '", "''", "NULL", "12", "ümlaut\nnew line", "'"]
    for note in notes:
        effects = ["UPDATE reservation SET note = :note", "UPDATE reservation SET note = 'other'"]
        probe = tool(effects=[effects[0]], parameters=[{"name": "note", "type": "text", "description": "n"}])
        again = tool("again", effects=[effects[1]])
        environment = library_with(probe, again, tool("gone", effects=["DELETE FROM reservation"]))
        diff = _after(HANA, ("probe", {"note": note}), ("again", {}), environment=environment)
        old = [entry["changes"]["note"] for entry in diff["updated"]["reservation"]]
        assert old == [
            ["Large print if there is one", "other"],
            [None, "other"],
            [None, "other"],
            ["007", "other"],
        ]
        gone = _after(HANA, ("probe", {"note": note}), ("gone", {}), environment=environment)
        assert len(gone["deleted"]["reservation"]) == 4


def test_wiping_rows_beside_the_right_change_shows():
    environment = library_with(tool("wipe", effects=["DELETE FROM reservation"]))
    right = _after(HANA, ("update_contact_phone", {"phone": "1"}), environment=environment)
    wiped = _after(HANA, ("update_contact_phone", {"phone": "1"}), ("wipe", {}), environment=environment)
    assert wiped["updated"] == right["updated"]
    assert len(wiped["deleted"]["reservation"]) == 4
    assert state_digest(wiped) != state_digest(right)


def test_only_the_net_effect_counts():
    there_and_back = [("update_contact_phone", {"phone": phone}) for phone in ("1", "+1 555 010 0166")]
    assert _after(HANA, *there_and_back) == NOTHING
    pickup = {"book_id": "BOK-303", "pickup_at": "2026-03-09 10:00:00"}
    made_and_cancelled = [("reserve_book", pickup), ("cancel_reservation", {"reservation_id": "RES-505"})]
    assert _after(HANA, *made_and_cancelled) == NOTHING


def test_a_row_deleted_and_made_again_is_an_update():
    effects = [
        "DELETE FROM reservation WHERE reservation_id = 'RES-504'",
        "INSERT INTO reservation VALUES ('RES-504', :me, 'BOK-302', :now, '2026-03-05 16:00:00', 'ready', '007')",
    ]
    diff = _after(HANA, ("probe", {}), environment=library_with(tool(effects=effects)))
    changes = {"created_at": ["2026-02-28 15:30:00", "2026-03-02 09:00:00"]}
    assert diff == {**NOTHING, "updated": {"reservation": [{"key": "RES-504", "changes": changes}]}}


def test_rows_that_an_insert_replaces_are_logged():
    effects = [
        "INSERT OR REPLACE INTO person VALUES (:new_id, 'X', '1990-01-01', 'amelia.hartmann@example.org', '1', 'Y')"
    ]
    environment = library_with(tool(effects=["DELETE FROM loan", "DELETE FROM reservation", "DELETE FROM member"]))
    environment = library_with(*environment.spec.tools[-1:], tool("replace", effects=effects))
    diff = _after(AMELIA, ("probe", {}), ("replace", {}), environment=environment)
    assert [row["person_id"] for row in diff["deleted"]["person"]] == ["PRS-101"]
    assert [row["person_id"] for row in diff["inserted"]["person"]] == ["new:person:1"]


def test_the_order_of_calls_leaves_no_trace():
    calls = [
        ("borrow_book", {"book_id": "BOK-305"}),
        ("borrow_book", {"book_id": "BOK-308", "days": 7}),
        ("cancel_reservation", {"reservation_id": "RES-501"}),
        ("update_contact_phone", {"phone": "12"}),
    ]
    diffs = [_after(GIULIA, *order) for order in permutations(calls)]
    assert all(diff == diffs[0] for diff in diffs)
    assert [row["loan_id"] for row in diffs[0]["inserted"]["loan"]] == ["new:loan:1", "new:loan:2"]


def _shop_diff(baskets, order):
    """Open baskets with lines, and point old and new baskets at lines, in the given order of steps."""
    keys = {}
    with shop_session(SHOP) as session:

        def made(name, args):
            outcome = session.call(name, args)
            assert isinstance(outcome, Ok)
            return next(iter(outcome.result.values()))

        def basket(number):
            if number not in keys:
                keys[number] = made("open_basket", {"label": baskets[number][0]})
            return keys[number]

        for number, position in order:
            line = made("add_line", {"basket_id": basket(number), "text": baskets[number][1][position]})
            if position == 0 and baskets[number][2]:
                target = baskets[number][2]
                made(
                    "set_main_line",
                    {"basket_id": target if target != "own" else basket(number), "line_id": line},
                )
        return session.diff()


_BASKET = st.tuples(
    st.sampled_from("ab"),
    st.lists(st.sampled_from("xy"), min_size=1, max_size=3),
    st.sampled_from(["", "own"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_BASKET, min_size=1, max_size=4), st.sampled_from(["", "BSK-1"]), st.data())
def test_linked_new_rows_get_the_same_names_in_every_order(baskets, old, data):
    if old:
        baskets = [(*baskets[0][:2], old), *baskets[1:]]
    steps = [(number, position) for number, basket in enumerate(baskets) for position in range(len(basket[1]))]
    first = _shop_diff(baskets, steps)
    assert _shop_diff(baskets, data.draw(st.permutations(steps))) == first


@pytest.mark.parametrize("baskets", [("aa", "xy", "own"), ("ab", "xx", "")])
def test_who_belongs_to_whom_matters(baskets):
    labels, texts, main = baskets
    pair = [(label, [text], main) for label, text in zip(labels, texts, strict=True)]
    crossed = [(labels[0], [texts[0], texts[1]], main), (labels[1], [], main)]
    assert _shop_diff(pair, [(0, 0), (1, 0)]) != _shop_diff(crossed, [(0, 0), (0, 1)])


def test_references_in_a_circle_and_rows_that_are_alike_get_names():
    ring = [(("a", str(i)), "next", ("a", str((i + 1) % 5))) for i in range(5)]
    names = canonical_names({("a", str(i)): "same" for i in range(5)}, ring)
    assert sorted(names.values()) == [f"new:a:{n}" for n in range(1, 6)]
    assert canonical_names({}, []) == {}


def test_the_digest_is_that_of_the_diff():
    with session_of(AMELIA) as session:
        assert session.digest() == state_digest(NOTHING)
        session.call("update_contact_phone", {"phone": "1"})
        assert session.digest() == state_digest(session.diff())
        assert session.digest() != state_digest(NOTHING)
        assert session.base_digest == library().base_digest
