"""A proven server as a folder of files: what `serve` runs, and what `export mcp` hands to another machine."""

import ast
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.environment.models import ServerModule, ToolEntry
from agentskiller_assets.environment.server_module import IMAGE_FILE, SERVER_FILE, TEST_FILE, templates
from agentskiller_assets.errors import SpecError

PACKAGE = "agentskiller_assets"
_ROOT = Path(__file__).parents[1]
_POLICY_FILE, _TOOLS_FILE = "policy.md", "tools.json"
_PINS_FILE, _TEST_PINS_FILE = "requirements.txt", "requirements-test.txt"

Files = dict[str, bytes]


def served_files(server: ServerModule, image: bytes) -> Files:
    """The module as it was proven, and the rows that it was proven on. `SpecError` if it was not."""
    if server.failed or server.gaps or server.survivors or not server.passed:
        fault = f"its server failed {server.failed} of its tests, with {len(server.survivors)} faults not noticed"
        raise SpecError(f"mcp_servers[{server.domain}]", fault, "Look at the asset's checks, and materialize it again.")
    return {SERVER_FILE: server.module.encode(), IMAGE_FILE: image}


def exported_files(server: ServerModule, image: bytes, policy: str, tools: Sequence[ToolEntry], title: str) -> Files:
    """A folder that needs nothing of this project: server, rows, policy, tools, tests, and the part of the runtime
    that the server imports."""
    sources = runtime_sources(server.module, server.tests)
    pins = _pins([server.module, *sources.values()])
    more = [pin for pin in _pins([server.tests]) if pin not in pins]
    files = {
        **served_files(server, image),
        TEST_FILE: server.tests.encode(),
        _POLICY_FILE: policy.encode(),
        _TOOLS_FILE: _json([tool.function for tool in tools]),
        _PINS_FILE: _lines(pins),
        _TEST_PINS_FILE: _lines([f"-r {_PINS_FILE}", *more]),
        "LICENSE": license_text(),
        **{path: text.encode() for path, text in sources.items()},
    }
    readme = templates().get_template("export_readme.md.j2")
    host = {"mcpServers": {server.domain: {"command": "python", "args": [f"/path/to/this/folder/{SERVER_FILE}"]}}}
    files["README.md"] = readme.render(title=title, tools=tools, host=_json(host).decode(), record=server.id).encode()
    return files


def files_digest(files: Mapping[str, bytes]) -> str:
    """Tells two folders apart."""
    return digest([[path, files[path].hex()] for path in sorted(files)])


def runtime_sources(*modules: str) -> dict[str, str]:
    """Sources of this package that the modules import, directly or not, by their path."""
    found: dict[str, str] = {}
    waiting = [name for text in modules for name in _own_imports(text)]
    while waiting:
        for path in _paths(waiting.pop()):
            key = f"{PACKAGE}/{path.relative_to(_ROOT).as_posix()}"
            if key not in found:
                found[key] = path.read_text(encoding="utf-8")
                waiting += _own_imports(found[key])
    return dict(sorted(found.items()))


def _own_imports(source: str) -> list[str]:
    return [name for name in imported_names(source) if name.split(".")[0] == PACKAGE]


def imported_names(source: str) -> Iterator[str]:
    """Every module that may be meant: `from a import b` names a module `a` or `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _paths(name: str) -> Iterator[Path]:
    """Files of a module and of the packages that it lies in; none for a name that is no module."""
    place = _ROOT
    yield place / "__init__.py"
    for part in name.split(".")[1:]:
        if (place / f"{part}.py").is_file():
            yield place / f"{part}.py"
            return
        place = place / part
        if not (place / "__init__.py").is_file():
            return
        yield place / "__init__.py"


def _pins(sources: Sequence[str]) -> list[str]:
    """The distributions that the sources import, at the versions that the server was proven with."""
    tops = {name.split(".")[0] for source in sources for name in imported_names(source)}
    names = {_distributions()[top][0] for top in tops - {PACKAGE, "server"} - sys.stdlib_module_names}
    return sorted(f"{name}=={metadata.version(name)}" for name in names)


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    return metadata.packages_distributions()


def license_text() -> bytes:
    """Under which all that is exported may be used."""
    found = metadata.distribution("agentskiller-assets").read_text("licenses/LICENSE")
    return (found or (_ROOT.parent / "LICENSE").read_text(encoding="utf-8")).encode()


def _lines(texts: Sequence[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
