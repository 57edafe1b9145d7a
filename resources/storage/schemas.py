"""The shape of a record model as data: what a file was stored for, and whether it can still be read."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from agentskiller_assets.core.canonical import digest

Schema = dict[str, Any]

# Everything else in a JSON Schema (titles, descriptions, patterns, defaults) does not change what is stored.
_KEYWORDS = frozenset(
    {"type", "enum", "const", "format", "items", "prefixItems", "anyOf", "oneOf", "allOf"}
    | {"additionalProperties", "required", "$ref"}
)
_NAMED = ("properties", "$defs")


@lru_cache(maxsize=256)
def model_schema(model: type[BaseModel]) -> Schema:
    """The model's JSON Schema, reduced to names, types and which fields are required."""
    return _shape(TypeAdapter(model).json_schema())


def fingerprint(schema: Schema) -> str:
    """Digest of a schema."""
    return digest(schema)


def changed_field(stored: Schema, current: Schema) -> str | None:
    """The first field (dotted) for which files of the `stored` shape cannot be read as `current`, or None.

    Optional fields may be added, and required ones may become optional; anything else is a change.
    """
    return _Comparison(stored.get("$defs", {}), current.get("$defs", {})).difference(stored, current, "")


def _shape(node: Any) -> Any:
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if not isinstance(node, dict):
        return node
    shape = {key: _shape(value) for key, value in node.items() if key in _KEYWORDS}
    for key in _NAMED:
        if key in node:
            shape[key] = {name: _shape(value) for name, value in node[key].items()}
    return shape


class _Comparison:
    """Walks two schemas side by side; recursive models are met once."""

    def __init__(self, stored_defs: Schema, current_defs: Schema) -> None:
        self._stored_defs = stored_defs
        self._current_defs = current_defs
        self._met: set[tuple[str, str]] = set()

    def difference(self, stored: Any, current: Any, path: str) -> str | None:
        if not (isinstance(stored, dict) and isinstance(current, dict)):
            return self._of_values(stored, current, path)
        references = (stored.get("$ref", ""), current.get("$ref", ""))
        if all(references):
            if references in self._met:
                return None
            self._met.add(references)
        stored = self._resolved(stored, self._stored_defs)
        current = self._resolved(current, self._current_defs)
        for key in sorted((stored.keys() | current.keys()) - {"properties", "required", *_NAMED}):
            if (found := self.difference(stored.get(key), current.get(key), path)) is not None:
                return found
        return self._of_fields(stored, current, path)

    def _of_fields(self, stored: Schema, current: Schema, path: str) -> str | None:
        old, new = stored.get("properties", {}), current.get("properties", {})
        required = current.get("required", [])
        for name in [*old, *(name for name in new if name not in old)]:
            field = f"{path}.{name}" if path else name
            if name not in new or (name not in old and name in required):
                return field
            if name in old and (found := self.difference(old[name], new[name], field)) is not None:
                return found
        return None

    def _of_values(self, stored: Any, current: Any, path: str) -> str | None:
        if isinstance(stored, list) and isinstance(current, list) and len(stored) == len(current):
            pairs = zip(stored, current, strict=True)
            return next((path for old, new in pairs if self.difference(old, new, path) is not None), None)
        return None if stored == current else path or "(the record itself)"

    @staticmethod
    def _resolved(node: Schema, definitions: Schema) -> Schema:
        reference = node.get("$ref")
        return definitions[reference.rsplit("/", 1)[-1]] if reference else node
