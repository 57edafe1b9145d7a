"""What every answer's names and sentences are held to."""

import re
import sqlite3
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from functools import cache
from typing import Any

from pydantic import BaseModel

from agentskiller_assets.core import sql
from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.core.spec import NAME

Texts = Iterable[tuple[str, str]]
"""Where a text stands, and the text."""


def unreadable(texts: Texts, nouns: Collection[str] = (), sentences: bool = True) -> list[str]:
    """What is wrong with texts that people read."""
    return list(_unreadable(texts, nouns, sentences))


def _unreadable(texts: Texts, nouns: Collection[str], sentences: bool) -> Iterator[str]:
    for where, text in texts:
        if not text.strip():
            yield f"{where}: the text is empty."
        elif sentences and text.rstrip()[-1] not in '.!?"':
            yield f"{where}: {text!r} does not end with a full stop."
        for finding in lint_prose(text, sentences=sentences, nouns=nouns):
            yield f"{where}: {finding.message} in {finding.excerpt!r}."


def spaced(names: Iterable[str]) -> list[str]:
    """Names with two underscores in a row, which would name a service of two."""
    return [f"{name!r} has two underscores in a row; use single ones." for name in names if "__" in name]


def unusable(names: Iterable[str]) -> list[str]:
    """Names of tables and columns that SQL could not be written with."""
    names = list(names)
    return spaced(names) + [f"{name!r} is a word of SQL; take another name." for name in names if _is_reserved(name)]


@cache
def _is_reserved(name: str) -> bool:
    if not re.fullmatch(NAME, name):
        return False  # it is refused as a name anyway
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute(f"CREATE TABLE {name} ({name})")
            sql.parse(f"SELECT {name}.{name} FROM {name} WHERE {name}.{name} = 1 ORDER BY {name}.{name}")
        except (sqlite3.Error, sql.SqlFault):
            return True
    return False


def unprintable(answer: BaseModel) -> list[str]:
    """Texts of an answer that hold what nobody can type."""
    faults = []
    for where, text in _texts(answer.model_dump(mode="json"), ()):
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in text if char not in "\n\t"):
            faults.append(f"{where}: {text!r} holds a control character.")
    return faults


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield ".".join(path), value
        case dict():
            for name, each in value.items():
                yield from _texts(name, (*path, "name"))
                yield from _texts(each, (*path, name))
        case list():
            for place, each in enumerate(value):
                yield from _texts(each, (*path, str(place)))


def repeated(names: Iterable[str], what: str) -> list[str]:
    """Names that occur more than once."""
    met: set[str] = set()
    found = [name for name in names if name in met or met.add(name)]
    return [f"The {what} {name!r} is there more than once." for name in dict.fromkeys(found)]
