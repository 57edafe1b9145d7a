"""JSON Schemas (draft 2020-12) of what a tool takes and gives, exactly as its specification says."""

from typing import Any

from agentskiller_assets.core.spec import Parameter, ResultColumn, Tool, Typed

Schema = dict[str, Any]

GREATEST_INTEGER = 2**53
GREATEST_MONEY = 10**12
"""Up to here cents are exact in a double, and in the 15 digits of SQLite's JSON."""
TEXT_LENGTH = 500
KEY_LENGTH = 64
PHONE_LENGTH = 40
EMAIL_LENGTH = 254
NOT_BLANK = r"\S"
PHONE = r"^\+?[0-9 ()./-]*[0-9][0-9 ()./-]*$"
"""Digits, grouped as people write them."""
DATETIME = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"


def number(value: float) -> int | float:
    """The same number, without a fraction where it has none."""
    return int(value) if value == int(value) else value


def _bounds(typed: Typed, default: int | None) -> Schema:
    lowest = typed.minimum if typed.minimum is not None else default and -default
    highest = typed.maximum if typed.maximum is not None else default
    bounds = {"minimum": lowest, "maximum": highest}
    return {name: number(bound) for name, bound in bounds.items() if bound is not None}


def parameter_schema(parameter: Parameter) -> Schema:
    """The schema of one argument. An optional one may be left out, never null.

    Money has no `multipleOf`: validators that divide binary fractions find 19.99 not to be a multiple of 0.01.
    """
    schema: Schema
    match parameter.type:
        case "id" | "ref":
            schema = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH}
        case "text":
            length = int(parameter.maximum or TEXT_LENGTH)
            schema = {"type": "string", "minLength": 1, "maxLength": length, "pattern": NOT_BLANK}
        case "enum":
            schema = {"type": "string", "enum": list(parameter.values)}
        case "integer":
            schema = {"type": "integer", **_bounds(parameter, GREATEST_INTEGER)}
        case "money":
            schema = {"type": "number", **_bounds(parameter, GREATEST_MONEY)}
        case "boolean":
            schema = {"type": "boolean"}
        case "date":
            schema = {"type": "string", "format": "date"}
        case "datetime":
            schema = {"type": "string", "pattern": DATETIME}
        case "email":
            schema = {"type": "string", "format": "email", "maxLength": EMAIL_LENGTH}
        case "phone":
            schema = {"type": "string", "maxLength": PHONE_LENGTH, "pattern": PHONE}
    return {**schema, "description": parameter.description}


def input_schema(tool: Tool) -> Schema:
    """The schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": {parameter.name: parameter_schema(parameter) for parameter in tool.parameters},
        "required": [parameter.name for parameter in tool.parameters if parameter.required],
        "additionalProperties": False,
    }


def result_schema(column: ResultColumn) -> Schema:
    """The schema of one result column."""
    schema: Schema
    match column.type:
        case "integer":
            schema = {"type": "integer", **_bounds(column, None)}
        case "money":
            schema = {"type": "number", **_bounds(column, None)}
        case "boolean":
            schema = {"type": "boolean"}
        case "enum":
            schema = {"type": "string", "enum": [*column.values, *([None] if column.nullable else [])]}
        case "date" | "email":
            schema = {"type": "string", "format": column.type}
        case "datetime":
            schema = {"type": "string", "pattern": DATETIME}
        case "id" | "ref" | "text" | "phone":
            schema = {"type": "string"}
    if column.type == "text" and column.maximum is not None:
        schema["maxLength"] = int(column.maximum)
    if column.nullable:
        schema["type"] = [schema["type"], "null"]
    return {**schema, "description": column.description}


def output_schema(tool: Tool) -> Schema:
    """The schema of an `Ok` result: one row, or an object with the list of rows."""
    row: Schema = {
        "type": "object",
        "description": f"One row of the result of {tool.name}.",
        "properties": {column.name: result_schema(column) for column in tool.returns.columns},
        "required": [column.name for column in tool.returns.columns],
        "additionalProperties": False,
    }
    if not tool.returns.many:
        return row
    rows = {"type": "array", "items": row, "description": "All matching rows, in a fixed order."}
    return {
        "type": "object",
        "description": f"The result of {tool.name}.",
        "properties": {"results": rows},
        "required": ["results"],
        "additionalProperties": False,
    }


def openai_function(tool: Tool) -> Schema:
    """The tool as an entry of the `tools` list of an OpenAI-compatible request."""
    function = {"name": tool.name, "description": tool.description, "parameters": input_schema(tool)}
    return {"type": "function", "function": function}
