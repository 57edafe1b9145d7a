"""Writes values as Python source that people read: short things on one line, long ones opened up, SQL folded."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

WIDTH = 109
_STEP = 4
_SQL_FIELDS = frozenset({"where", "require", "sql", "effects"})
_CLAUSE = re.compile(r" (?=(?:FROM|WHERE|SET|VALUES|ORDER BY|GROUP BY|LEFT JOIN|JOIN|AND|OR|UNION|ON CONFLICT)\b)")
_QUOTES = '"""'


def source(value: Any, indent: int = 0, *, used: int = 0, is_sql: bool = False) -> str:
    """Source of a value whose first line starts after `used` columns; further lines are indented."""
    if isinstance(value, str):
        return _text(value, indent, used, is_sql)
    flat = _flat(value, is_sql)
    if len(flat) + max(used, indent) <= WIDTH and "\n" not in flat:
        return flat
    inner = indent + _STEP
    match value:
        case BaseModel():
            items = [
                f"{name}={source(item, inner, used=inner + len(name) + 2, is_sql=name in _SQL_FIELDS)}"
                for name, item in fields(value).items()
            ]
            opening, closing = f"{type(value).__name__}(", ")"
        case Mapping():
            items = [
                f"{quote(str(key))}: {source(item, inner, used=inner + len(str(key)) + 5)}"
                for key, item in value.items()
            ]
            opening, closing = "{", "}"
        case list() | tuple():
            items = [source(item, inner, used=inner + 1, is_sql=is_sql) for item in value]
            opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
        case _:
            return flat
    lines = "".join(f"{' ' * inner}{item},\n" for item in items)
    return f"{opening}\n{lines}{' ' * indent}{closing}"


def fields(model: BaseModel) -> dict[str, Any]:
    """The fields that differ from their defaults, in the order in which they are declared."""
    declared = type(model).model_fields
    return {
        name: getattr(model, name)
        for name, field in declared.items()
        if field.is_required() or getattr(model, name) != field.get_default(call_default_factory=True)
    }


def block(text: str) -> str:
    """A triple-quoted string that holds exactly this text, from its first line on."""
    safe = text.replace("\\", "\\\\").replace(_QUOTES, '\\"\\"\\"')
    if safe.endswith('"'):
        safe = f'{safe[:-1]}\\"'
    unseen = "".join(char if char in "\n\t" or char.isprintable() else _escaped(char) for char in safe)
    return f"{_QUOTES}\\\n{unseen}{_QUOTES}"


def quote(text: str) -> str:
    """A string literal in double quotes, unless that needs more escapes."""
    plain = repr(text)
    if plain.startswith("'") and '"' not in plain and "\\'" not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode() if char.isascii() or ord(char) > 0xFF else f"\\x{ord(char):02x}"


def _flat(value: Any, is_sql: bool) -> str:
    """Source on one line."""
    match value:
        case str():
            return quote(value)
        case BaseModel():
            inside = ", ".join(f"{name}={_flat(item, False)}" for name, item in fields(value).items())
            return f"{type(value).__name__}({inside})"
        case Mapping():
            return "{" + ", ".join(f"{quote(str(key))}: {_flat(item, False)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(_flat(item, is_sql) for item in value) + "]"
        case tuple():
            comma = "," if len(value) == 1 else ""
            return "(" + ", ".join(_flat(item, is_sql) for item in value) + comma + ")"
        case _:
            return repr(value)


def _text(text: str, indent: int, used: int, is_sql: bool) -> str:
    flat = quote(text)
    if len(flat) + max(used, indent) < WIDTH:
        return flat
    if is_sql and (folded := _sql(text, indent + _STEP)):
        return folded
    return _pieces(text, indent)


def _pieces(text: str, indent: int) -> str:
    """Adjacent literals in brackets, each a line."""
    inner = indent + _STEP
    words = re.findall(r"\S*\s*", text)
    pieces: list[str] = [""]
    for word in words:
        if pieces[-1] and len(quote(pieces[-1] + word)) + inner > WIDTH:
            pieces.append("")
        pieces[-1] += word
    lines = "".join(f"{' ' * inner}{quote(piece)}\n" for piece in pieces)
    return f"(\n{lines}{' ' * indent})"


def _sql(text: str, indent: int) -> str | None:
    """`sql(...)` around lines that fold back to exactly this text; None if they would not."""
    if " ".join(text.split()) != text or "\\" in text or _QUOTES in text or not text.isprintable():
        return None
    lines: list[str] = []
    for clause in _clauses(text):
        hanging = "" if clause is text else "    "
        lines += textwrap.wrap(
            clause, WIDTH - indent, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
        )
    body = "\n".join(" " * indent + line for line in lines)
    return f'sql("""\n{body}\n{" " * (indent - _STEP)}""")'


def _clauses(text: str) -> list[str]:
    """The text cut before keywords that are outside of brackets and quotes; BETWEEN keeps its AND."""
    parts: list[str] = []
    start = depth = 0
    quoted = between = False
    for position, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        if quoted:
            continue
        depth += (char == "(") - (char == ")")
        if depth or char != " ":
            continue
        if text.startswith("BETWEEN ", position + 1):
            between = True
        elif _CLAUSE.match(text, position):
            if between and text.startswith("AND ", position + 1):
                between = False
                continue
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]
