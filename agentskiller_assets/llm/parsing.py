"""From a model's text to JSON: as it stands or from one fenced block, and never mended."""

import json
from typing import Any

from agentskiller_assets.llm.errors import JSONAnswerError

_FENCE = "```"
_LANGUAGES = {"", "json"}


def parse_json(text: str) -> Any:
    """The value of a text that is JSON, or that holds one fenced block of it.

    Nothing is repaired: a comma too many, a comment or two blocks are a `JSONAnswerError`.
    """
    return _load(_fenced(text) if _has_fence(text) else text)


def _has_fence(text: str) -> bool:
    # no string of a JSON text holds a line break, so that a line starting with a fence is none of its content
    return any(line.lstrip().startswith(_FENCE) for line in text.split("\n"))


def _fenced(text: str) -> str:
    lines = text.strip().split("\n")
    fences = [index for index, line in enumerate(lines) if line.lstrip().startswith(_FENCE)]
    if len(fences) != 2:
        raise _error(f"there are {len(fences)} lines with {_FENCE} where one block has two")
    first, last = fences
    language = lines[first].strip().removeprefix(_FENCE).strip().lower()
    if language not in _LANGUAGES or lines[last].strip() != _FENCE:
        raise _error(f"the block is marked {lines[first].strip()!r} and ends with {lines[last].strip()!r}")
    return "\n".join(lines[first + 1 : last])


def _load(text: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise _error(str(error)) from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {double!r} is there twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _error(fault: str) -> JSONAnswerError:
    return JSONAnswerError("the answer", f"it is not JSON ({fault})", "Answer with one JSON value and nothing else.")
