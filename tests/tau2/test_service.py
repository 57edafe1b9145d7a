"""The service behind an exported toolkit: rows that somebody else holds, and one conversation."""

from typing import Any

import pytest

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.tau2.service import DEFECT, CallError, Rows, Service
from tests.tau2.exported import clinic_content, pair_content

CANCEL = "cancel_appointment"


def _rows(content: Any) -> Rows:
    keys = {table.name: table.key for table in content.spec.tables}
    return {table: {row[key]: row for row in content.rows.rows[table]} for table, key in keys.items()}


def _cancelling() -> list[tuple[str, dict[str, Any]]]:
    """The calls of the shortest task that cancels an appointment."""
    tasks = [task for task in clinic_content().tasks if CANCEL in [step.tool for step in task.instance.steps]]
    shortest = min(tasks, key=lambda task: len(task.instance.steps))
    return [(step.tool, step.values()) for step in shortest.instance.steps]


def test_a_write_leaves_other_rows_and_touches_none_that_were_handed_in():
    service, rows = Service(clinic_content().spec), _rows(clinic_content())
    calls = _cancelling()
    for tool, arguments in calls:
        service.call(rows, tool, arguments)
    (key,) = [arguments["appointment_id"] for tool, arguments in calls if tool == CANCEL]
    assert rows == _rows(clinic_content())
    assert service.rows["appointment"][key] == rows["appointment"][key] | {"status": "cancelled"}
    assert {name for name in rows if rows[name] != service.rows[name]} == {"appointment"}


def test_a_conversation_goes_on_where_rows_are_altered_from_outside():
    service, rows = Service(clinic_content().spec), _rows(clinic_content())
    calls = _cancelling()
    for tool, arguments in calls[:-1]:
        service.call(rows, tool, arguments)
    key = calls[-1][1]["appointment_id"]
    altered = rows | {"appointment": rows["appointment"] | {key: rows["appointment"][key] | {"status": "missed"}}}
    before = service.changes(rows)
    with pytest.raises(CallError, match=r"^[A-Z_]+: Only a scheduled or confirmed appointment can be cancelled\.$"):
        service.call(altered, *calls[-1])
    assert service.rows == altered
    assert service.changes(altered) != before


def test_nobody_is_identified_until_somebody_is():
    service, rows = Service(clinic_content().spec), _rows(clinic_content())
    assert service.caller(rows) is None
    with pytest.raises(CallError, match=r"^NOT_AUTHORIZED: The caller must be identified first\."):
        service.call(rows, "list_my_appointments", {})
    tool, arguments = _cancelling()[0]
    service.call(rows, tool, arguments)
    caller = service.caller(rows)
    assert caller in rows["person"]
    assert rows["person"][caller]["last_name"] == arguments["last_name"]


def test_the_caller_of_two_services_is_one_person_whichever_comes_first():
    content = pair_content()
    rows = _rows(content)
    gates = {tool.name for tool in content.spec.tools if tool.authorizes}
    steps = next(
        found
        for task in content.tasks
        if len(found := [step for step in task.instance.steps if step.tool in gates]) == len(gates)
    )
    callers = []
    for order in (steps, steps[::-1]):
        service = Service(content.spec)
        for step in order:
            service.call(rows, step.tool, step.values())
            callers.append(service.caller(rows))
    assert len(callers) == 4
    assert len(set(callers)) == 1


def test_arguments_that_do_not_fit_are_named():
    service, rows = Service(clinic_content().spec), _rows(clinic_content())
    with pytest.raises(CallError, match=r"^Invalid argument last_name: "):
        service.call(rows, _cancelling()[0][0], {"phone": "1"})


def test_a_defect_of_the_service_is_not_told_in_sql():
    service, rows = Service(_with_defect(clinic_content().spec)), _rows(clinic_content())
    service.call(rows, *_cancelling()[0])
    with pytest.raises(CallError) as raised:
        service.call(rows, "get_my_patient_record", {})
    assert str(raised.value) == DEFECT


def _with_defect(spec: EnvironmentSpec) -> EnvironmentSpec:
    """The clinic, where one lookup gives no row but all of them."""
    tool = spec.tool("get_my_patient_record")
    columns = ", ".join(f"full_name AS {column.name}" for column in tool.returns.columns)
    returns = tool.returns.model_copy(update={"sql": f"SELECT {columns} FROM person ORDER BY person_id"})
    tools = tuple(tool.model_copy(update={"returns": returns}) if each == tool else each for each in spec.tools)
    return spec.model_copy(update={"tools": tools})
