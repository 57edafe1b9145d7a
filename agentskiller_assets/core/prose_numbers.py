"""Whether numbers and nouns of a text agree: `2 items`, `one day`, and neither `3 item` nor `one days`."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from agentskiller_assets.core.language import plural, word_set

_TIME_UNITS = word_set("day fortnight hour minute month night week year")
_VERB_NOUNS = word_set(
    "book call charge check claim copy delay document fee fine form hire hold lease lend loan order pass "
    "permit place plan question queue rent repair request reserve return review ride sample seat service "
    "stamp stay step swap ticket trip upgrade visit walk work"
)
"""Countable nouns that are as often verbs: `at 10 call the desk`."""
_NOUNS = word_set(
    "account address appointment article bag bicycle bike booking box camera car card case cat child "
    "class client collection condition contract course customer date delivery deposit desk device "
    "diagnosis discount dog dose drawer driver engineer evening event exam exercise file filling guest "
    "guide guitar helmet holiday injection inspection installment instalment instructor instrument "
    "invoice item job kayak key lamp laptop lesson letter licence license list locker machine magazine "
    "meal mechanic medicine meeting member membership message mile mistake morning note notice nurse "
    "option owner package page parcel part participant patient payment penalty person pet phone photo "
    "piano point policy prescription price product programme pupil quote reason receipt recipe record "
    "reminder renewal rental report reservation result room rule scan school season session shelf shift "
    "shop site slot street student subscription surcharge table tablet task teacher technician tenant "
    "term test therapist time title tool tooth topic tour transfer treatment tutor tyre vaccination "
    "vehicle venue violin volunteer voucher waiver warning warranty weekend window workshop"
)
_MANY = word_set("eight eleven few five four many nine seven several six ten three twelve two")
_VAGUE = word_set("few many several")
_ONE = word_set("a an another each every one")
_LINKS = word_set(
    "about above after again against ago ahead along already and apart are around as at away because "
    "before below between but by can during each early for free from had has have if in into is late "
    "later left long maximum may minimum must near of off old on online only onto or out over past per "
    "plus remaining should since so than that then through to today together tomorrow too under unless "
    "until up was were when where which while will with within without would yesterday"
)
"""Words that may follow a noun phrase, and so show that it is at its end."""
_ADJECTIVES = word_set(
    "active additional available business calendar current different early extra free full further future "
    "late missed more new old online open other overdue paid past pending private remaining separate "
    "unpaid upcoming whole working"
)
NO_NOUNS = (_LINKS - _ADJECTIVES) | word_set(
    "a am an cent cm cost eight every expect five four gb get he her his i include it its kg km last me "
    "ml mm most mph much my need needs next nine noon offer one our percent please pm require seven she "
    "six take ten the their them these they this those three two us want we you your"
)
"""Words that no number counts."""
_LABELS = word_set(
    "aisle apartment appendix band bay block box building bus chapter class day door eighty exam fifty "
    "figure flat floor form forty gate grade group house hundred key lane lesson level line locker model "
    "module ninety no number option page paragraph part phase platform room route row rule seat section "
    "seventy shelf sixty size stage step studio suite table term thirty tier track twenty type unit "
    "version ward week year zone"
)
"""Words whose number comes after them: `in room 3 lesson plans hang on the wall`."""
_CHOSEN = word_set("all and any first last new next no only other others that the these this those we which you")
"""Words before a number that stands for things already named: `the other two book online`."""
_CLOCK = word_set("after at before between by from till to until")
_NOT_PLURAL = word_set(
    "always atlas begins canvas chess closes comes costs covers ends gas gives goes includes lasts lens "
    "less makes means news opens perhaps plus sells series shows species starts takes works yes"
)
_QUANTITY = re.compile(
    r"(?<![\w.,:/$\u00a3\u20ac%#'\u2019-])"
    rf"(?P<n>\d+(?:,\d{{3}})*|{'|'.join(sorted(_MANY | _ONE))})(?=[ \t]+[a-z])",
    re.IGNORECASE,
)
_NEXT_WORD = re.compile(r"[ \t]+(?P<word>[a-z]+)(?![\w'\u2019-])")
_LAST_WORD = re.compile(r"(?P<word>\w+)\.?[ \t]+\Z")


@lru_cache(maxsize=256)
def _countable(extra: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Singular and plural forms of the nouns whose number is checked; the last word of a phrase counts."""
    singular = _NOUNS | _TIME_UNITS | _VERB_NOUNS | {noun.split()[-1].lower() for noun in extra if noun.strip()}
    forms = {noun: plural(noun) for noun in singular}
    return frozenset(noun for noun, many in forms.items() if noun != many), frozenset(forms.values())


class _Count(NamedTuple):
    """A number in a text, the word before it and up to four words after it."""

    text: str
    quantity: str
    before: str
    words: tuple[re.Match[str], ...]

    def ends_phrase(self, place: int, *, unit: bool = False) -> bool:
        """Whether the noun phrase ends here; nor may a unit of time stand before a singular noun."""
        if place + 1 < len(self.words):
            following = self.words[place + 1]["word"]
            if following == "a":
                return place + 2 < len(self.words) and self.words[place + 2]["word"] in _TIME_UNITS
            return following in _LINKS or (unit and not following.endswith("s"))
        rest = self.text[self.words[place].end() :]
        return bool(re.match(r"[.,;:!?)\"\u201d]|[ \t]*(?:\Z|\n(?![a-z]))", rest))


def wrong_numbers(text: str, nouns: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where a number stands with a noun that does not agree with it: the start of the one, the end of the other.

    `nouns` are countable ones (singular) of the text's own field, besides the common ones.
    """
    singulars, plurals = _countable(frozenset(nouns))
    for match in _QUANTITY.finditer(text):
        quantity, before = match["n"].lower(), _word_before(text, match.start())
        if _is_label(quantity, before):
            continue
        counted = _Count(text, quantity, before.lower(), _words_after(text, match.end()))
        if quantity in _ONE or quantity == "1":
            end = _end_of_wrong_plural(counted, plurals)
        else:
            end = _end_of_wrong_singular(counted, singulars, plurals)
        if end:
            yield match.start(), end


def _word_before(text: str, place: int) -> str:
    match = _LAST_WORD.search(text[max(0, place - 40) : place])
    return match["word"] if match else ""


def _is_label(quantity: str, before: str) -> bool:
    """Whether the number names something (`room 3`, `Zone 1`, `in 2026`) instead of counting."""
    if quantity in {"a", "an"}:
        return False
    is_year = len(quantity) == 4 and quantity[:2] in {"19", "20"}
    is_name = quantity.isdigit() and before[:1].isupper() and before.lower() not in NO_NOUNS | _LINKS
    return before.lower() in _LABELS or is_year or is_name


def _words_after(text: str, place: int) -> tuple[re.Match[str], ...]:
    words: list[re.Match[str]] = []
    while len(words) < 4 and (match := _NEXT_WORD.match(text, place)):
        words.append(match)
        place = match.end()
    return tuple(words)


def _looks_plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))


def _end_of_wrong_plural(counted: _Count, plurals: frozenset[str]) -> int:
    """The end of `one days` or `1 open items`; 0 if the number is right."""
    words = [match["word"] for match in counted.words]
    place = 1 if words and words[0] in _ADJECTIVES else 0
    if counted.quantity == "1" and len(words) > 1 and words[0] not in NO_NOUNS and words[1] in plurals:
        place = max(place, int(words[1].removesuffix("s") not in _VERB_NOUNS))
    if place >= len(words):
        return 0
    word = words[place]
    if counted.quantity == "1":
        wrong = word in plurals or (_looks_plural(word) and word not in _NOT_PLURAL | NO_NOUNS | _LINKS)
    else:
        named = counted.before in _CHOSEN
        verb_like = word.removesuffix("s") in _VERB_NOUNS
        wrong = word in plurals and not named and not verb_like and counted.ends_phrase(place)
    return counted.words[place].end() if wrong else 0


def _end_of_wrong_singular(counted: _Count, singulars: frozenset[str], plurals: frozenset[str]) -> int:
    """The end of `3 item` or `two music lesson`; 0 if the number is right."""
    chosen = counted.before in _CHOSEN
    as_verb = chosen or counted.before in _CLOCK or counted.quantity in _VAGUE
    for place, match in enumerate(counted.words[:3]):
        word = match["word"]
        if word in NO_NOUNS or word in plurals or _looks_plural(word):
            return 0
        unit = word in _TIME_UNITS
        compound = (chosen and place) or (counted.before in {"a", "an"} and not (unit and place == 0))
        excused = compound or (as_verb and word in _VERB_NOUNS)
        if word in singulars and not excused and counted.ends_phrase(place, unit=unit):
            return match.end()
    return 0
