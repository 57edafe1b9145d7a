"""A specification is closed: whatever does not resolve is found before a row is made, with tool, fragment and fix."""

from typing import Any

import pytest

from agentskiller_assets.core.spec import Column, EnvironmentSpec, Invariant, Parameter, Rule
from agentskiller_assets.environment.validation import LONGEST_NAME, Fault, validate
from tests.world import clinic

CANCEL, CONFIRM, SEARCH = "cancel_appointment", "confirm_appointment", "search_doctors"
TABLES = ["appointment", "appointment_review", "doctor", "patient", "person", "waiting_list_entry"]
SQLITE_FIX = "Use columns of the tables it names, and SQLite's functions."


def test_a_sound_specification_has_no_faults() -> None:
    assert validate(clinic().spec) == []


def test_a_rule_about_an_unknown_table_is_found() -> None:
    fault = "uses unknown tables ['invoice'] in 'EXISTS(SELECT 1 FROM invoice WHERE paid = 1)'"

    faults = validate(_with_rule("EXISTS (SELECT 1 FROM invoice WHERE paid = 1)"))

    assert faults == [_at("rule PLANTED", fault, f"Tables are {TABLES}.")]


def test_a_rule_about_an_unknown_column_is_found() -> None:
    faults = validate(_with_rule("appointment.colour = 'red'"))

    assert faults == [_at("rule PLANTED", "SQLite refuses it: no such column: appointment.colour", SQLITE_FIX)]


def test_an_unknown_column_in_double_quotes_does_not_pass_for_a_text() -> None:
    faults = validate(_with_rule("\"colour\" = 'red'"))

    assert faults == [_at("rule PLANTED", "names the unknown column 'colour'", "Put texts in single quotes.")]


def test_a_rule_about_an_undeclared_parameter_is_found() -> None:
    faults = validate(_with_rule("appointment.price < :budget"))

    fix = "Declare it, or use ['appointment_id', 'me', 'now']."
    assert faults == [_at("rule PLANTED", "uses undeclared [':budget']", fix)]


@pytest.mark.parametrize(
    "require",
    [
        "DELETE FROM appointment",
        "1; DELETE FROM appointment",
        "appointment.price >",
        "",
        "appointment.price > 1 ORDER BY price",
        "appointment.price > 1 UNION SELECT 1",
        "appointment.price > 1 LIMIT 0",
    ],
)
def test_a_rule_that_is_more_or_less_than_one_condition_is_found(require: str) -> None:
    (fault,) = validate(_with_rule(require))

    assert fault.where == f"clinic_appointments.{CANCEL}.rule PLANTED"
    assert fault.fix in ("Write one SQLite fragment.", SQLITE_FIX)


@pytest.mark.parametrize("require", ["appointment.price", "1", "appointment.price + 1", "'yes'"])
def test_a_rule_that_is_no_boolean_is_found(require: str) -> None:
    assert validate(_with_rule(require)) == [_at("rule PLANTED", f"is no boolean: {require!r}", "Compare something.")]


@pytest.mark.parametrize(
    "require",
    [
        "COUNT(*) > 0",
        "NOT COUNT(*) = 0",
        "MAX(appointment.price) > 10",
        "TOTAL(appointment.price) > 10",
        "ROW_NUMBER() OVER (ORDER BY appointment.price) = 1",
    ],
)
def test_a_rule_that_aggregates_without_a_sub_select_is_found(require: str) -> None:
    (fault, *others) = validate(_with_rule(require))

    assert fault.where == f"clinic_appointments.{CANCEL}.rule PLANTED"
    assert fault.fault.startswith(f"aggregates rows without a sub-select in '{require[:5]}")
    assert fault.fix == "Count in a sub-select: `(SELECT COUNT(*) FROM ... WHERE ...) > 0`."
    assert all(other.where == fault.where for other in others)


@pytest.mark.parametrize(
    "require",
    ["(SELECT COUNT(*) FROM appointment AS a WHERE a.patient_id = :me) > 0", "MAX(appointment.price, 5) > 4"],
)
def test_aggregates_in_sub_selects_and_the_greater_of_two_values_are_fine(require: str) -> None:
    assert validate(_with_rule(require)) == []


@pytest.mark.parametrize(
    "clause", ["INSERT OR REPLACE", "INSERT OR IGNORE", "INSERT OR FAIL", "INSERT", "REPLACE", "INSERT OR ROLLBACK"]
)
def test_an_effect_that_overrides_what_is_there_is_found(clause: str) -> None:
    effect = f"{clause} INTO person (person_id, city) VALUES (:appointment_id, 'x')"
    upsert = " ON CONFLICT (person_id) DO UPDATE SET city = 'y'" if clause == "INSERT" else ""

    (fault, *_) = validate(_with(CANCEL, effects=(effect + upsert,)))

    assert fault.where == f"clinic_appointments.{CANCEL}.effect 1"
    if clause == "REPLACE":
        assert fault.fault == "is neither INSERT, UPDATE nor DELETE"
    else:
        assert fault.fault.startswith('overrides what the records hold in "INSERT ')
        assert fault.fix == "Write a plain INSERT, and a rule that refuses what is there already."


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        ("r.full_name", "r.doctor_id"),
        ("r.doctor_id, r.full_name", None),
        ("doctor_name, 1", None),
        ("2", "r.doctor_id"),
    ],
)
def test_a_list_whose_order_is_not_total_is_found(order: str, missing: str | None) -> None:
    returns = clinic().spec.tool(SEARCH).returns
    changed = returns.model_copy(update={"sql": returns.sql.partition(" ORDER BY ")[0] + f" ORDER BY {order}"})

    faults = validate(_with(SEARCH, returns=changed))

    assert [(each.where, each.fix) for each in faults] == (
        [(f"clinic_appointments.{SEARCH}.returns", f"End ORDER BY with {missing}.")] if missing else []
    )


@pytest.mark.parametrize(
    ("select", "missing"),
    [
        ("SELECT DISTINCT d.specialty FROM doctor AS d ORDER BY d.specialty", None),
        ("SELECT DISTINCT d.specialty FROM doctor AS d ORDER BY 1 + 1", "d.specialty"),
        ("SELECT d.specialty FROM doctor AS d GROUP BY d.specialty ORDER BY COUNT(*)", "d.specialty"),
        ("SELECT specialty FROM doctor ORDER BY doctor_id", None),
        ("SELECT d.specialty FROM doctor AS d, patient AS p ORDER BY d.doctor_id", "p.patient_id"),
        ("SELECT MAX(d.specialty) AS specialty FROM doctor AS d ORDER BY 1", None),
        (
            "SELECT specialty FROM (SELECT specialty FROM doctor) AS s ORDER BY 1",
            "a key of (SELECT specialty FROM doctor) AS s",
        ),
    ],
)
def test_what_tells_the_rows_of_a_list_apart_decides_their_order(select: str, missing: str | None) -> None:
    column = next(c for c in clinic().spec.tool(SEARCH).returns.columns if c.name == "specialty")
    changed = clinic().spec.tool(SEARCH).returns.model_copy(update={"sql": select, "columns": (column,)})

    fixes = [fault.fix for fault in validate(_with(SEARCH, returns=changed)) if "ORDER BY" in fault.fix]

    assert fixes == ([f"End ORDER BY with {missing}."] if missing else [])


@pytest.mark.parametrize(
    "effect",
    [
        "UPDATE appointment SET appointment_id = 'APT-1' WHERE appointment_id = :appointment_id",
        "UPDATE appointment SET (status, appointment_id) = ('cancelled', 'x') WHERE appointment_id = :appointment_id",
    ],
)
def test_an_effect_that_changes_a_key_is_found(effect: str) -> None:
    faults = validate(_with(CANCEL, effects=(effect,)))

    assert faults == [_at("effect 1", "changes the key 'appointment_id'", "Keys never change.")]


@pytest.mark.parametrize("effect", ["UPDATE appointment SET status = 'cancelled'", "DELETE FROM appointment"])
def test_an_effect_on_every_row_is_found(effect: str) -> None:
    faults = validate(_with(CANCEL, effects=(effect,)))

    assert faults == [_at("effect 1", "changes every row of its table", "Add a WHERE on the key.")]


def test_an_effect_on_an_unknown_table_is_found() -> None:
    effect = "UPDATE invoice SET paid = 1 WHERE id = :appointment_id"

    faults = validate(_with(CANCEL, effects=(effect,)))

    assert faults == [_at("effect 1", f"uses unknown tables ['invoice'] in {effect!r}", f"Tables are {TABLES}.")]


def test_an_effect_that_changes_the_tables_themselves_is_found() -> None:
    faults = validate(_with(CANCEL, effects=("DROP TABLE appointment",)))

    assert faults == [_at("effect 1", "is neither INSERT, UPDATE nor DELETE", "Effects change rows.")]


def test_a_state_that_the_machine_does_not_lead_to_is_found() -> None:
    effect = "UPDATE appointment SET status = 'waiting' WHERE appointment_id = :appointment_id"

    assert validate(_with(CONFIRM, effects=(effect,))) == [_forbidden("scheduled", "waiting")]


@pytest.mark.parametrize("require", ["appointment.price > 0", "appointment.status = :me"])
def test_a_change_of_state_from_which_no_rule_protects_is_found(require: str) -> None:
    first, *others = clinic().spec.tool(CONFIRM).rules
    rules = (first.model_copy(update={"require": require}), *others)

    faults = validate(_with(CONFIRM, rules=rules))

    assert faults == [_forbidden(state, "confirmed") for state in ("cancelled", "completed", "missed")]


def test_two_rules_with_one_code_are_found() -> None:
    faults = validate(_with_rule("appointment.price > 1", code="CONFIRMATION_TOO_EARLY"))

    where = "clinic_appointments.CONFIRMATION_TOO_EARLY"
    fault = f"is used 2 times, by ['{CONFIRM}', '{CANCEL}']"
    assert faults == [Fault(where=where, fault=fault, fix="Rename one.")]


@pytest.mark.parametrize(
    "require",
    [
        "appointment.starts_at > datetime('now')",
        "appointment.starts_at > CURRENT_TIMESTAMP",
        "appointment.starts_at > strftime('%Y', 'NOW')",
        "appointment.starts_at > strftime('%Y')",
        "appointment.starts_at > datetime()",
        "appointment.starts_at > date()",
        "unixepoch() > 5",
        "appointment.starts_at > datetime(:now, 'localtime')",
    ],
)
def test_a_rule_that_reads_the_wall_clock_is_found(require: str) -> None:
    assert validate(_with_rule(require)) == [_at("rule PLANTED", "reads the wall clock", "Use `:now`.")]


@pytest.mark.parametrize("call", ["random()", "randomblob(4)", "last_insert_rowid()", "total_changes()"])
def test_a_rule_that_depends_on_chance_or_on_the_session_is_found(call: str) -> None:
    (fault,) = validate(_with_rule(f"{call} > 0"))

    fix = "Results must not depend on chance or on the machine."
    assert (fault.where, fault.fix) == (f"clinic_appointments.{CANCEL}.rule PLANTED", fix)


def test_a_result_without_an_order_is_found() -> None:
    returns = clinic().spec.tool(SEARCH).returns
    unordered = returns.model_copy(update={"sql": returns.sql.partition(" ORDER BY")[0]})

    faults = validate(_with(SEARCH, returns=unordered))

    fix = "Order by enough columns to make the order total."
    assert faults == [_at("returns", "has no ORDER BY", fix, tool=SEARCH)]


def test_a_parameter_that_nothing_uses_is_found() -> None:
    mood = Parameter(name="mood", type="text", description="How the patient feels.")
    parameters = (*clinic().spec.tool(CANCEL).parameters, mood)

    faults = validate(_with(CANCEL, parameters=parameters))

    assert faults == [_at("mood", "is a parameter that nothing uses", "Use it in a fragment or drop it.")]


def test_tools_whose_key_no_lookup_returns_are_found() -> None:
    faults = validate(_without_keys_of("waiting_list_entry.waiting_list_entry_id"))

    where = "clinic_appointments.leave_doctor_waiting_list"
    fault = "needs ['waiting_list_entry.waiting_list_entry_id'], which no lookup returns"
    assert faults == [Fault(where=where, fault=fault, fix="Let a read tool return it, or drop the parameter.")]


def test_too_few_tools_are_found() -> None:
    faults = validate(clinic().spec.model_copy(update={"tools": clinic().spec.tools[:9]}))

    assert faults == [Fault(where="clinic_appointments", fault="has only 9 tools", fix="Give at least 10.")]


def test_a_tool_whose_name_would_be_too_long_in_a_pair_is_found() -> None:
    spec = clinic().spec
    longest = max(spec.tools, key=lambda tool: len(tool.name)).name
    room = LONGEST_NAME - len(f"__{longest}")
    assert validate(spec.model_copy(update={"domain": "d" * room})) == []
    (fault, *_) = validate(spec.model_copy(update={"domain": "d" * (room + 1)}))
    assert fault.where.endswith(f".{longest}")
    assert f"{'d' * (room + 1)}__{longest}, which has 65 characters" in fault.fault


def test_a_second_authorisation_tool_is_found() -> None:
    faults = validate(_with(SEARCH, authorizes="patient.patient_id"))

    assert faults == [Fault(where="clinic_appointments", fault="has 2 authorisation tools", fix="Keep exactly one.")]


def test_a_relationship_without_the_core_entity_is_found() -> None:
    reference = Column(name="doctor_id", type="ref", ref="doctor", description="Whom it is about.")
    review = clinic().spec.table("appointment_review")
    columns = (*(column for column in review.columns if column.type != "ref"), reference)

    faults = validate(_with_table("appointment_review", columns=columns))

    where = "clinic_appointments.appointment_review"
    fix = "Give it a reference to patient."
    assert faults == [Fault(where=where, fault="does not involve the core entity", fix=fix)]


def test_a_reference_to_an_unknown_table_is_found() -> None:
    room = Column(name="room_id", type="ref", ref="room", description="Where they work.")

    faults = validate(_with_table("doctor", columns=(*clinic().spec.table("doctor").columns, room)))

    where = "clinic_appointments.doctor.room_id"
    assert faults == [Fault(where=where, fault="points at 'room'", fix="Declare it.")]


def test_an_invariant_about_an_unknown_column_is_found() -> None:
    tidy = Invariant(statement="Every room is tidy.", require="doctor.room_tidy = 1")

    faults = validate(_with_table("doctor", invariants=(tidy,)))

    where = "clinic_appointments.doctor.invariant 'Every room is tidy.'"
    fault = "SQLite refuses it: no such column: doctor.room_tidy"
    assert faults == [Fault(where=where, fault=fault, fix="Use columns of declared tables, and `:now`.")]


def test_a_fault_reads_as_where_what_and_how_to_mend_it() -> None:
    fault = Fault(where="clinic.book", fault="a read tool has effects", fix="Correct `access`.")

    assert str(fault) == "clinic.book: a read tool has effects. Correct `access`."


def _at(fragment: str, fault: str, fix: str, tool: str = CANCEL) -> Fault:
    return Fault(where=f"clinic_appointments.{tool}.{fragment}", fault=fault, fix=fix)


def _forbidden(source: str, target: str) -> Fault:
    fault = f"moves appointment from {source!r} to {target!r}, which its state machine forbids"
    fix = "Add a rule on appointment.status, or the transition."
    return Fault(where=f"clinic_appointments.{CONFIRM}", fault=fault, fix=fix)


def _with(name: str, **changes: Any) -> EnvironmentSpec:
    """The clinic, one of its tools changed."""
    spec = clinic().spec
    tools = tuple(tool.model_copy(update=changes) if tool.name == name else tool for tool in spec.tools)
    return spec.model_copy(update={"tools": tools})


def _with_rule(require: str, code: str = "PLANTED") -> EnvironmentSpec:
    """The clinic, with one more rule for cancelling."""
    rule = Rule(code=code, statement="Something must hold.", require=require)
    return _with(CANCEL, rules=(*clinic().spec.tool(CANCEL).rules, rule))


def _with_table(name: str, **changes: Any) -> EnvironmentSpec:
    spec = clinic().spec
    tables = tuple(table.model_copy(update=changes) if table.name == name else table for table in spec.tables)
    return spec.model_copy(update={"tables": tables})


def _without_keys_of(key: str) -> EnvironmentSpec:
    """The clinic, where no result says that it holds this key."""
    spec = clinic().spec
    tools = []
    for tool in spec.tools:
        columns = [c.model_copy(update={"refers_to": None}) if c.refers_to == key else c for c in tool.returns.columns]
        returns = tool.returns.model_copy(update={"columns": tuple(columns)})
        tools.append(tool.model_copy(update={"returns": returns}))
    return spec.model_copy(update={"tools": tuple(tools)})
