"""Generated servers: readable source that is exactly its specification, and serves it over MCP."""

import sys
from functools import cache
from types import ModuleType
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.literals import block, source
from agentskiller_assets.environment.row_maker import make_rows
from agentskiller_assets.environment.server_module import write_server_module, write_server_tests
from agentskiller_assets.environment.server_report import prove_server
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.runtime import Environment, build_image, input_schema, output_schema
from agentskiller_assets.runtime.mcp_server import mcp_server
from tests.runtime.specs import library_with, tool
from tests.scenario import AMELIA, LIBRARY, library

NOW = "2026-03-02 09:00:00"
POLICY = '# Policy\n\nBe "exact": C:\\new, """quoted""", ünïcode\n'
AUTHOR = ProceduralAuthor()
TOPICS = AUTHOR.expand_domains(4, 7)


def load(text: str) -> ModuleType:
    """The module, imported from its text as a file would be."""
    module = ModuleType("generated_server")
    module.__file__ = "/nowhere/server.py"
    exec(compile(text, "server.py", "exec"), module.__dict__)
    return module


@cache
def procedural() -> Environment:
    """One procedural domain on few rows."""
    spec = AUTHOR.write_blueprint(TOPICS[0], 7, NOW)
    people = [person.model_dump() for person in make_population(150, 7)]
    rows = make_rows(spec, AUTHOR.plan_samples(TOPICS[0], 7, spec), people, 7, 150)
    return Environment(spec, build_image(spec, rows))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.domain)
def test_the_module_of_every_domain_holds_its_specification_exactly(topic):
    spec = AUTHOR.write_blueprint(topic, 7, NOW)
    module = load(write_server_module(spec, POLICY))
    assert spec == module.SPEC
    assert module.POLICY == POLICY


def test_the_module_of_the_library_holds_its_specification_and_has_short_lines():
    text = write_server_module(LIBRARY, POLICY)
    assert load(text).SPEC == LIBRARY
    beyond_schema = text.replace(text[text.index("SCHEMA =") : text.index("TABLES =")], "")
    assert max(map(len, beyond_schema.splitlines())) <= 110


@pytest.mark.parametrize(
    "fragment",
    [
        "loan.note = 'two  spaces' AND loan.note <> 'a \"\"\" b' AND " + "loan.renewals < 2 AND " * 9 + "1",
        "loan.note = 'back\\slash' AND " + "loan.renewals < 2 AND " * 9 + "1",
        "loan.note = 'line\nbreak' AND " + "loan.due_on BETWEEN '2026-01-01' AND '2026-02-01' AND " * 5 + "1",
        "loan.note = '" + "word " * 60 + "end'",
        "1" + " AND 1" * 300,
    ],
)
def test_sql_of_any_shape_survives_the_round_trip(fragment):
    renew = LIBRARY.tool("renew_loan")
    rule = renew.rules[0].model_copy(update={"require": fragment, "statement": fragment})
    changed = renew.model_copy(update={"rules": (rule,), "effects": (fragment, fragment), "description": "\\ \" ' é\n"})
    spec = LIBRARY.model_copy(update={"tools": (changed,), "description": 'odd \\ """ words'})
    assert spec == load(write_server_module(spec, POLICY)).SPEC


@pytest.mark.parametrize(
    "text", ["", '"', '""""', "\\", "a\\\n", "\n\n", "\r\n\t\x00\x85\u2028é\U0001f600", "ends with \\"]
)
def test_blocks_and_literals_hold_any_text(text):
    assert eval(block(text)) == text
    assert eval(source(text)) == text
    assert eval(source({"key": [text * 40, (text,)]})) == {"key": [text * 40, (text,)]}


def test_importing_a_module_opens_nothing_and_the_image_lies_beside_it():
    module = load(write_server_module(LIBRARY, POLICY))
    assert str(module.IMAGE) == "/nowhere/image.sqlite"
    with pytest.raises(FileNotFoundError):
        module.build_server()
    assert module.build_server(library().image).name == "LendingLibrary"
    assert module.build_environment(library().image).digest == library().digest


@pytest.mark.parametrize("make", [library, procedural], ids=["library", "procedural"])
def test_a_sound_server_is_proved_and_the_same_input_gives_the_same_report(make):
    environment = make()
    module, tests, report = prove_server(environment.spec, environment.image, POLICY)
    assert report.ok, report
    assert report.mutants_caught == report.mutants_total > 30
    cases = find_cases(environment)
    assert module == write_server_module(environment.spec, POLICY)
    assert tests == write_server_tests(environment.spec, cases)
    assert {case.tool for case in cases.accepted} == {tool.name for tool in environment.spec.tools}
    assert {case.code for case in cases.rejected} == {r.code for t in environment.spec.tools for r in t.refusals}


def test_a_rule_without_a_case_is_a_gap_and_the_server_is_not_proved():
    never = {"code": "NEVER", "statement": "Never happens.", "require": "1 = 1"}
    environment = library_with(tool("idle", rules=[never]))
    cases = find_cases(environment)
    assert [str(gap) for gap in cases.gaps] == ["idle: NEVER: no call on these records violates it"]
    assert "# - idle: NEVER: no call on these records violates it" in write_server_tests(environment.spec, cases)


def converse(server: Server[Any], *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The results of these calls in one conversation."""

    async def run() -> list[Any]:
        async with Client(server) as client:
            return [await client.call_tool(name, args) for name, args in calls]

    return anyio.run(run)


def test_clients_see_exact_schemas_honest_hints_and_the_policy():
    async def run() -> None:
        async with Client(mcp_server(library(), policy=POLICY)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            resources = (await client.list_resources()).resources
            contents = (await client.read_resource("policy://lending_library")).contents
            assert client.instructions == contents[0].text == POLICY  # type: ignore[union-attr]
            assert [resource.uri for resource in resources] == ["policy://lending_library"]
            with pytest.raises(MCPError):
                await client.read_resource("policy://elsewhere")
        for each in LIBRARY.tools:
            assert tools[each.name].title == each.title
            assert tools[each.name].input_schema == input_schema(each)
            assert tools[each.name].output_schema == output_schema(each)
        hints = {
            name: (hint.read_only_hint, hint.destructive_hint, hint.idempotent_hint)
            for name, each in tools.items()
            if (hint := each.annotations)
        }
        assert hints["search_books"] == (True, None, None)
        assert hints["borrow_book"] == (False, False, False)
        assert hints["renew_loan"] == (False, True, False)
        assert hints["update_contact_phone"] == (False, True, True)
        assert hints["cancel_reservation"] == (False, True, True)

    anyio.run(run)


def test_refusals_and_invalid_arguments_are_errors_that_say_why():
    server = mcp_server(library(), policy=POLICY)
    results = converse(
        server,
        ("get_book", {"book_id": "BOK-301"}),
        ("authorize_member", AMELIA),
        ("borrow_book", {"book_id": "BOK-304"}),
        ("borrow_book", {"book_id": "BOK-305", "days": 90}),
        ("no_such_tool", {}),
        ("get_book", {"book_id": "BOK-301"}),
    )
    said = [(result.is_error, result.content[0].text) for result in results]
    assert said[0] == (True, "NOT_AUTHORIZED: The caller must be identified first.")
    assert said[2] == (True, "REFERENCE_ONLY: Reference books stay in the reading room.")
    assert said[3][0] and said[3][1].startswith("Invalid argument days: ")
    assert said[4] == (True, "Invalid argument tool: there is no tool named no_such_tool")
    assert results[5].structured_content["title"] == "The Salt Road"
    assert all(result.structured_content is None for result in results if result.is_error)


def test_a_defect_of_the_sql_is_not_told_to_the_client():
    broken = tool("broken", rules=[{"code": "ODD", "statement": "Odd.", "require": "abs(-9223372036854775808) > 0"}])
    results = converse(mcp_server(library_with(broken), policy=POLICY), ("authorize_member", AMELIA), ("broken", {}))
    assert results[1].is_error
    assert "fault of the server" in results[1].content[0].text
    assert "overflow" not in results[1].content[0].text


def test_each_server_has_a_session_of_its_own():
    first, second = (mcp_server(library(), policy=POLICY) for _ in range(2))
    assert not converse(first, ("authorize_member", AMELIA))[0].is_error
    assert converse(second, ("get_member_profile", {}))[0].is_error
    assert not converse(first, ("get_member_profile", {}))[0].is_error


def test_models_leave_out_what_is_default():
    parameter = Parameter(name="city", type="text", description="Town.")
    assert source(parameter) == 'Parameter(name="city", type="text", description="Town.")'


def test_titles_with_quotes_and_an_empty_policy_survive_the_round_trip():
    bare = EnvironmentSpec.model_validate({**LIBRARY.model_dump(), "title": 'A "quoted" \\ title'})
    assert bare == load(write_server_module(bare, "")).SPEC


def test_the_file_itself_is_a_server_on_standard_input_and_output(tmp_path):
    (tmp_path / "server.py").write_text(write_server_module(LIBRARY, POLICY), encoding="utf-8")
    (tmp_path / "image.sqlite").write_bytes(library().image)

    async def run() -> list[Any]:
        started = StdioServerParameters(command=sys.executable, args=["-P", "server.py"], cwd=tmp_path)
        async with Client(started) as client:
            calls = [("authorize_member", AMELIA), ("get_book", {"book_id": "BOK-301"}), ("get_book", {"book_id": "X"})]
            return [await client.call_tool(name, args) for name, args in calls]

    results = anyio.run(run)
    assert [result.is_error for result in results] == [False, False, True]
    assert results[1].structured_content["title"] == "The Salt Road"
