"""Values as tau2 looks for them: lower-cased substrings of what the agent says, without its commas."""

from typing import Any

import pytest

from agentskiller_assets.core.spec import ColumnType, ResultColumn
from agentskiller_assets.tau2.spoken import spoken_forms


def _heard(said: str, value: Any, kind: ColumnType, name: str = "value") -> bool:
    column = ResultColumn(name=name, type=kind, description="A value.")
    forms = spoken_forms(value, column)
    assert forms
    return all(form.lower() in said.lower().replace(",", "") for form in forms)


@pytest.mark.parametrize(
    ("said", "value", "kind"),
    [
        ("That costs $1,045.50 in all.", 1045.5, "money"),
        ("That costs $45.", 45.0, "money"),
        ("That costs 45.00 dollars.", 45.0, "money"),
        ("It must be back by 3 March 2026.", "2026-03-03", "date"),
        ("It is on Tuesday, 3 March 2026 at 10:30.", "2026-03-03 10:30:00", "datetime"),
        ("It begins at 10:30 on 3 March 2026.", "2026-03-03 10:30:00", "datetime"),
        ("There are 1,200 of them.", 1200, "integer"),
        ("The street is 12 Oak Road, Apt 4.", "12 Oak Road, Apt 4", "text"),
        ("It is in progress.", "in_progress", "enum"),
    ],
)
def test_a_value_is_heard_however_it_may_be_written(said: str, value: Any, kind: ColumnType):
    assert _heard(said, value, kind)


@pytest.mark.parametrize(
    ("said", "value", "kind"),
    [
        ("That costs $46.", 45.0, "money"),
        ("It is on 4 March 2026 at 10:30.", "2026-03-03 10:30:00", "datetime"),
        ("It is on 3 March 2026 at 11:30.", "2026-03-03 10:30:00", "datetime"),
    ],
)
def test_another_value_is_not_taken_for_it(said: str, value: Any, kind: ColumnType):
    assert not _heard(said, value, kind)


@pytest.mark.parametrize(("value", "kind"), [(True, "boolean"), (False, "boolean"), (None, "date")])
def test_what_a_substring_cannot_tell_is_not_looked_for(value: Any, kind: ColumnType):
    assert spoken_forms(value, ResultColumn(name="value", type=kind, description="A value.")) == ()
