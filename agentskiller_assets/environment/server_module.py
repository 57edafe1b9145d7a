"""Writes an environment's server, and the tests that lie beside it, as Python that a person reads."""

import textwrap
from functools import cache
from typing import Any

import jinja2

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec, Table, Tool
from agentskiller_assets.environment import promises
from agentskiller_assets.environment.cases import LONGEST, NOTHING, CaseTable
from agentskiller_assets.environment.literals import WIDTH, block, source
from agentskiller_assets.runtime import schema_sql
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED

SERVER_FILE = "server.py"
TEST_FILE = "test_server.py"
IMAGE_FILE = "image.sqlite"


@cache
def templates() -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - Python source, never HTML
        loader=jinja2.PackageLoader("agentskiller_assets.environment", "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )


def write_server_module(spec: EnvironmentSpec, policy_text: str) -> str:
    """One file that, when it is imported, holds `SPEC` equal to the specification, and builds its server."""
    named = _constants(spec)
    settings = spec.model_dump(exclude={"tables", "tools"})
    return (
        templates()
        .get_template("server.py.j2")
        .render(
            title=_heading(spec),
            description="\n".join(textwrap.wrap(_plain(spec.description), WIDTH)),
            core_title=_plain(spec.table(spec.core_entity).title),
            file_name=SERVER_FILE,
            names=sorted({"EnvironmentSpec", *_models(spec)}),
            schema=block(schema_sql(spec)),
            tables=[source(table, 4) for table in spec.tables],
            tools=[(name, source(tool, used=len(name) + 3)) for name, tool in named],
            settings=[(name, source(value, 4, used=len(name) + 5)) for name, value in settings.items()],
            policy=block(policy_text),
        )
    )


def write_server_tests(spec: EnvironmentSpec, cases: CaseTable) -> str:
    """A pytest module for the folder of the server and its image."""
    return (
        templates()
        .get_template("test_server.py.j2")
        .render(
            title=_heading(spec),
            gates=source([tool.name for tool in spec.tools if tool.authorizes]),
            not_authorized=", ".join(source(text) for text in (NOT_AUTHORIZED.code, NOT_AUTHORIZED.statement)),
            identities=source(cases.identities),
            accepted=[_case("Accepted", case) for case in cases.accepted],
            rejected=[_case("Rejected", case) for case in cases.rejected],
            protected=[_case("Protected", case) for case in cases.protected],
            unfit=[_case("Unfit", case) for case in cases.unfit],
            tables=source(digest(spec.tables)),
            declared=source({tool.name: promises.declared(tool) for tool in spec.tools}),
            owners=source(promises.owners(spec)),
            owned=source(promises.owned_arguments(spec)),
            states=source(promises.states(spec)),
            invariants=source(promises.invariants(spec)),
            gaps=[_plain(str(gap)) for gap in cases.gaps],
            longest=LONGEST,
        )
    )


def _constants(spec: EnvironmentSpec) -> list[tuple[str, Tool]]:
    """Tools with the names of their constants, which are all different."""
    found: dict[str, Tool] = {}
    for tool in spec.tools:
        name = f"TOOL_{tool.name.replace('-', '_')}" if not tool.name[0].isalpha() else tool.name.replace("-", "_")
        name = name.upper()
        while name in found or name in {"SPEC", "POLICY", "TABLES", "SCHEMA", "IMAGE"}:
            name += "_"
        found[name] = tool
    return list(found.items())


def _models(spec: EnvironmentSpec) -> set[str]:
    """Names of the models that the literals of a specification use."""
    found: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, Model):
            found.add(type(value).__name__)
            for name in type(value).model_fields:
                visit(getattr(value, name))
        elif isinstance(value, tuple):
            for item in value:
                visit(item)

    for item in (*spec.tables, *spec.tools):
        visit(item)
    return found | {Table.__name__, Tool.__name__}


def _case(kind: str, case: Any) -> str:
    """A call of the named tuple, with what is empty left out."""
    empty = {"caller": None, "before": (), "diff": NOTHING}
    items = {name: getattr(case, name) for name in case.__slots__}
    items = {name: value for name, value in items.items() if name not in empty or value != empty[name]}
    flat = f"{kind}({', '.join(f'{name}={source(value)}' for name, value in items.items())})"
    if "\n" not in flat and len(flat) + 5 <= WIDTH:
        return flat
    lines = [f"        {name}={source(value, 8, used=len(name) + 10)},\n" for name, value in items.items()]
    return f"{kind}(\n{''.join(lines)}    )"


def _heading(spec: EnvironmentSpec) -> str:
    title = _plain(spec.title)
    return title[:1].upper() + title[1:]


def _plain(text: str) -> str:
    """Text that fits in a docstring or a comment."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())
