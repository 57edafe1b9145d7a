"""An exported folder in the hands of a tau2 user: gold, rewards, refusals, schemas, and the wrapper."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.cases import Accepted, CaseTable, Rejected, Unfit
from agentskiller_assets.runtime import Ok, Session, input_schema
from agentskiller_assets.tau2.names import TRANSFER_TOOL
from tests.tau2.exported import CLINIC, PAIR, content_of, data_of, elsewhere, tasks_of, visit, write_export

Folders = dict[str, Path]
BOTH = pytest.mark.parametrize("name", [CLINIC, PAIR])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The clinic's folder, and that of the clinic with the pharmacy."""
    return {name: write_export(name, tmp_path_factory.mktemp(name)) for name in (CLINIC, PAIR)}


@pytest.fixture(scope="module")
def shapes(folders: Folders) -> dict[str, Any]:
    """What tau2 derives from the code of each."""
    return {name: visit(folder, name, "shapes") for name, folder in folders.items()}


def _rows(name: str, session: Session) -> dict[str, dict[str, Any]]:
    """The rows of a session as plain values, read one table at a time."""
    found: dict[str, dict[str, Any]] = {}
    for table in content_of(name).spec.tables:
        columns = [column.name for column in table.columns]
        listed = ", ".join(f'"{column}"' for column in columns)
        rows = [dict(zip(columns, row, strict=True)) for row in session.query(f'SELECT {listed} FROM "{table.name}"')]
        for row in rows:
            for column in table.columns:
                if column.type == "boolean" and row[column.name] is not None:
                    row[column.name] = bool(row[column.name])
        found[table.name] = {row[table.key]: row for row in rows}
    return found


@BOTH
def test_gold_raises_nothing_and_leaves_what_was_certified_every_time(folders: Folders, name: str):
    found = visit(folders[name], name, "gold")
    certified = {task.id: task for task in content_of(name).tasks}
    assert list(found) == [task.id for task in tasks_of(name)]
    with open_environment(content_of(name).rows).fork() as session:
        for task, each in found.items():
            session.reset()
            outcomes = [session.call(step.tool, step.values()) for step in certified[task].instance.steps]
            assert all(isinstance(outcome, Ok) for outcome in outcomes)
            (rows, state, conversation), again = each["states"]
            assert [rows, state, conversation] == again
            assert rows == digest(_rows(name, session))
            assert state != each["before"]
            assert conversation["transferred"] == (certified[task].task_kind == "insufficient")
            assert conversation["caller"] == certified[task].instance.person


@BOTH
def test_only_what_was_asked_for_earns_a_reward(folders: Folders, name: str):
    kinds = {task.id: task.task_kind for task in content_of(name).tasks}
    chosen = [task for kind in set(kinds.values()) for task in [t for t in kinds if kinds[t] == kind][:4]]
    found = visit(folders[name], name, "scores", chosen)
    assert set(found) == set(chosen)
    for task, scores in found.items():
        kind = kinds[task]
        assert scores == {
            "rightly": 1,
            "after mistakes": 1,
            "nothing": 0,
            "without a word": float(kind != "inform"),
            "without its writes": float(kind != "fulfil"),
            "handed over": float(kind == "insufficient"),
            "unidentified": 0,
        }, kind


def _cases(name: str) -> CaseTable:
    return find_cases(open_environment(content_of(name).rows))


def _calls(table: CaseTable, case: Accepted | Rejected | Unfit) -> list[Any]:
    """All calls of a case, identification first."""
    before = () if isinstance(case, Unfit) else case.before
    identity = [table.identities[case.caller]] if case.caller else []
    return [*identity, *before, (case.tool, case.args)]


def test_every_tool_and_every_rule_does_in_tau2_what_it_does_in_a_session(folders: Folders):
    table = _cases(CLINIC)
    cases = [*table.accepted, *table.rejected, *table.unfit]
    answers = visit(folders[CLINIC], CLINIC, "answers", [_calls(table, case) for case in cases])
    for case, (content, is_error, unchanged) in zip(cases, answers, strict=True):
        match case:
            case Accepted():
                assert not is_error, content
            case Rejected():
                assert (content, is_error, unchanged) == (f"Error: {case.code}: {case.statement}", True, True)
            case Unfit():
                assert is_error
                assert unchanged
    codes = {refusal.code for tool in content_of(CLINIC).spec.tools for refusal in tool.refusals}
    assert len({case.code for case in table.rejected} & codes) >= len(codes) - len(table.gaps)


@BOTH
def test_the_request_of_a_refused_task_is_refused_with_its_rule(folders: Folders, name: str):
    tasks = [task for task in content_of(name).tasks if task.task_kind == "refuse" and task.instance.probe]
    calls = [[(step.tool, step.values()) for step in (*t.instance.steps, t.instance.probe) if step] for t in tasks]
    answers = visit(folders[name], name, "answers", calls)
    assert len(answers) >= 5
    for task, (content, is_error, unchanged) in zip(tasks, answers, strict=True):
        assert content.startswith(f"Error: {task.instance.refusal}: ")
        assert is_error
        assert unchanged


def test_new_records_are_compared_by_what_they_say(folders: Folders):
    """Two places on waiting lists get each other's numbers in the other order; that is the same state, and one less is
    not."""
    identity, one, other = _two_waiting_lists()
    orders = [[identity, one, other], [identity, other, one], [identity, one]]
    (first, rows), (second, other_rows), (less, _) = visit(folders[CLINIC], CLINIC, "swapped", orders)
    assert first == second
    assert rows != other_rows
    assert less != first


def _two_waiting_lists() -> tuple[Any, Any, Any]:
    """How somebody identifies themselves, and two lists that they may join."""
    content, tool = content_of(CLINIC), "join_doctor_waiting_list"
    joining = [task for task in content.tasks if tool in [step.tool for step in task.instance.steps]]
    with open_environment(content.rows).fork() as session:
        for task in joining:
            session.reset()
            step = task.instance.steps[0]
            session.call(step.tool, step.values())
            doctors = [{"doctor_id": row["doctor_id"]} for row in content.rows.rows["doctor"]]
            joined = [doctor for doctor in doctors if isinstance(session.call(tool, doctor), Ok)]
            if len(joined) == 2:
                return (step.tool, step.values()), (tool, joined[0]), (tool, joined[1])
    raise LookupError("nobody may join two waiting lists")


def test_data_put_into_the_database_are_what_the_next_call_sees(folders: Folders):
    name = CLINIC
    step = next(task for task in content_of(name).tasks).instance.steps[0]
    caller = next(task for task in content_of(name).tasks).instance.person
    data = {"person": {caller: {"city": "Newtown"}}}
    given = {"identity": [step.tool, step.values()], "call": ["get_my_patient_record", {}], "data": data}
    before, after, same, other = visit(folders[name], name, "updated", given)
    assert json.loads(before)["city"] != "Newtown"
    assert json.loads(after) == json.loads(before) | {"city": "Newtown"}
    assert (same, other) == (True, False)


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A derived schema without titles, and with optional parameters as this project writes them."""
    properties = {}
    for name, found in schema.get("properties", {}).items():
        choices = found.get("anyOf", [found])
        kept = {**choices[0], **{key: found[key] for key in ("description",) if key in found}}
        properties[name] = {key: value for key, value in kept.items() if key != "title"}
    return {"type": "object", "properties": properties, "required": schema.get("required", [])}


@BOTH
def test_tau2_derives_the_schemas_of_the_tool_list(shapes: dict[str, Any], name: str):
    derived = shapes[name]["tools"]
    tools = content_of(name).spec.tools
    assert set(derived) == {TRANSFER_TOOL, *(tool.name for tool in tools)}
    for tool in tools:
        expected = {key: value for key, value in input_schema(tool).items() if key != "additionalProperties"}
        assert _plain(derived[tool.name]["parameters"]) == expected
        assert derived[tool.name]["description"] == tool.description


@BOTH
def test_tools_are_marked_as_what_they_are_and_identification_is_replayed(shapes: dict[str, Any], name: str):
    tools = content_of(name).spec.tools
    assert shapes[name]["types"] == {TRANSFER_TOOL: "generic", **{tool.name: tool.access for tool in tools}}
    replayed = [tool.name for tool in tools if tool.access == "write" or tool.authorizes]
    assert shapes[name]["replayed"] == sorted([TRANSFER_TOOL, *replayed])


@BOTH
def test_the_records_fit_the_database_and_are_those_of_the_warehouse(
    folders: Folders, shapes: dict[str, Any], name: str
):
    data = data_of(folders[name], name, "db.json")
    jsonschema_rs.validator_for(shapes[name]["database"]).validate(data)
    for table in content_of(name).spec.tables:
        assert list(data[table.name].values()) == list(content_of(name).rows.rows[table.name])
        assert all(row[table.key] == key for key, row in data[table.name].items())


@BOTH
def test_splits_are_offered_and_the_runtime_is_the_folders_own(folders: Folders, shapes: dict[str, Any], name: str):
    splits = data_of(folders[name], name, "split_tasks.json")
    total = len(tasks_of(name))
    assert shapes[name]["splits"] == {"None": total, **{split: len(ids) for split, ids in splits.items()}}
    assert shapes[name]["runtime"] == str(folders[name] / "agentskiller_assets" / "__init__.py")
    policy = folders[name] / "data" / "tau2" / "domains" / name / "policy.md"
    assert shapes[name]["policy"] == policy.read_text(encoding="utf-8")


def test_the_wrapper_registers_the_domain_and_calls_tau2(folders: Folders):
    ran = elsewhere(folders[PAIR], "run_tau2.py", "run", "--domain", PAIR, "--task-split-name", "train")
    trained = len(data_of(folders[PAIR], PAIR, "split_tasks.json")["train"])
    assert ran.stdout == f"{PAIR}: {trained} tasks of train\n", ran.stderr


def test_the_wrapper_says_what_is_missing_without_tau2(folders: Folders):
    ran = elsewhere(folders[CLINIC], "run_tau2.py", "run", "--domain", CLINIC, with_tau2=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("tau2-bench is not installed: pip install git+https://")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("p.register()", "Domain clinic_appointments already registered"),
        ("e.get_environment(solo_mode=True)", "Domain clinic_appointments has no solo mode"),
        ("e.get_tasks('validation')", "has no task split 'validation', but base, train, test"),
    ],
)
def test_wrong_use_is_named(folders: Folders, statement: str, said: str):
    code = f"import tau2_{CLINIC} as p, tau2_{CLINIC}.environment as e; p.register(); {statement}"
    ran = elsewhere(folders[CLINIC], "-c", code)
    assert ran.returncode == 1
    assert said in ran.stderr.splitlines()[-1]


def test_a_tau2_that_replays_every_call_needs_no_mark_for_it(folders: Folders):
    code = (
        "import tau2.environment.toolkit as t; marked = t.is_tool; t.is_tool = lambda kind: marked(kind);"
        f" import tau2_{CLINIC}.environment as e; print(len(e.get_environment().tools.tools))"
    )
    ran = elsewhere(folders[CLINIC], "-c", code)
    assert ran.stdout == f"{len(content_of(CLINIC).spec.tools) + 1}\n", ran.stderr


def test_data_that_were_copied_to_tau2_are_found_there(folders: Folders, tmp_path: Path):
    package, data = tmp_path / "site", tmp_path / "tau2-bench" / "data"
    shutil.copytree(folders[CLINIC], package, ignore=shutil.ignore_patterns("data"))
    shutil.copytree(folders[CLINIC] / "data", data)
    code = f"import tau2_{CLINIC}.environment as e; print(len(e.get_tasks()), e.get_environment().domain_name)"
    ran = elsewhere(package, "-c", code, TAU2_DATA_DIR=str(data))
    assert ran.stdout == f"{len(tasks_of(CLINIC))} {CLINIC}\n", ran.stderr
