"""From the warehouse to an MCP host: `serve` and `export mcp`."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from agentskiller_assets.environment.models import ServerModule
from agentskiller_assets.environment.servers import make_server
from resources.storage.sidecars import Stamp
from resources.storage.warehouse import Warehouse
from tests.cli.project import Project
from tests.world import DOMAIN, Clinic, clinic

STAMP = Stamp(run_id="run-1", code_version="c1", settings={"seed": 7})


@pytest.fixture(scope="module")
def server() -> ServerModule:
    """The clinic's server, proven."""
    world = clinic()
    return make_server(world.author, world.blueprints, world.environment, world.policies)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: ServerModule) -> Project:
    """A warehouse with the clinic's environment."""
    made = Project(tmp_path_factory.mktemp("project"))
    store(made.warehouse, clinic(), server)
    return made


def store(root: Path, world: Clinic, server: ServerModule) -> None:
    warehouse = Warehouse(root)
    warehouse.write_records("blueprints", DOMAIN, type(world.blueprints), [world.blueprints], STAMP)
    warehouse.write_records("tool_lists", DOMAIN, type(world.tool_lists[0]), world.tool_lists, STAMP)
    warehouse.write_records("policies", DOMAIN, type(world.policies[0]), world.policies, STAMP)
    warehouse.write_records("mcp_servers", DOMAIN, ServerModule, [server], STAMP)
    warehouse.write_database(DOMAIN, world.databases, STAMP)


def caller(world: Clinic) -> dict[str, Any]:
    """How a patient of the clinic who may use it identifies themselves."""
    return next(step.values() for task in world.validated_tasks for step in task.instance.steps[:1])


def tools_and_identity(server: StdioServerParameters | str) -> tuple[list[str], bool]:
    """Names of the tools, and whether a patient could identify themselves."""

    async def converse() -> tuple[list[str], bool]:
        async with Client(server) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            return names, bool((await client.call_tool(names[0], caller(clinic()))).is_error)

    return anyio.run(converse)


def test_the_printed_configuration_is_all_that_a_host_needs(project: Project) -> None:
    printed = json.loads(project.run("serve", DOMAIN, "--config"))["mcpServers"][DOMAIN]
    started = StdioServerParameters(
        command=printed["command"], args=printed["args"], env={**os.environ, **printed["env"]}, cwd=project.root
    )
    assert tools_and_identity(started) == ([tool.name for tool in clinic().spec.tools], False)


def test_the_configuration_for_http_names_the_session(project: Project) -> None:
    arguments = ("serve", DOMAIN, "--config", "--transport", "http", "--port", "9000", "--seed-session", "a")
    assert json.loads(project.run(*arguments)) == {
        "mcpServers": {DOMAIN: {"type": "http", "url": "http://127.0.0.1:9000/sessions/a/mcp"}}
    }


def test_it_is_served_over_http_until_it_is_stopped(project: Project) -> None:
    command = project.command("serve", DOMAIN, "--transport", "http", "--port", "0")
    with subprocess.Popen(
        command, env=project.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        url = running.stdout.readline().strip()
        try:
            assert tools_and_identity(url) == ([tool.name for tool in clinic().spec.tools], False)
        finally:
            running.terminate()
            running.wait(30)


def test_an_exported_folder_runs_without_this_project(project: Project, tmp_path: Path, server: ServerModule) -> None:
    folder = tmp_path / "clinic"
    project.run("export", "mcp", DOMAIN, str(folder))
    probe = "import agentskiller_assets, server; print(agentskiller_assets.__file__)"
    ran = [elsewhere(folder, *command) for command in (["-c", probe], ["-m", "pytest", "-q", "-p", "no:cacheprovider"])]

    assert ran[0].stdout.strip() == str(folder / "agentskiller_assets" / "__init__.py")
    assert f"{server.passed} passed" in ran[1].stdout, ran[1].stdout
    tools = json.loads((folder / "tools.json").read_text(encoding="utf-8"))
    assert [tool["function"]["name"] for tool in tools] == [tool.name for tool in clinic().spec.tools]
    assert "POLICY_START" not in (folder / "policy.md").read_text(encoding="utf-8")


def test_requirements_pin_what_the_folder_imports_and_name_no_project_of_ours(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    project.run("export", "mcp", DOMAIN, str(folder))
    pins = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {pin.split("==")[0] for pin in pins}
    assert names == {"anyio", "jsonschema_rs", "mcp", "pydantic", "sqlglot", "starlette", "uvicorn"}
    server, *more = (folder / "requirements-test.txt").read_text(encoding="utf-8").splitlines()
    assert server == "-r requirements.txt"
    assert [pin.split("==")[0] for pin in more] == ["pytest"]
    assert all(pin.split("==")[1] for pin in [*pins, *more])


def test_two_exports_are_the_same_bytes(project: Project, tmp_path: Path) -> None:
    for name in ("one", "two"):
        project.run("export", "mcp", DOMAIN, str(tmp_path / name))
    one, two = (
        {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two


def test_an_export_overwrites_nothing(project: Project, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    printed = project.run("export", "mcp", DOMAIN, str(tmp_path), code=1)
    assert "there is something in it. Name a new or an empty folder." in printed
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("command", [("serve", "nowhere"), ("export", "mcp", "nowhere", "x")])
def test_a_domain_that_is_not_stored_is_named(project: Project, command: tuple[str, ...]) -> None:
    printed = project.run(*command, code=1)
    assert "mcp_servers[nowhere]" in printed or "blueprints[nowhere]" in printed
    assert "is not stored. Run `agentskiller run --domains nowhere`" in printed


def test_a_server_that_failed_its_tests_is_neither_served_nor_exported(tmp_path: Path, server: ServerModule) -> None:
    failed = Project(tmp_path)
    store(failed.warehouse, clinic(), server.model_copy(update={"failed": 1}))
    for command in (("serve", DOMAIN), ("export", "mcp", DOMAIN, str(tmp_path / "out"))):
        assert f"mcp_servers[{DOMAIN}]: its server failed 1 of its tests" in failed.run(*command, code=1)
    assert not (tmp_path / "out").exists()


def elsewhere(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the same packages but without this project, in the folder."""
    environment = {"PYTHONPATH": sysconfig.get_path("purelib"), "PATH": os.environ["PATH"]}
    # the base interpreter reads no .pth files of a PYTHONPATH: the project, installed by one, is not to be found
    base = Path(sys.base_prefix) / "bin" / "python3"
    return subprocess.run(
        [str(base), *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
