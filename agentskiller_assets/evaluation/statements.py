"""Which rule a message gives as the reason: the one whose facts and words it has, and no other rule of the tool.

A word that many rules of the tool have tells little, one that a single rule has tells much. Numbers, times and
durations are facts: a message that lacks one of them, or has another in its place, does not give the reason.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agentskiller_assets.core.mentions import content_words
from agentskiller_assets.core.spec import EnvironmentSpec, Refusal, Tool
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED

__all__ = ["Reasons", "reasons_of"]

_LEAST, _RECITED = 0.5, 0.8
_ROOT = 6
_FACT_WEIGHT = 2.0
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))? ?(am|pm|a\.m\.|p\.m\.)|\b(\d{1,2}):(\d{2})\b", re.IGNORECASE)
_LENGTH = re.compile(r"\b([\w]+)[ -](hour|day|week)s?\b", re.IGNORECASE)
_HOURS = {"hour": 1, "day": 24, "week": 168}


@dataclass(frozen=True)
class _Statement:
    """A rule's sentence as words and facts."""

    code: str
    text: str
    words: frozenset[str]
    facts: frozenset[str]


class Reasons:
    """What a tool can refuse with, and which of it a message says. `people` are words for the customer."""

    def __init__(self, refusals: Iterable[Refusal], people: frozenset[str]) -> None:
        self._statements = [
            _Statement(each.code, _plain(each.statement), _words(each.statement) - people, _facts(each.statement))
            for each in refusals
        ]
        everywhere = Counter(word for each in self._statements for word in each.words | each.facts)
        self._weight = {word: (_FACT_WEIGHT if word[0] == "=" else 1.0) / count for word, count in everywhere.items()}

    def told(self, code: str, messages: Sequence[str]) -> bool:
        """Whether one of the messages gives the rule with this code as the reason, and none recites another one.

        Whoever goes through the rules until one fits has not understood which it is.
        """
        others = [each for each in self._others(code) if each.code != NOT_AUTHORIZED.code]
        recited = any(self._recites(each, message) for each in others for message in messages)
        return not recited and any(self._gives(code, message) for message in messages)

    def best(self, messages: Sequence[str]) -> str | None:
        """The code of the rule that the messages come closest to; None when they come close to none."""
        scores = [(self._score(each, *_parts(m)), each.code) for each in self._statements for m in messages]
        return max(scores)[1] if scores and max(scores)[0] > 0 else None

    def _gives(self, code: str, message: str, least: float = _LEAST) -> bool:
        """By the code itself, word for word, or in other words that fit no other rule as well."""
        if re.search(rf"(?<!\w){re.escape(code)}(?!\w)", message):
            return not any(re.search(rf"(?<!\w){each.code}(?!\w)", message) for each in self._others(code))
        wanted = next(each for each in self._statements if each.code == code)
        (words, facts), plain = _parts(message), _plain(message)
        score = self._score(wanted, words, facts)
        if score < least or not wanted.facts <= facts:
            return False
        verbatim = wanted.text in plain
        return all(
            self._score(other, words, facts) < score or (verbatim and other.text not in plain)
            for other in self._others(code)
            if other.text != wanted.text
        )

    def _recites(self, statement: _Statement, message: str) -> bool:
        """Whether nearly all of a rule is said, by the number of words, too: one that no other rule has tells much."""
        words, facts = _parts(message)
        whole = statement.words | statement.facts
        said = len(whole & (words | facts))
        return said >= _RECITED * len(whole) and self._gives(statement.code, message, _RECITED)

    def _others(self, code: str) -> list[_Statement]:
        return [each for each in self._statements if each.code != code]

    def _score(self, statement: _Statement, words: frozenset[str], facts: frozenset[str]) -> float:
        """The share of the statement that is there, by weight."""
        whole = statement.words | statement.facts
        total = sum(self._weight[word] for word in whole)
        found = sum(self._weight[word] for word in whole & (words | facts))
        return round(found / total, 9) if total else 0.0


def reasons_of(spec: EnvironmentSpec, tool: Tool) -> Reasons:
    """What the tool can refuse with, and that the caller is not identified."""
    people = frozenset(word for role in spec.roles for word in _words(spec.table(role).title))
    caller = Refusal(code=NOT_AUTHORIZED.code, statement=NOT_AUTHORIZED.statement)
    return Reasons((*tool.refusals, caller), people | {"caller", "custom"})


def _parts(message: str) -> tuple[frozenset[str], frozenset[str]]:
    return _words(message), _facts(message) | _lengths(message)


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    """The roots of its words; numbers are facts."""
    return frozenset(_root(word) for word in content_words(text) if not word[0].isdigit())


def _root(word: str) -> str:
    """What inflected forms of a word have in common: `move` and `moved`, `cancel` and `cancellation`."""
    short = re.sub(r"(.)\1$", r"\1", word.rstrip("'").removesuffix("e"))
    return (short[:-1] + "y" if short.endswith("i") else short)[:_ROOT]


@lru_cache(maxsize=4096)
def _facts(text: str) -> frozenset[str]:
    """Its numbers, times and durations. 1 is none: there are too many ways to say it."""
    rest = _CLOCK.sub(" ", text)
    numbers = {word for word in content_words(rest) if word.isdigit() and word not in ("0", "1")}
    return frozenset({f"={_minutes(*found)}m" for found in _CLOCK.findall(text)} | {f"={n}" for n in numbers})


def _lengths(text: str) -> frozenset[str]:
    """Every duration in every unit that people may say it in: 48 hours are two days."""
    hours = {
        int(number) * _HOURS[unit.lower()]
        for word, unit in _LENGTH.findall(text)
        for number in content_words(word) or ("1",)
        if number.isdigit()
    }
    return frozenset(f"={each // unit}" for each in hours for unit in _HOURS.values() if each % unit == 0)


def _minutes(hour: str, minute: str, half: str, hour_24: str, minute_24: str) -> int:
    """A time of day in minutes from midnight."""
    if hour_24:
        return int(hour_24) * 60 + int(minute_24)
    return (int(hour) % 12 + 12 * half.lower().startswith("p")) * 60 + int(minute or 0)


def _plain(text: str) -> str:
    """For comparing word for word: lower case, single spaces, no stop at the end."""
    return " ".join(text.lower().replace("\u2019", "'").split()).rstrip(".")
