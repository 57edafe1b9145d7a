"""Names that Python, pydantic or tau2 use themselves: around them where that can be, refused where it cannot."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Parameter
from agentskiller_assets.errors import SpecError
from agentskiller_assets.tau2.code import package_files
from agentskiller_assets.tau2.content import Content
from agentskiller_assets.tau2.folder import tau2_files
from agentskiller_assets.tau2.names import TRANSFER_TOOL
from tests.tau2.exported import CLINIC, clinic_content, elsewhere

AWKWARD = {"class": "A", "copy": "B", "model_year": "C", "rows": "D"}
QUOTED = 'A "quoted" text with a backslash \\ and """three""" quotes, ending in a "quote"'


def _with_columns(content: Content) -> EnvironmentRows:
    """The clinic with columns of names that a model cannot have, and a text that could end a docstring."""
    spec = content.spec
    added = tuple(Column(name=name, type="text", description=QUOTED) for name in AWKWARD)
    person = spec.table("person").model_copy(update={"columns": (*spec.table("person").columns, *added)})
    tables = tuple(person if table.name == "person" else table for table in spec.tables)
    rows = dict(content.rows.rows) | {"person": tuple(row | AWKWARD for row in content.rows.rows["person"])}
    return content.rows.model_copy(update={"spec": spec.model_copy(update={"tables": tables}), "rows": rows})


def test_columns_of_any_name_are_kept_under_it(tmp_path: Path):
    content = replace(clinic_content(), rows=_with_columns(clinic_content()))
    for path, text in tau2_files(content, []).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text)
    code = (
        f"import json, tau2_{CLINIC}.environment as e; db = e.get_environment().tools.db; key = next(iter(db.person));"
        " again = type(db).model_validate(db.model_dump()); assert again.get_hash() == db.get_hash();"
        " print(json.dumps([db.person[key].class_, db.rows()['person'][key],"
        " type(db.person[key]).model_fields['class_'].description]))"
    )
    ran = elsewhere(tmp_path, "-c", code)
    assert ran.returncode == 0, ran.stderr
    value, row, description = json.loads(ran.stdout)
    assert value == "A"
    assert {name: row[name] for name in AWKWARD} == AWKWARD
    assert description == QUOTED


def _renamed(old: str, **change: Any) -> EnvironmentSpec:
    spec = clinic_content().spec
    tools = tuple(tool.model_copy(update=change) if tool.name == old else tool for tool in spec.tools)
    return spec.model_copy(update={"tools": tools})


@pytest.mark.parametrize("name", ["book-appointment", "2nd_visit", "class", "_book", "update_db", TRANSFER_TOOL])
def test_a_tool_that_cannot_be_a_method_is_named(name: str):
    with pytest.raises(SpecError, match=f"tool {name}: a toolkit of tau2 cannot have it under this name. Rename"):
        package_files(_renamed("book_appointment", name=name))


@pytest.mark.parametrize("name", ["from", "self", "tool_name", "requestor", "model_config"])
def test_an_argument_that_tau2_cannot_pass_is_named(name: str):
    parameter = Parameter(name=name, type="text", description="Anything.")
    with pytest.raises(SpecError, match=f"tool rate_doctor: tau2 cannot pass an argument named {name}. Rename"):
        package_files(_renamed("rate_doctor", parameters=(parameter,)))
