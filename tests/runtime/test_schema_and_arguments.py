"""Schemas say exactly what a tool takes and gives, and arguments are held to them."""

import math

import jsonschema_rs
import pytest

from agentskiller_assets.runtime import Invalid, Ok, input_schema, openai_function, output_schema
from agentskiller_assets.runtime.arguments import ArgumentChecker
from tests.runtime.specs import tool
from tests.scenario import AMELIA, HANA, LIBRARY, session_of

TYPES = ("id", "ref", "text", "enum", "integer", "money", "boolean", "date", "datetime", "email", "phone")


def _every_type():
    parameters = [
        {
            "name": kind,
            "type": kind,
            "description": kind,
            "required": False,
            "values": ["a", "b"] * (kind == "enum"),
        }
        for kind in TYPES
    ]
    return tool(parameters=parameters)


def test_every_type_has_its_exact_schema():
    assert input_schema(_every_type())["properties"] == {
        "id": {"type": "string", "minLength": 1, "maxLength": 64, "description": "id"},
        "ref": {"type": "string", "minLength": 1, "maxLength": 64, "description": "ref"},
        "text": {"type": "string", "minLength": 1, "maxLength": 500, "pattern": r"\S", "description": "text"},
        "enum": {"type": "string", "enum": ["a", "b"], "description": "enum"},
        "integer": {"type": "integer", "minimum": -(2**53), "maximum": 2**53, "description": "integer"},
        "money": {
            "type": "number",
            "minimum": -(10**12),
            "maximum": 10**12,
            "description": "money",
        },
        "boolean": {"type": "boolean", "description": "boolean"},
        "date": {"type": "string", "format": "date", "description": "date"},
        "datetime": {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$",
            "description": "datetime",
        },
        "email": {"type": "string", "format": "email", "maxLength": 254, "description": "email"},
        "phone": {
            "type": "string",
            "maxLength": 40,
            "pattern": r"^\+?[0-9 ()./-]*[0-9][0-9 ()./-]*$",
            "description": "phone",
        },
    }


def test_a_tool_becomes_a_function_of_the_openai_list():
    assert openai_function(LIBRARY.tool("borrow_book")) == {
        "type": "function",
        "function": {
            "name": "borrow_book",
            "description": "Lend a copy of a book to the caller.",
            "parameters": {
                "type": "object",
                "properties": {
                    "book_id": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 64,
                        "description": "Key of the book.",
                    },
                    "days": {
                        "type": "integer",
                        "minimum": 7,
                        "maximum": 28,
                        "description": "Length of the loan in days; 14 if left out.",
                    },
                    "reminder": {
                        "type": "boolean",
                        "description": "Whether to send a reminder before the due date; yes if left out.",
                    },
                },
                "required": ["book_id"],
                "additionalProperties": False,
            },
        },
    }


@pytest.mark.parametrize("specification", LIBRARY.tools, ids=lambda specification: specification.name)
def test_schemas_are_valid_and_described(specification):
    for schema in (input_schema(specification), output_schema(specification)):
        jsonschema_rs.Draft202012Validator(schema)
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert all(member["description"] for member in schema["properties"].values())


def test_results_fit_their_output_schemas():
    calls = [
        ("get_member_profile", {}),
        ("search_books", {"genre": "novel"}),
        ("get_book", {"book_id": "BOK-304"}),
        ("list_my_loans", {}),
        ("list_my_reservations", {}),
        ("borrow_book", {"book_id": "BOK-305"}),
        ("return_book", {"book_id": "BOK-305"}),
        ("cancel_reservation", {"reservation_id": "RES-504"}),
        ("update_contact_phone", {"phone": "007"}),
    ]
    with session_of(HANA) as session:
        for name, args in calls:
            outcome = session.call(name, args)
            assert isinstance(outcome, Ok)
            schema = output_schema(LIBRARY.tool(name))
            jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(outcome.result)


GOOD = {
    "id": ["APT-1", "x" * 64],
    "text": ["a", "ü" * 500, "line\nbreak", "'; DROP TABLE loan; --"],
    "enum": ["a"],
    "integer": [0, -5, 3.0, 2**53],
    "money": [0, 19.99, 0.07, 1234567.89, 10**12],
    "boolean": [True, False],
    "date": ["2024-02-29"],
    "datetime": ["2026-03-02 23:59:59"],
    "email": ["a@example.org"],
    "phone": ["+1 555 010 0141", "(702) 555-0141", "007"],
}
BAD = {
    "id": ["", "x" * 65, 5, None, ["APT-1"]],
    "text": ["", "   ", "\n", "x" * 501, "nul\0", "\ud800", b"a", {"a": 1}],
    "enum": ["c", "A", None, 1],
    "integer": [True, 1.5, "1", math.nan, math.inf, 2**53 + 2, 10**400, -(2**63), None],
    "money": [0.001, 19.999, True, "1", math.nan, math.inf, -math.inf, 10**13, 10**400, None],
    "boolean": [0, 1, "true", None],
    "date": ["2026-02-30", "20260302", "2026-3-2", "0000-01-01", "2026-03-02 00:00:00", "now", "2026-W10-1"],
    "datetime": [
        "2026-02-30 10:00:00",
        "2026-03-02T10:00:00",
        "2026-03-02",
        "2026-03-02 24:00:00",
        "2026-03-02 10:00:00.5",
        "2026-03-02 10:00:00+01:00",
        "٢٠٢٦-03-02 10:00:00",
        "2026-03-02 10:00:00\n",
    ],
    "email": ["nobody", "a@", "x" * 250 + "@example.org", 5],
    "phone": [
        "",
        "   ",
        "()",
        "1" * 41,
        "1" * 200_000 + "x",
        "banana",
        "702 555 0141\n",
        "702\u202e555",
        "'); DROP TABLE person;--1",
    ],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_good_values_pass(kind, value):
    assert ArgumentChecker(_every_type()).check({kind: value}) is None


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_bad_values_are_invalid_and_name_the_argument(kind, value):
    invalid = ArgumentChecker(_every_type()).check({kind: value})
    assert isinstance(invalid, Invalid)
    assert invalid.argument == kind
    assert invalid.reason.encode()


@pytest.mark.parametrize("args", [None, [], "{}", 5, [("genre", "novel")]])
def test_arguments_that_are_no_object_are_invalid(args):
    with session_of(AMELIA) as session:
        assert session.call("search_books", args) == Invalid("arguments", "must be an object of named values")


def test_unknown_missing_and_null_arguments_are_told_apart():
    checker = ArgumentChecker(LIBRARY.tool("search_books"))
    assert checker.check({"genre": "novel", "gnre": "x"}) == Invalid("gnre", "is not an argument of this tool")
    assert checker.check({"genre": "novel", 5: "x"}) == Invalid("5", "is not an argument of this tool")
    assert checker.check({}) == Invalid("genre", "is required")
    assert checker.check({"genre": None}) == Invalid("genre", "must be a string")
    assert checker.check({"genre": "novel", "cost_at_most": None}) == Invalid(
        "cost_at_most", "must be a number; to give none, leave it out"
    )


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("text", "x" * 501, f'"{"x" * 79}… is longer than 500 characters'),
        ("text", "\n" * 600 + "x", '"' + r"\n" * 39 + "\\… is longer than 500 characters"),
        ("id", "", '"" is shorter than 1 character'),
        ("phone", "1" * 41, f'"{"1" * 41}" is longer than 40 characters'),
        ("email", "nobody", '"nobody" is not a "email"'),
        ("datetime", "x", "must be a time of the calendar, as YYYY-MM-DD HH:MM:SS"),
        ("integer", 2**53 + 2, f"{2**53 + 2} is greater than the maximum of {2**53}"),
        ("enum", "A", '"A" is not one of "a" or "b"'),
        ("enum", "z" * 9999, f'"{"z" * 79}… is not one of "a" or "b"'),
    ],
)
def test_the_reason_is_there_however_long_the_value_is(kind, value, reason):
    assert ArgumentChecker(_every_type()).check({kind: value}) == Invalid(kind, reason)


@pytest.mark.parametrize(("count", "end"), [(1, '"v0"'), (30, '"v28" or "v29"'), (33, '"v29" or 3 more')])
def test_all_values_to_choose_from_are_named_unless_they_are_very_many(count, end):
    values = [f"v{n}" for n in range(count)]
    specification = tool(parameters=[{"name": "x", "type": "enum", "description": "x", "values": values}])
    invalid = ArgumentChecker(specification).check({"x": "V0"})
    assert invalid is not None
    assert invalid.reason.startswith('"V0" is not one of "v0"')
    assert invalid.reason.endswith(end)
    assert invalid.reason.count('"v') == min(count, 30)


def test_bindings_are_what_sqlite_stores():
    bindings = ArgumentChecker(_every_type()).bindings({"boolean": True, "money": -0.0, "integer": 3.0, "text": "007"})
    assert repr(bindings) == repr(dict.fromkeys(TYPES) | {"boolean": 1, "money": 0.0, "integer": 3, "text": "007"})
