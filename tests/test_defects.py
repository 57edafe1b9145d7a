"""What went wrong in the reference implementation of the method, and why it cannot happen here.

The numbers are those of the list of defects that this project was specified against.
"""

import ast
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

import agentskiller_assets
import io_managers
import resources
from agentskiller_assets.core.canonical import digest_bytes
from agentskiller_assets.core.records import record_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import Rule
from agentskiller_assets.environment.builds import make_blueprint
from agentskiller_assets.environment.cases import CaseTable
from agentskiller_assets.environment.checks import database_checks, server_checks
from agentskiller_assets.environment.correction import FrozenTests
from agentskiller_assets.environment.models import ServerModule, policy_text
from agentskiller_assets.errors import SpecError
from agentskiller_assets.metadata import PARTITIONS
from agentskiller_assets.runtime import schema_sql
from agentskiller_assets.tasks.builds import certify, make_instances
from agentskiller_assets.tasks.checks import query_checks, tool_graph_checks
from agentskiller_assets.tasks.models import TaskInstance, TaskTemplate, ToolEdge
from agentskiller_assets.tasks.queries import asked_values
from resources.sandbox import run_pytest
from tests.authoring.stubborn import Stubborn
from tests.checks.planting import altered, answers
from tests.runtime.specs import library_with
from tests.runtime.specs import tool as probe
from tests.scenario import AMELIA, session_of
from tests.tasks.altering import certified, instance_that_calls, with_argument, with_doctors
from tests.world import NOW, clinic

BOOK = "book_appointment"


def _template_of(tool: str) -> TaskTemplate:
    """The template of nothing but this write."""
    found = (t for t in clinic().task_templates if t.task_kind == "fulfil" and len(t.goals) == 1)
    return next(template for template in found if template.goals[0].tool == tool)


def _siblings(template: TaskTemplate, count: int) -> list[TaskInstance]:
    """Several instances of one template."""
    world = clinic()
    found, _ = make_instances(
        world.author, world.domain_topics, world.tool_graphs, world.databases, world.mcp_servers.id, [template], count
    )
    return found


def test_defect_01_one_bad_instance_never_rides_on_its_siblings() -> None:
    """There, a trajectory that had been validated once marked all its instances valid without running them, and a
    failed one was promoted on retry. Here every instance is executed: of four of one template, exactly the one with
    a wrong argument is rejected, in the first run and in the second."""
    siblings = _siblings(_template_of(BOOK), 4)
    key = next(a.name for a in siblings[2].steps[-1].arguments if a.source.step is not None)
    last = len(siblings[2].steps) - 1
    siblings[2] = with_argument(siblings[2], last, key, value="DOC-99999")
    others = [each for each in clinic().instance_combos if each.template != siblings[0].template]

    first = certify(clinic().databases, [*siblings, *others])
    second = certify(clinic().databases, [task.instance for task in first])

    assert len({task.instance.template for task in first[:4]}) == 1
    assert [task.certified for task in first[:4]] == [True, True, False, True]
    assert second == first


def test_defect_02_no_task_is_taken_for_that_of_another_server_or_of_other_names() -> None:
    """There, the hash of a trajectory left out the server, so that equal tool names elsewhere passed unexecuted, and
    it joined names so that two lists gave one text. Here the id of a task covers the whole environment, the task is
    executed in each, and a place where it cannot be done rejects it."""
    here = certified(instance_that_calls(BOOK))
    dearer = certified(here.instance, with_doctors(consultation_fee=55.0))
    elsewhere = certified(here.instance, with_doctors(full_name="Dr. No"))

    assert (here.certified, dearer.certified) == (True, True)
    assert elsewhere.rejection is not None
    assert "a gold step is not Ok" in elsewhere.rejection
    assert len({here.id, dearer.id, elsewhere.id}) == 3
    assert record_id("task", ["a_b", "c"]) != record_id("task", ["a", "b_c"])


def test_defect_07_references_requirements_and_types_survive_into_tables_and_schemas() -> None:
    """There, a repair merged different foreign keys into one column, every parameter became required, and enums were
    lost. Here each reference is a foreign key of its own in the database, and each schema says what the specification
    says."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema_sql(clinic().spec))
    for table in clinic().spec.tables:
        declared = {(column.name, column.ref) for column in table.columns if column.ref}
        found = connection.execute('SELECT "from", "table" FROM pragma_foreign_key_list(?)', (table.name,))
        assert set(found.fetchall()) == declared
    assert {c.ref for c in clinic().spec.table("appointment").columns if c.ref} == {"patient", "doctor"}

    for tool, entry in zip(clinic().spec.tools, clinic().tool_lists, strict=True):
        schema = entry.function["function"]["parameters"]
        assert schema["required"] == [parameter.name for parameter in tool.parameters if parameter.required]
        assert {name: tuple(each.get("enum", ())) for name, each in schema["properties"].items()} == {
            parameter.name: parameter.values for parameter in tool.parameters
        }
    listing = next(entry for entry in clinic().tool_lists if entry.name == "list_my_appointments")
    assert listing.function["function"]["parameters"]["required"] == []
    assert listing.output_schema["properties"]["results"]["items"]["properties"]["price"]["type"] == "number"


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        ("row_counts", lambda rows: rows[:-1]),
        ("keys_unique", lambda rows: (*rows[:-1], rows[0])),
        ("rows_valid", lambda rows: ({**rows[0], "consultation_fee": "a lot"}, *rows[1:])),
        ("rows_valid", lambda rows: ({**rows[0], "favourite_colour": "red"}, *rows[1:])),
        ("rows_valid", lambda rows: ({**rows[0], "specialty": "alchemy"}, *rows[1:])),
    ],
    ids=["count", "key", "type", "schema", "value"],
)
def test_defect_08_rows_are_accepted_for_what_they_are(
    check: str, spoil: Callable[[tuple[dict[str, object], ...]], tuple[dict[str, object], ...]]
) -> None:
    """There, rows were accepted when the generator exited with 0 and left a file behind. Here counts, keys, types,
    values and columns are checked, and what is wrong blocks all that would be built on it."""
    rows = clinic().databases
    spoilt: EnvironmentRows = rows.model_copy(update={"rows": {**rows.rows, "doctor": spoil(rows.rows["doctor"])}})

    assert not answers(database_checks, {"databases": spoilt})[check].passed
    assert all(result.passed for result in answers(database_checks, {}).values())


def test_defect_08_there_is_one_current_time() -> None:
    """There, rows and tools had two different current times. Here the time of the catalog is that of the topic, the
    specification, the policy and the rules."""
    times = {entry.simulation_time for entry in clinic().domain_catalog}
    with clinic().environment.fork() as session:
        future = session.query(
            "SELECT COUNT(*) FROM appointment WHERE status = 'completed' AND starts_at > :now", {"now": NOW}
        )

    assert times | {clinic().domain_topics.simulation_time, clinic().spec.simulation_time} == {NOW}
    assert "It is now Monday, 2 March 2026 at 09:00." in policy_text(clinic().policies)
    assert future == [(0,)]


def test_defect_10_a_rule_that_cannot_be_evaluated_stops_the_domain() -> None:
    """There, a failed analysis of preconditions switched their filter off. Here a rule that cannot be evaluated is an
    error before anything is made, with the tool, the rule and the fix."""
    rule = Rule(code="DOCTOR_TIRED", statement="The doctor is awake.", require="doctor.hours_slept > 6")

    with pytest.raises(SpecError) as caught:
        make_blueprint(Stubborn(BOOK, rule), clinic().domain_topics, clinic().entity_graph)

    assert caught.value.culprit == "blueprints[clinic_appointments]"
    assert f"clinic_appointments.{BOOK}.rule DOCTOR_TIRED" in caught.value.fault
    assert "no such column: doctor.hours_slept" in caught.value.fault


def test_defect_10_a_rule_that_nothing_satisfies_leaves_no_task() -> None:
    """A filter that lets nothing through gives no instance, rather than unfiltered ones."""
    never = Rule(code="CLOSED_FOR_GOOD", statement="Nothing is booked any more.", require="1 = 0")
    world, author = clinic(), Stubborn(BOOK, never)
    spec = make_blueprint(author, world.domain_topics, world.entity_graph).spec
    rows = world.databases.model_copy(update={"spec": spec})

    found, _ = make_instances(
        author, world.domain_topics, world.tool_graphs, rows, world.mcp_servers.id, [_template_of(BOOK)], 4
    )

    assert found == []


def test_defect_10_a_circle_in_the_tool_graph_blocks() -> None:
    """There, circles in the tool graph were accepted. Here a check names the circle and blocks."""
    pairs = (("search_doctors", BOOK), (BOOK, "search_doctors"))
    circle = tuple(ToolEdge(source=source, target=target, kind="storyline") for source, target in pairs)
    graph = clinic().tool_graphs.model_copy(update={"edges": (*clinic().tool_graphs.edges, *circle)})

    result = answers(tool_graph_checks, {"tool_graphs": graph})["rooted_dag"]

    assert not result.passed
    assert re.search(rf"goes in a circle: .*{BOOK}", str(result.description))


def test_defect_11_tests_have_a_time_limit() -> None:
    """There, generated tests had no time limit. Here a run that does not end is stopped, and is a failure."""
    report = run_pytest({"test_it.py": "def test_one():\n    while True: pass\n"}, timeout_s=2)

    assert (report.ok, report.timed_out) == (False, True)
    assert [each.message for each in report.failures] == ["The time was up; the run was stopped."]


def test_defect_11_a_server_that_failed_is_not_used_downstream() -> None:
    """There, failed servers were used downstream. Here the check of the server blocks whatever builds on it."""
    used: list[str] = []
    sound = clinic().mcp_servers
    failed = sound.model_copy(update={"failed": 1, "failures": ("clinic_appointments.book_appointment.rule X",)})

    @dg.asset(partitions_def=PARTITIONS)
    def mcp_servers() -> ServerModule:
        return server

    @dg.asset(partitions_def=PARTITIONS)
    def instance_combos(mcp_servers: ServerModule) -> None:
        used.append(mcp_servers.id)

    domain = PARTITIONS.get_partition_keys()[0]
    for server in (failed, sound):
        result = dg.materialize(
            [mcp_servers, instance_combos, server_checks],
            partition_key=domain,
            resources={"io_manager": dg.mem_io_manager},
            raise_on_error=False,
        )
        assert result.success is (server is sound)
        assert used == ([sound.id] if server is sound else [])


def test_defect_11_tests_are_never_edited_to_pass() -> None:
    """There, the repair loop edited the test by default. Here tests are known by their digest, and those that were
    edited are not even run."""
    text = "def test_one(): assert False\n"
    tests = FrozenTests(clinic().spec, b"", CaseTable({}, (), (), (), ()), text, digest_bytes(text.encode()))
    edited = replace(tests, text=text.replace("False", "True"))

    assert tests.files("")["test_server.py"] == text
    with pytest.raises(SpecError, match="they no longer have the digest"):
        edited.files("")


def test_defect_17_a_fragment_that_crashes_is_an_error_and_changes_nothing() -> None:
    """There, crashing argument code became `None`, and calls were tried again without rolling back. Here a fragment
    that cannot be evaluated is an error that names its tool, and what was done before it in the same call is undone."""
    overflow = "abs(-9223372036854775808)"
    rule = {"code": "ODD", "statement": "Odd.", "require": f"{overflow} > 0"}
    effects = ["DELETE FROM reservation", f"UPDATE book SET copies = {overflow}"]
    for faulty in (probe(rules=[rule]), probe(effects=effects)):
        with session_of(AMELIA, library_with(faulty)) as session:
            with pytest.raises(SpecError, match="tool probe: its SQL failed when it ran: integer overflow"):
                session.call("probe", {})
            assert session.diff() == {"inserted": {}, "updated": {}, "deleted": {}}


def test_defect_17_nothing_that_an_author_writes_is_run_as_python() -> None:
    """There, the "safe builtins" of generated argument code reached `Popen`. Here values come from sample plans, rules
    are SQL that an authorizer confines to its tables, and no module of ours evaluates text as Python."""
    for package in (agentskiller_assets, resources, io_managers):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
            names = {func.id for func in calls if isinstance(func, ast.Name)}
            assert not names & {"eval", "exec", "compile", "__import__"}, path
    with pytest.raises(SpecError, match="tool probe: its SQL cannot be used"):
        library_with(probe(effects=["UPDATE person SET city = load_extension('x')"]))


def test_defect_13_no_query_lacks_a_value_that_only_the_user_can_give() -> None:
    """There, queries were emitted with required values missing. Here each of them is known to the user, and a query
    from which one is taken fails its check."""
    tasks = {task.id: task for task in clinic().validated_tasks}
    spoilt, expected = [], []
    for query in clinic().queries[:10]:
        name, value = asked_values(tasks[query.task])[-1]
        rest = tuple(fact for fact in query.known_info if fact.value != value)
        spoilt.append(query.model_copy(update={"known_info": rest}))
        expected.append(f"{query.id}: the user does not know {name} = {value!r}")

    found = answers(query_checks, {"queries": spoilt})["complete"]

    assert not found.passed
    assert str(found.description).split("; ") == expected


def test_defect_13_a_part_of_a_true_value_is_no_true_value() -> None:
    """There, what was said counted as true when it was part of something true. Here values are compared whole."""
    index, fact = next(
        (i, f) for i, query in enumerate(clinic().queries) for f in query.known_info if f.type == "phone"
    )
    message = f"{clinic().queries[index].first_message} My number ends in {fact.text[-4:]}."

    result = answers(query_checks, {"queries": altered(clinic().queries, index, first_message=message)})["grounded"]

    assert str(result.description) == f"{clinic().queries[index].id}: {fact.text[-4:]!r} is said but not known"


def test_defect_13_neither_markers_nor_keys_nor_rows_reach_the_user() -> None:
    """There, markers and whole rows leaked to the user. Here the user knows single facts, each spoken of in the
    request, and nothing that identifies a record."""
    prefixes = "|".join(table.id_prefix for table in clinic().spec.tables)
    for query in clinic().queries:
        texts = " ".join([query.first_message, query.instruction, *(fact.text for fact in query.known_info)])
        assert not re.search(rf"\b(?:{prefixes})-\d|[{{}}<>_]|###", texts)
        assert all(isinstance(fact.value, str | int | float | bool) for fact in query.known_info)
