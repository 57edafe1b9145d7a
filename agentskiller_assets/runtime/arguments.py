"""Are these the arguments that the tool takes? A compiled JSON Schema, and what JSON Schema cannot say."""

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import jsonschema_rs

from agentskiller_assets.core.spec import Tool
from agentskiller_assets.runtime.outcome import Invalid
from agentskiller_assets.runtime.schema import PHONE, PHONE_LENGTH, input_schema

SqlValue = str | int | float | None
_SHOWN = 200
_VALUE_SHOWN = 80
_VALUES_NAMED = 30
_MASK = "\0"
"""Stands for the value in the validator's messages; no schema holds it."""
_INT64 = 2**63
_PHONE = re.compile(PHONE)


def shown(value: Any) -> str:
    """A short text for messages that any encoder can write."""
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "replace").decode()[:_SHOWN]


def _value(value: Any) -> str:
    """A value as JSON, cut where it is long: what is said about it must have room."""
    text = shown(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _VALUE_SHOWN else f"{text[:_VALUE_SHOWN]}…"


def _one_of(values: tuple[str, ...]) -> str:
    """The values to choose from: all of them, unless they are very many."""
    named = [json.dumps(value, ensure_ascii=False) for value in values[:_VALUES_NAMED]]
    if more := len(values) - len(named):
        named.append(f"{more} more")
    return " or ".join([*([", ".join(named[:-1])] if named[1:] else []), *named[-1:]])


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if "\0" in value:
        return "must not contain the NUL character"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "must be text that UTF-8 can encode"
    return None


def _words(value: Any) -> str | None:
    if reason := _text(value):
        return reason
    return "must not be blank" if value and not value.strip() else None


def _phone(value: Any) -> str | None:
    if reason := _text(value):
        return reason
    # one that is too long is for the schema to refuse: the pattern takes time by the square of the length
    if len(value) > PHONE_LENGTH or _PHONE.search(value):
        return None
    return "must be a phone number: digits, and no more than + ( ) . / - between them"


def _date(value: Any) -> str | None:
    try:
        fits = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        fits = False
    return None if fits else "must be a date of the calendar, as YYYY-MM-DD"


def _datetime(value: Any) -> str | None:
    try:
        fits = datetime.fromisoformat(value).isoformat(" ", "seconds") == value
    except (TypeError, ValueError):
        fits = False
    return None if fits else "must be a time of the calendar, as YYYY-MM-DD HH:MM:SS"


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _integer(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be an integer"
    if isinstance(value, float) and not value.is_integer():
        return "must be an integer"
    return None if -_INT64 <= value < _INT64 else "must be an integer of at most 64 bits"


def _money(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    return None if round(value, 2) == value else "must have at most two decimals"


def _bind_integer(value: float) -> SqlValue:
    return int(value)


def _bind_money(value: float) -> SqlValue:
    return float(value) + 0.0


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "integer": _integer,
    "money": _money,
    "phone": _phone,
    "text": _words,
}
_BINDERS: dict[str, Callable[[Any], SqlValue]] = {
    "boolean": _bind_integer,
    "integer": _bind_integer,
    "money": _bind_money,
}


class ArgumentChecker:
    """Checks and converts the arguments of one tool."""

    __slots__ = ("_binders", "_checks", "_defaults", "_required", "_validator", "_values", "parameters")

    def __init__(self, tool: Tool) -> None:
        self.parameters = tool.parameters
        schema = input_schema(tool)
        self._validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, mask=_MASK)
        self._checks = {p.name: _CHECKS.get(p.type, _text) for p in tool.parameters}
        self._binders = [(p.name, _BINDERS[p.type]) for p in tool.parameters if p.type in _BINDERS]
        self._values = {p.name: p.values for p in tool.parameters if p.type == "enum"}
        self._required = [p.name for p in tool.parameters if p.required]
        self._defaults: dict[str, SqlValue] = dict.fromkeys(self._checks)

    def check(self, args: Any) -> Invalid | None:
        """What is wrong with the arguments, or None."""
        if not isinstance(args, dict):
            return Invalid("arguments", "must be an object of named values")
        seen = 0
        for name, check in self._checks.items():
            if name in args:
                seen += 1
                if reason := check(args[name]):
                    optional = args[name] is None and name not in self._required
                    return Invalid(name, f"{reason}; to give none, leave it out" if optional else reason)
        if seen != len(args):
            unknown = next(name for name in args if name not in self._checks)
            return Invalid(shown(unknown), "is not an argument of this tool")
        for name in self._required:
            if name not in args:
                return Invalid(name, "is required")
        return None if self._validator.is_valid(args) else self._first_error(args)

    def bindings(self, args: dict[str, Any]) -> dict[str, SqlValue]:
        """The SQL values of checked arguments; a missing optional one is NULL."""
        values = self._defaults.copy()
        values.update(args)
        for name, bind in self._binders:
            value = values[name]
            if value is not None:
                values[name] = bind(value)
        return values

    def _first_error(self, args: dict[str, Any]) -> Invalid:
        order = list(self._checks)
        errors = list(self._validator.iter_errors(args))
        first = min(errors, key=lambda error: order.index(str(error.instance_path[0])))
        name = str(first.instance_path[0])
        reason = first.message.replace(_MASK, "", 1).strip()
        if name in self._values:
            reason = f"is not one of {_one_of(self._values[name])}"
        return Invalid(name, f"{_value(args[name])} {reason}")
