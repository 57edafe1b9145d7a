"""What a call comes to: exactly one of `Ok`, `Refused` and `Invalid`."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ok:
    """The call was carried out. `result` is one row, or `{"results": [row, ...]}`."""

    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """The policy forbids the call; nothing was changed."""

    code: str
    statement: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """The call does not fit the tool's input schema; nothing was changed."""

    argument: str
    reason: str


Outcome = Ok | Refused | Invalid

NOT_AUTHORIZED = Refused("NOT_AUTHORIZED", "The caller must be identified first.")
ALREADY_IDENTIFIED = Refused("ALREADY_IDENTIFIED", "A conversation serves the person who was identified first.")
INCONSISTENT_CHANGE = Refused("INCONSISTENT_CHANGE", "The change would contradict the records.")
NOT_FOUND = Refused("NOT_FOUND", "There is no such record.")


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """A plain object that says in `outcome` which of the three it is."""
    match outcome:
        case Ok(result):
            return {"outcome": "ok", "result": result}
        case Refused(code, statement):
            return {"outcome": "refused", "code": code, "statement": statement}
        case Invalid(argument, reason):
            return {"outcome": "invalid", "argument": argument, "reason": reason}


def outcome_text(outcome: Outcome) -> str:
    """What an agent reads: the result as JSON, or in words what is wrong."""
    match outcome:
        case Ok(result):
            return json.dumps(result, ensure_ascii=False)
        case Refused(code, statement):
            return f"{code}: {statement}"
        case Invalid(argument, reason):
            return f"Invalid argument {argument}: {reason}"
