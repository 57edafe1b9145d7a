"""What an endpoint takes: found out once for each model, by what it refuses, and remembered."""

import re
from dataclasses import dataclass, replace
from typing import Literal

Form = Literal["schema", "object", "json", "plain"]
"""How JSON is asked for: by its schema; as a JSON object with its schema beside it, as servers of llama.cpp take it; as
some JSON object; or in words alone."""
_NEXT: dict[Form, Form] = {"schema": "object", "object": "json", "json": "plain"}

_FORMAT = re.compile(r"response_format|json_schema|json_object|structured[ _]output|guided|grammar", re.IGNORECASE)
_ONE_SCHEMA = re.compile(r"invalid schema", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|not permitted|not allowed|extra (field|input)",
    re.IGNORECASE,
)
_NOTES: dict[Form, str] = {
    "object": "put beside a JSON object",
    "json": "asked for as a JSON object",
    "plain": "asked for in words alone",
}
_OPTIONAL = ("temperature", "seed", "parallel_tool_calls")


@dataclass(frozen=True)
class Manners:
    """How requests are put to one model. Each change goes one way, so that there are few."""

    form: Form = "schema"
    tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    left_out: frozenset[str] = frozenset()

    def notes(self, structured: bool, sent: frozenset[str]) -> tuple[str, ...]:
        """How a request was put differently than it was meant."""
        form = _NOTES.get(self.form)
        changes = [f"schema {form}"] if structured and form else []
        return (*changes, *(f"{name} left out" for name in sorted(self.left_out & sent)))


@dataclass(frozen=True)
class Change:
    """Other manners after a refusal."""

    manners: Manners
    for_all: bool
    """Whether the endpoint refuses it always, and not just the schema of this one request."""


def change(manners: Manners, structured: bool, message: str, parameter: str | None) -> Change | None:
    """What to do differently after a 400 or 422 with this message; None where nothing of this kind is at fault."""
    if structured and manners.form != "plain" and (_FORMAT.search(message) or _FORMAT.search(parameter or "")):
        return Change(replace(manners, form=_NEXT[manners.form]), for_all=not _ONE_SCHEMA.search(message))
    if manners.tokens == "max_tokens" and "max_completion_tokens" in message:
        return Change(replace(manners, tokens="max_completion_tokens"), for_all=True)
    for name in _OPTIONAL:
        refused = parameter == name or (name in message and _UNKNOWN.search(message))
        if refused and name not in manners.left_out:
            return Change(replace(manners, left_out=manners.left_out | {name}), for_all=True)
    return None
