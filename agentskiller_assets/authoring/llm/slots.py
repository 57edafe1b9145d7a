"""Slots of phrases: which there are, and that nothing but slots is between their brackets."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from agentskiller_assets.core import language
from agentskiller_assets.core.spec import EnvironmentSpec, Tool, Typed

SPEAKERS: tuple[Mapping[str, str], ...] = ({"my": "my", "me": "me", "I": "I"}, {"my": "your", "me": "you", "I": "you"})
"""First and second person."""
_SLOT = re.compile(r"\{\{ *([A-Za-z][A-Za-z0-9_]*) *(?:\| *count\('[a-z][a-z -]*'\) *)?\}\}")
_OWN = re.compile(r"\b(?:my|mine|me|I)\b")
_WORDS: dict[str, Any] = {
    "integer": 2,
    "money": "$24.50",
    "date": "5 March 2026",
    "datetime": "5 March 2026 at 10:30",
    "phone": "312-555-0142",
    "email": "ada.bell@example.org",
    "boolean": "yes",
    "enum": "second choice",
    "text": "Northgate",
}
"""Something that a value of the type could be in words."""


def slots_of(tool: Tool) -> list[str]:
    """What a request for a tool says: required parameters, and tables that stand for the rows of keys."""
    found = [str(p.refers_to).partition(".")[0] if p.refers_to else p.name for p in tool.parameters if p.required]
    return list(dict.fromkeys(found))


def described_tables(spec: EnvironmentSpec) -> list[str]:
    """Tables whose rows people speak of, because some tool takes a key of them."""
    keys = [str(p.refers_to).partition(".")[0] for tool in spec.tools for p in tool.parameters if p.refers_to]
    return list(dict.fromkeys(keys))


def lookups_of(spec: EnvironmentSpec, table: str) -> list[Tool]:
    """Reads whose result holds the key of a table that they do not need themselves."""
    path = f"{table}.{spec.table(table).key}"
    return [
        tool
        for tool in spec.tools
        if tool.access == "read"
        and not tool.authorizes
        and any(column.refers_to == path for column in tool.returns.columns)
        and not any(parameter.refers_to == path for parameter in tool.parameters)
    ]


def shown_by(lookup: Tool) -> set[str]:
    """Result columns by which people can tell a row."""
    return {column.name for column in lookup.returns.columns if column.type not in ("id", "ref")}


def columns_of(spec: EnvironmentSpec, table: str) -> list[str]:
    """What all lookups of a table's rows show, or the first one where they have nothing in common."""
    lookups = lookups_of(spec, table)
    names = [column.name for tool in lookups[:1] for column in tool.returns.columns if column.name in shown_by(tool)]
    return [name for name in names if all(name in shown_by(tool) for tool in lookups)] or names


def grammar_faults(text: str, known: Collection[str], speaks: bool = True) -> Iterator[str]:
    """What is wrong with the slots of a phrase. One that `speaks` is spoken about `you` as well."""
    plain = _SLOT.sub("", text)
    if "{" in plain or "}" in plain:
        yield f"{text!r} has something else than a slot between its brackets."
        return
    strange = sorted({match[1] for match in _SLOT.finditer(text)} - {*known, *SPEAKERS[0]})
    if strange:
        yield f"{text!r} has the slots {strange}; there are only {sorted(known)}, my, me and I."
    if speaks and _OWN.search(plain):
        yield f"{text!r}: write the slots my, me and I instead of the words."


def named_in(text: str) -> set[str]:
    """The slots of a phrase, without those of the speaker."""
    return {match[1] for match in _SLOT.finditer(text)} - {*SPEAKERS[0]}


def spoken(text: str, words: Mapping[str, Any], speaker: Mapping[str, str]) -> str:
    """A phrase whose grammar is in order, with words in its slots."""
    return language.render(text, {**words, **speaker})


def words_for(typed: Typed) -> Any:
    """Something that a value could be in words."""
    return _WORDS.get(typed.type, "Northgate")
