"""One implementation behind all doors: the same calls have the same outcomes and leave the same state."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters

from agentskiller_assets.core.spec import Parameter, Tool
from tests.scenario import AMELIA, GIULIA, HANA, LIBRARY, NOOR, SAMUEL, TOBIAS, library, library_rows
from tests.serving.kit import HttpServer, Told, heard, server_folder, told

Calls = list[tuple[str, dict[str, Any]]]
QUIET = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = {table.key: [row[table.key] for row in library_rows()[table.name]] for table in LIBRARY.tables}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=12),
    st.sampled_from(["' OR 1=1 --", "LOA-401", "2026-03-09 10:00:00", "🦊", "x" * 600]),
    st.lists(st.integers(), max_size=2),
)


def values(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Mostly what fits, sometimes anything."""
    fitting: dict[str, st.SearchStrategy[Any]] = {
        "enum": st.sampled_from(parameter.values or ("x",)),
        "boolean": st.booleans(),
        "integer": st.integers(int(parameter.minimum or 0), int(parameter.maximum or 30)),
        "date": st.sampled_from(["2026-03-09", "1984-05-17"]),
        "datetime": st.sampled_from(["2026-03-09 10:00:00", "2026-02-01 10:00:00"]),
        "phone": st.just("+1 555 010 0199"),
        "ref": st.sampled_from(KEYS.get((parameter.refers_to or ".").split(".")[1], ["X-1"])),
    }
    return st.one_of(
        fitting.get(parameter.type, st.text(min_size=1, max_size=8)), fitting.get(parameter.type, ODD), ODD
    )


def arguments(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """What the tool asks for, now and then without something or with something more."""
    required = {p.name: values(p) for p in tool.parameters if p.required}
    optional = {p.name: values(p) for p in tool.parameters if not p.required} | {"surplus": ODD}
    return st.fixed_dictionaries(required, optional=optional)


CALLS = st.lists(
    st.one_of(
        st.sampled_from(LIBRARY.tools).flatmap(lambda tool: st.tuples(st.just(tool.name), arguments(tool))),
        st.tuples(st.sampled_from(["no_such_tool", ""]), st.just({})),
    ),
    min_size=1,
    max_size=14,
)
CONVERSATIONS = st.one_of(
    CALLS,
    st.tuples(st.sampled_from([AMELIA, TOBIAS, NOOR, GIULIA, HANA, SAMUEL]), CALLS).map(
        lambda pair: [("authorize_member", dict(pair[0])), *pair[1]]
    ),
)


def in_process(calls: Calls) -> tuple[list[Told], dict[str, Any], str]:
    """What is told, the changes, and their digest."""
    with library().fork() as session:
        return [told(session.call(tool, args)) for tool, args in calls], session.diff(), session.digest()


def over_protocol(server: str | StdioServerParameters, calls: Calls, **how: Any) -> list[Told]:
    """The same through the SDK's own client."""

    async def converse() -> list[Told]:
        async with Client(server, **how) as client:
            return [heard(await client.call_tool(tool, args)) for tool, args in calls]

    return anyio.run(converse)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server_folder(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(module: Path) -> Iterator[HttpServer]:
    with HttpServer(module) as running:
        yield running


@settings(QUIET, max_examples=60)
@given(calls=CONVERSATIONS)
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_http_conforms(server: HttpServer, mode: str, calls: Calls) -> None:
    expected, diff, digest = in_process(calls)
    session = server.open()
    assert over_protocol(server.url(session), calls, mode=mode) == expected
    state = server.admin("GET", f"/{session}/state")[1]
    assert (state["diff"], state["digest"]) == (diff, digest)
    server.admin("DELETE", f"/{session}")


@settings(QUIET, max_examples=5)
@given(
    calls=st.lists(CONVERSATIONS, min_size=3, max_size=5).map(lambda parts: [call for part in parts for call in part])
)
def test_stdio_conforms(module: Path, tmp_path: Path, calls: Calls) -> None:
    expected, diff, digest = in_process(calls)
    state_file = tmp_path / "state.json"
    started = StdioServerParameters(
        command=sys.executable, args=["-P", str(module), "--state-to", str(state_file)], cwd=tmp_path
    )
    assert over_protocol(started, calls) == expected
    state = json.loads(state_file.read_text(encoding="utf-8"))
    assert (state["diff"], state["digest"]) == (diff, digest)
