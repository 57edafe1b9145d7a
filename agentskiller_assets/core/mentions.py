"""Whether a text speaks of a value, by the value's type and in any of the ways in which people write it.

Never by substring: 12 is not mentioned by `112`, nor by `12 March`. Dates may lack the year, times may be said on the
12-hour clock, numbers may be words, and phone numbers may be written with any separators.
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import inflect

from agentskiller_assets.core import language
from agentskiller_assets.core.spec import ColumnType, Typed

__all__ = ["content_words", "mentions"]

_MONTHS = tuple(calendar.month_name[month].lower() for month in range(1, 13))
_MONTH = "|".join(f"{month}|{month[:3]}" for month in _MONTHS)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b\.?(?: (\d{{4}}))?")
_MONTH_FIRST = re.compile(
    rf"\b({_MONTH})\b\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?! ?(?:am|pm|a\.m|p\.m|:))(?: (\d{{4}}))?"
)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})(?::\d{2})? ?(am|pm)?\b")
_HOUR = re.compile(r"\b(\d{1,2}) ?(am|pm|o'clock)\b")
_PHONE = re.compile(r"\+?\d[\d ()./-]{7,}\d")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_KEY = re.compile(r"\b[a-z]{2,5}-\d+\b|#\d+")
_NUMBER = re.compile(r"(?<![\w.,-])-?\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w-]|[.,]\d)")
_WORD = re.compile(r"[a-z0-9][a-z0-9'-]*")
_TIMES_OF_DAY = {"noon": (12, 0), "midday": (12, 0), "midnight": (0, 0)}
_STOP_WORDS = language.word_set("""
a an and any are as at be been by can cannot could do does for from had has have i in is it its me must my no not of on
only or our so some than that the their them then there they this to up was we were what when which who will with would
you your
""")


def mentions(text: str, value: Any, typed: Typed | ColumnType) -> bool:
    """Whether `text` speaks of `value`, which has this type. None is mentioned by nothing."""
    if value is None:
        return False
    kind = typed.type if isinstance(typed, Typed) else typed
    low = _normal(text)
    if "@" in low and "@" not in str(value):
        low = _EMAIL.sub(" ", low)  # an address says nothing about the name that it is made of
    return _phrase(low, language.say(value, typed)) or _FINDERS.get(kind, _as_text)(low, value)


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry its meaning, without endings of plural; numbers as digits."""
    found = {_number_of(word) or word.removesuffix("'s") for word in _WORD.findall(_normal(text))}
    return frozenset(_stem(word) for word in found - _STOP_WORDS if word not in _STOP_WORDS)


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    """Lower case, single spaces, typographic signs as plain ones."""
    plain = (
        text.lower()
        .replace("’", "'")
        .replace("–", "-")
        .replace("\u00a0", " ")
        .replace("p.m.", "pm")
        .replace("a.m.", "am")
    )
    return " ".join(plain.split())


def _phrase(low: str, said: str) -> bool:
    """The words of `said` one after the other, whatever stands between words and around."""
    wanted = _normal(said).strip(" .")
    if not wanted or wanted not in low:
        return False
    if wanted.replace(",", "").replace("$", "").replace(".", "").isdigit():
        return False
    return _stands_alone(low, wanted)


def _stands_alone(low: str, wanted: str) -> bool:
    """Whether the words are there, and neither end is a part of something longer.

    The same as a search for `(?<!\\w)wanted(?!\\w|[.,]\\d)`, for which a pattern would be compiled for every value.
    """
    start = low.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        goes_on = _in_word(low[end : end + 1]) or (
            low[end : end + 1] in (".", ",") and low[end + 1 : end + 2].isdecimal()
        )
        if not goes_on and not (start and _in_word(low[start - 1])):
            return True
        start = low.find(wanted, start + 1)
    return False


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


@lru_cache(maxsize=4096)
def _dates(low: str) -> list[tuple[int | None, int, int]]:
    """(year or None, month, day) of every date."""
    low = low.replace(",", "")
    found: list[tuple[int | None, int, int]] = [(int(y), int(m), int(d)) for y, m, d in _ISO.findall(low)]
    for day, month, year in _DAY_FIRST.findall(low):
        found.append((int(year) if year else None, _month(month), int(day)))
    for month, day, year in _MONTH_FIRST.findall(low):
        found.append((int(year) if year else None, _month(month), int(day)))
    return found


def _month(name: str) -> int:
    return next(index for index, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


@lru_cache(maxsize=4096)
def _times(low: str) -> set[tuple[int, int]]:
    """Hours and minutes of every time of day."""
    found = {_on_24(int(hour), int(minute), half) for hour, minute, half in _CLOCK.findall(low)}
    for hour, half in _HOUR.findall(low):
        found.add(_on_24(int(hour), 0, half))
        if half == "o'clock" and int(hour) < 12:
            found.add((int(hour) + 12, 0))
    return found | {moment for word, moment in _TIMES_OF_DAY.items() if re.search(rf"\b{word}\b", low)}


def _on_24(hour: int, minute: int, half: str) -> tuple[int, int]:
    if half.startswith("p") and hour < 12:
        return hour + 12, minute
    return (0, minute) if half.startswith("a") and hour == 12 else (hour, minute)


def _is_date(low: str, value: Any) -> bool:
    day = value if isinstance(value, date) else datetime.fromisoformat(str(value))
    return any(y in (None, day.year) and (m, d) == (day.month, day.day) for y, m, d in _dates(low))


def _is_datetime(low: str, value: Any) -> bool:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return _is_date(low, moment) and (moment.hour, moment.minute) in _times(low)


def _is_number(low: str, value: Any) -> bool:
    """A number of its own, as digits or in words; dates, times, phone numbers and keys are none."""
    return float(value) in _numbers(low)


@lru_cache(maxsize=4096)
def _numbers(low: str) -> frozenset[float]:
    rest = low
    for pattern in (_EMAIL, _KEY, _ISO, _DAY_FIRST, _MONTH_FIRST, _CLOCK, _HOUR, _PHONE):
        rest = pattern.sub(" ", rest)
    digits = {float(whole.replace(",", "") + part) for whole, part in _NUMBER.findall(rest)}
    words = {float(number) for word in _WORD.findall(rest) if (number := _number_of(word))}
    return frozenset(digits | words)


@lru_cache(maxsize=4096)
def _number_of(word: str) -> str | None:
    """`12` for `twelve`; None for what is no number up to a hundred in words."""
    return _number_words().get(word)


@lru_cache(maxsize=1)
def _number_words() -> dict[str, str]:
    engine = inflect.engine()
    found = {str(engine.number_to_words(number)): str(number) for number in range(101)}  # pyright: ignore
    return found | {"once": "1", "twice": "2"}


def _is_phone(low: str, value: Any) -> bool:
    wanted = re.sub(r"\D", "", str(value))
    return any(re.sub(r"\D", "", found) == wanted for found in _PHONE.findall(low))


def _as_text(low: str, value: Any) -> bool:
    return _phrase(low, str(value))


def _is_enum(low: str, value: Any) -> bool:
    return _phrase(low, str(value).replace("_", " ").replace("-", " ")) or _phrase(low, str(value))


def _is_key(low: str, value: Any) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(str(value).lower())}(?![\w-])", low) is not None


_FINDERS: dict[str, Callable[[str, Any], bool]] = {
    "date": _is_date,
    "datetime": _is_datetime,
    "integer": _is_number,
    "money": _is_number,
    "phone": _is_phone,
    "enum": _is_enum,
    "id": _is_key,
    "ref": _is_key,
}


def _stem(word: str) -> str:
    """The word without its endings: `move`, `moved` and `moving` are one, and so are `delivery` and `deliveries`."""
    if word.endswith("ies") and len(word) > 5:
        word = f"{word[:-3]}y"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            word = word.removesuffix(ending)
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeious":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word
