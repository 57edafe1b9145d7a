"""Rows: drawn from plans and a seed, the same in every run, and untouched by what is added beside them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from agentskiller_assets.authoring.plans import SamplePlans
from agentskiller_assets.core.spec import Column
from agentskiller_assets.environment.invariants import broken_invariants, broken_rows
from agentskiller_assets.environment.row_maker import Rows, make_rows
from agentskiller_assets.errors import PlanningError
from agentskiller_assets.ontology.population import make_population
from tests.environment.storeroom import COUNT, PEOPLE_ROWS, column, item_rows, storeroom, table
from tests.world import NOW, PEOPLE, ROWS, SEED, clinic


def _values(kind: str, sample: dict[str, Any], **fields: Any) -> list[Any]:
    """The values of one column, drawn by one plan."""
    return [row["it"] for row in item_rows([column("it", kind, **fields)], {"it": sample})["item"]]


def test_the_same_seed_gives_the_same_rows_and_another_seed_gives_others() -> None:
    rows, other = clinic().databases.rows, _clinic_rows(PEOPLE, SEED + 1)

    assert _clinic_rows(PEOPLE, SEED) == rows
    assert [name for name in rows if rows[name] != other[name]] == list(rows)


def test_every_table_has_as_many_rows_as_were_asked_for_under_counted_keys() -> None:
    keys = {t.name: [row[t.key] for row in clinic().databases.rows[t.name]] for t in clinic().spec.tables}

    people = sorted(keys.pop("person"))
    assert len(set(people)) == ROWS
    assert set(people) <= {person.person_id for person in clinic().population}
    assert keys == {
        table.name: [f"{table.id_prefix}-{10001 + number}" for number in range(ROWS)]
        for table in clinic().spec.tables
        if table.kind != "person"
    }


def test_rows_satisfy_every_constraint_and_every_invariant() -> None:
    assert broken_rows(clinic().databases) == []
    assert broken_invariants(clinic().databases) == []


def test_every_role_row_is_another_person() -> None:
    people = [row["person_id"] for row in clinic().databases.rows["patient"]]

    assert sorted(people) == [row["person_id"] for row in clinic().databases.rows["person"]]


def test_a_larger_population_only_adds_people() -> None:
    assert make_population(PEOPLE + 30, SEED)[:PEOPLE] == make_population(PEOPLE, SEED)


def test_a_larger_population_changes_nothing_but_who_the_people_are() -> None:
    rows = _clinic_rows(PEOPLE + 30, SEED)

    expected = {t: _without(found) for t, found in clinic().databases.rows.items() if t != "person"}
    assert {t: _without(rows[t]) for t in rows if t != "person"} == expected


def test_a_new_table_and_a_new_column_leave_the_others_as_they_were() -> None:
    colour, note = column("colour", "enum", values=("red", "blue")), column("note", "text")
    choice, texts = {"kind": "choice"}, {"kind": "texts", "texts": ["old", "new"]}

    before = item_rows([colour], {"colour": choice})
    after = item_rows([note, colour], {"note": texts, "colour": choice}, table("shelf"))

    assert (after["person"], after["member"]) == (before["person"], before["member"])
    assert [row["colour"] for row in after["item"]] == [row["colour"] for row in before["item"]]
    assert len(after["shelf"]) == COUNT


def test_a_foreign_key_is_one_of_the_rows_that_qualify() -> None:
    rows = item_rows([column("it", "ref", ref="member")], {"it": {"kind": "foreign_key", "where": "active = 1"}})

    active = {row["member_id"] for row in rows["member"] if row["active"]}
    assert {row["it"] for row in rows["item"]} <= active != set()


def test_a_foreign_key_is_never_the_same_within_its_group() -> None:
    columns = [column("size", "integer"), column("it", "ref", ref="member")]
    one = {"kind": "choice", "options": [1]}

    rows = item_rows(columns, {"size": one, "it": {"kind": "foreign_key", "distinct_within": ["size"]}})

    assert len({row["it"] for row in rows["item"]}) == COUNT


def test_a_choice_follows_its_weights_which_another_column_may_set() -> None:
    columns = [column("size", "enum", values=("s", "l")), column("it", "enum", values=("red", "blue"))]
    by = {"kind": "choice", "by": "size", "weights_by": {"s": [1, 0], "l": [0, 1]}}

    rows = item_rows(columns, {"size": {"kind": "choice"}, "it": by})["item"]

    assert {(row["size"], row["it"]) for row in rows} == {("s", "red"), ("l", "blue")}


def test_a_choice_keeps_to_its_limit_for_each_group() -> None:
    limit = {"per": ["size"], "values": ["red"], "count": 3}
    columns = [column("size", "integer"), column("it", "enum", values=("red", "blue"))]
    samples = {"size": {"kind": "choice", "options": [1, 2]}, "it": {"kind": "choice", "at_most": limit}}

    rows = item_rows(columns, samples)["item"]

    assert [sum(row["it"] == "red" and row["size"] == size for row in rows) for size in (1, 2)] == [3, 3]


def test_a_choice_draws_nothing_above_its_greatest_value() -> None:
    assert set(_values("integer", {"kind": "choice", "options": [0, 1, 2, 3], "at_most_value": 1})) == {0, 1}


def test_a_number_is_a_multiple_of_its_step_within_its_range_or_the_columns() -> None:
    assert set(_values("integer", {"kind": "number", "minimum": 2, "maximum": 6, "step": 2})) == {2, 4, 6}
    assert set(_values("money", {"kind": "number", "step": 0.5}, minimum=1, maximum=2)) == {1.0, 1.5, 2.0}


def test_a_boolean_has_its_share_of_true_values() -> None:
    assert set(_values("boolean", {"kind": "boolean", "share": 1})) == {True}
    assert set(_values("boolean", {"kind": "boolean", "share": 0})) == {False}


def test_a_date_lies_in_its_range_of_days() -> None:
    assert set(_values("date", {"kind": "date", "days": [-2, -1]})) == {"2026-02-28", "2026-03-01"}


def test_a_time_lies_on_its_grid_never_on_a_sunday_and_on_its_side_of_now() -> None:
    grid = {"kind": "datetime", "days": [0, 6], "hours": [8, 10], "minutes": [0, 30]}
    moments = [datetime.fromisoformat(value) for value in _values("datetime", grid)]

    assert {moment.minute for moment in moments} <= {0, 30}
    assert {moment.hour for moment in moments} <= {8, 9, 10}
    assert all(moment.weekday() != 6 and moment > datetime.fromisoformat(NOW) for moment in moments)


def test_a_time_is_taken_once_within_its_group_and_its_range_may_hang_on_another_column() -> None:
    columns = [column("size", "enum", values=("s", "l")), column("it", "datetime")]
    days = {"s": [-5, -1], "l": [1, 5]}
    moment = {"kind": "datetime", "by": "size", "days": days, "hours": [9, 12], "distinct_within": ["size"]}

    rows = item_rows(columns, {"size": {"kind": "choice"}, "it": moment})["item"]

    assert all((row["it"] > NOW) == (row["size"] == "l") for row in rows)
    assert len({row["it"] for row in rows}) == COUNT


def test_texts_are_those_of_the_list() -> None:
    assert set(_values("text", {"kind": "texts", "texts": ["dented", "worn"]})) == {"dented", "worn"}


def test_combinations_are_all_different_while_they_last() -> None:
    parts = [["Alder", "Birch", "Cedar", "Elm"], ["one", "two", "three", "four", "five"]]

    expected = {f"{wood} {number}" for wood in parts[0] for number in parts[1]}
    assert set(_values("text", {"kind": "combine", "parts": parts})) == expected


def test_digits_fill_their_form_and_never_repeat() -> None:
    values = _values("text", {"kind": "digits", "form": "A-## #"})

    assert len(set(values)) == COUNT
    assert all(re.fullmatch(r"A-\d\d \d", value) for value in values)


def test_names_have_their_title_and_never_repeat() -> None:
    values = _values("text", {"kind": "person_name", "title": "Dr."})

    assert len(set(values)) == COUNT
    assert all(re.fullmatch(r"Dr\. \S+ \S.*", value) for value in values)


def test_contacts_can_never_be_somebodys() -> None:
    assert all(re.fullmatch(r"\d{3}-555-\d{4}", value) for value in _values("phone", {"kind": "phone"}))
    assert all(re.fullmatch(r"[^@ ]+@example\.(com|org|net)", it) for it in _values("email", {"kind": "email"}))


def test_a_computed_value_sees_its_row_and_the_tables_before() -> None:
    columns = [column("size", "integer"), column("it", "money")]
    expression = "item.size * 1.5 + (SELECT COUNT(*) FROM member)"
    samples = {"size": {"kind": "choice", "options": [1, 2]}, "it": {"kind": "sql", "expression": expression}}

    rows = item_rows(columns, samples)["item"]

    assert [row["it"] for row in rows] == [row["size"] * 1.5 + COUNT for row in rows]


def test_an_existing_value_is_one_that_the_column_holds() -> None:
    rows = item_rows([column("it", "text")], {"it": {"kind": "column", "column": "person.city"}})

    assert {row["it"] for row in rows["item"]} <= {row["city"] for row in rows["person"]}


def test_a_value_is_empty_unless_another_column_calls_for_it() -> None:
    columns = [column("size", "enum", values=("s", "l")), column("it", "text", nullable=True)]
    only_large = {"column": "size", "values": ["l"]}
    plan = {"sampler": {"kind": "texts", "texts": ["heavy"]}, "empty_unless": only_large}

    rows = item_rows(columns, {"size": {"kind": "choice"}, "it": plan})["item"]

    assert {(row["size"], row["it"]) for row in rows} == {("s", None), ("l", "heavy")}


@pytest.mark.parametrize(
    ("drawn", "sample", "fault"),
    [
        (column("it", "ref", ref="member"), {"kind": "foreign_key", "where": "active = 7"}, "no row of member"),
        (column("it", "ref", ref="member"), {"kind": "foreign_key", "where": "colour = 1"}, "no such column"),
        (column("it", "enum", values=("a", "b")), {"kind": "choice", "weights": [1]}, "1 weights for 2 options"),
        (column("it", "enum", values=("a",)), {"kind": "choice", "weights": [0]}, "the limits leave no value"),
        (column("it", "integer"), {"kind": "number"}, "has no range"),
        (column("it", "text"), {"kind": "combine", "parts": [["a"], ["b", "c"]]}, "2 combinations, and 20"),
        (column("it", "text"), {"kind": "digits", "form": "#"}, "Sample larger than population"),
        (column("it", "text"), {"kind": "sql", "expression": "item.weight"}, "no such column"),
        (column("it", "text"), {"kind": "column", "column": "person.city", "where": "0"}, "zip()"),
        (column("it", "datetime"), {"kind": "datetime", "days": {"s": [1, 2]}}, "days by value need `by`"),
    ],
)
def test_an_impossible_plan_fails_under_the_name_of_its_column(
    drawn: Column, sample: dict[str, Any], fault: str
) -> None:
    with pytest.raises(PlanningError) as caught:
        item_rows([drawn], {"it": sample})

    assert caught.value.culprit == "databases[storeroom].item.it"
    assert fault in caught.value.fault
    assert caught.value.fix == "Correct its sample plan."


def test_more_times_than_the_grid_has_fail_under_the_name_of_their_column() -> None:
    columns = [column("size", "integer"), column("it", "datetime")]
    moment = {"kind": "datetime", "days": [1, 1], "hours": [9, 9], "distinct_within": ["size"]}

    with pytest.raises(PlanningError, match="no free time is left"):
        item_rows(columns, {"size": {"kind": "choice", "options": [1]}, "it": moment})


def test_a_column_without_a_plan_fails_under_its_name() -> None:
    with pytest.raises(PlanningError, match=r"databases\[storeroom\]\.item\.it: no values can be drawn: 'it'"):
        item_rows([column("it", "text")], {})


def test_more_rows_than_people_fail_with_the_settings_to_change() -> None:
    with pytest.raises(PlanningError) as caught:
        make_rows(storeroom(), SamplePlans(columns={}, parameters={}), PEOPLE_ROWS, SEED, 61)

    assert str(caught.value) == (
        "databases[storeroom]: 61 rows need 61 people of 60. "
        "Raise `population_size` of `population` to at least 61, or lower `rows_per_table`."
    )


def _clinic_rows(people: int, seed: int) -> Rows:
    """The clinic's tables, filled for a population of some size."""
    plans = clinic().author.plan_samples(clinic().domain_topics.draft(), SEED, clinic().spec)
    persons = [person.model_dump() for person in make_population(people, SEED)]
    return make_rows(clinic().spec, plans, persons, seed, ROWS)


def _without(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the column that says who somebody is."""
    return [{name: value for name, value in row.items() if name != "person_id"} for row in rows]
