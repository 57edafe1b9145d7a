"""JSON Schemas of answers, in the form that servers hold models to."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

_LOOSE = frozenset({"default", "title", "examples", "discriminator"})
"""Says nothing about what is valid, and some servers refuse it."""


@cache
def answer_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model's answers. Every field has to be there, also one that has a default.

    Strict servers take nothing else, and a field that a model leaves out is more often forgotten than meant so.
    """
    return _tidy(model.model_json_schema())


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether a server can hold a model to the schema token by token: no free keys, nothing optional."""
    return all(_closed(part) for part in _parts(schema))


def _tidy(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            found[key] = {name: _tidy(each) for name, each in value.items()}
        elif key not in _LOOSE:
            # where each alternative has its own tag, one of them and any of them are the same
            name = "anyOf" if key == "oneOf" and "discriminator" in schema else key
            found[name] = value if key in ("enum", "const") else _tidy(value)
    if "properties" in found:
        found["required"] = list(found["properties"])
        found.setdefault("additionalProperties", False)
    return found


def _closed(part: Mapping[str, Any]) -> bool:
    if part.get("type") == "object" or "properties" in part:
        named = list(part.get("properties", {}))
        return part.get("additionalProperties") is False and sorted(part.get("required", [])) == sorted(named)
    return not {"prefixItems", "allOf", "oneOf", "not", "patternProperties"} & part.keys() and bool(
        part.keys() - {"description"}
    )


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema and all schemas within it."""
    if isinstance(schema, list):
        for each in schema:
            yield from _parts(each)
    elif isinstance(schema, Mapping):
        yield schema
        for key, value in schema.items():
            if key in ("properties", "$defs"):
                for each in value.values():
                    yield from _parts(each)
            elif key in ("items", "anyOf", "oneOf", "allOf", "prefixItems"):
                yield from _parts(value)
