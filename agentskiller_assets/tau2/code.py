"""Writes the package of an exported domain: Python that a person reads."""

import json
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2

from agentskiller_assets.core import language
from agentskiller_assets.core import spec as specification
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Parameter, Table, Tool
from agentskiller_assets.environment.literals import WIDTH, quote, source
from agentskiller_assets.runtime.schema import parameter_schema
from agentskiller_assets.tau2.names import check_callable, class_name, domain_name, field_name, package_name

MODULES = ("__init__", "specification", "data_model", "records", "toolkit", "tools", "environment")
RUNNER = "run_tau2.py"
TAU2_SOURCE = "git+https://github.com/sierra-research/tau2-bench"
_CONSTRAINTS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "ge",
    "maximum": "le",
    "pattern": "pattern",
}
"""Keywords of JSON Schema, and the arguments of pydantic's `Field` that come out as them."""
_DEEP = 12
"""Columns before the text of a method."""
_NAME = 24
"""Columns that are kept free for the name before a type."""
_PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_STORED = {"integer": "int", "money": "float", "boolean": "bool"}


def package_files(spec: EnvironmentSpec) -> dict[str, str]:
    """The package and the wrapper beside it, by path. `SpecError` if a name cannot be one of Python or tau2."""
    check_callable(spec)
    context = _context(spec)
    files = {f"{package_name(spec.domain)}/{name}.py": render(f"{name}.py.j2", context) for name in MODULES}
    return {**files, RUNNER: render(f"{RUNNER}.j2", context)}


def render(template: str, context: dict[str, Any]) -> str:
    """The text of one of the templates."""
    return _templates().get_template(template).render(context)


def _context(spec: EnvironmentSpec) -> dict[str, Any]:
    tables = [_table(table) for table in spec.tables]
    columns = [column for table in tables for column in table["columns"]]
    return {
        "name": domain_name(spec.domain),
        "package": package_name(spec.domain),
        "title": _heading(spec.title),
        "tau2_source": TAU2_SOURCE,
        "database": class_name(spec.domain, "DB"),
        "toolkit": class_name(spec.domain, "Tools"),
        "models": _models(spec),
        "table_literals": [source(table, 4) for table in spec.tables],
        "tool_literals": [source(tool, 4) for tool in spec.tools],
        "settings": [
            (name, source(value, 4, used=len(name) + 5))
            for name, value in spec.model_dump(exclude={"tables", "tools"}).items()
        ],
        "tables": tables,
        "has_choices": any("Literal[" in column["type"] for column in columns),
        "has_aliases": any(each["alias"] for each in (*tables, *columns)),
        "tools": [_tool(tool) for tool in spec.tools],
    }


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - Python source and Markdown, never HTML
        loader=jinja2.PackageLoader("agentskiller_assets.tau2", "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _models(spec: EnvironmentSpec) -> list[str]:
    """Names of the models that the literals of a specification use."""
    text = "".join(source(item) for item in (*spec.tables, *spec.tools))
    known = [name for name, kind in vars(specification).items() if isinstance(kind, type) and issubclass(kind, Model)]
    return sorted({"EnvironmentSpec", *(name for name in known if f"{name}(" in text)})


def _table(table: Table) -> dict[str, Any]:
    name = field_name(table.name)
    return {
        "row": class_name(table.name, "Row"),
        "about": docstring(f"{_heading(table.title)}. {table.description}"),
        "field": name,
        "alias": "" if name == table.name else table.name,
        "title": docstring(f"{_heading(table.title)}, by {table.key}."),
        "columns": [_column(column) for column in table.columns],
    }


def _column(column: Column) -> dict[str, str]:
    name = field_name(column.name)
    kind = _choice(column.values, 4) if column.type == "enum" else _STORED.get(column.type, "str")
    return {
        "field": name,
        "alias": "" if name == column.name else column.name,
        "type": f"{kind} | None" if column.nullable else kind,
        "about": docstring(column.description),
    }


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "type": tool.access.upper(),
        "replayed": bool(tool.authorizes),
        "about": docstring(tool.description),
        # Python wants parameters with a default last
        "parameters": [_parameter(each) for each in sorted(tool.parameters, key=lambda each: not each.required)],
        "returns": _returns(tool),
        "call": _call(tool),
    }


def _returns(tool: Tool) -> list[str]:
    head = "JSON with the list `results`, each entry with" if tool.returns.many else "JSON with"
    columns = language.join_words(column.name for column in tool.returns.columns)
    return textwrap.wrap(f"{head} {columns}.", WIDTH - _DEEP, break_on_hyphens=False)


def _call(tool: Tool) -> str:
    """Arguments of the call behind a method."""
    arguments = [f'"{tool.name}"', *(f"{each.name}={each.name}" for each in tool.parameters)]
    flat = ", ".join(arguments)
    return flat if len(flat) + _DEEP + len("return self._call()") <= WIDTH else _lines(arguments, _DEEP)


def _parameter(parameter: Parameter) -> dict[str, str]:
    kind = annotation(parameter_schema(parameter))
    return {
        "name": parameter.name,
        "type": kind if parameter.required else f"{kind} | None = None",
        "about": docstring(parameter.description),
    }


def annotation(schema: dict[str, Any]) -> str:
    """The type of a parameter, from which tau2 derives this schema again."""
    if "enum" in schema:
        return _choice(schema["enum"], 8)
    kind = _PYTHON[schema["type"]]
    limits = [f"{field}={source(schema[key])}" for key, field in _CONSTRAINTS.items() if key in schema]
    if "format" in schema:
        limits.append(f"json_schema_extra={source({'format': schema['format']})}")
    return f"Annotated[{kind}, Field({', '.join(limits)})]" if limits else kind


def _choice(values: Any, indent: int) -> str:
    flat = f"Literal[{', '.join(map(quote, values))}]"
    return flat if len(flat) + indent + _NAME <= WIDTH else f"Literal[{_lines([*map(quote, values)], indent + 4)}]"


def _lines(items: Sequence[str], indent: int) -> str:
    """Items on lines of their own, between brackets that stand at four less than the indent."""
    inner = " " * indent
    return "\n" + "".join(f"{inner}{item},\n" for item in items) + inner[4:]


def docstring(text: str) -> str:
    """Text on one line that can stand in a docstring."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return plain[:-1] + '\\"' if plain.endswith('"') else plain


def _heading(title: str) -> str:
    return title[:1].upper() + title[1:]


def json_bytes(value: Any) -> bytes:
    """A file that people read, too."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
