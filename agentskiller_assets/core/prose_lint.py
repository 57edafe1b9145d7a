"""A lint for what a user or an agent reads: traces of data, SQL and templates, and bad grammar."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from agentskiller_assets.core.language import articles, plural, word_set
from agentskiller_assets.core.records import Model


class Finding(Model):
    """One fault of a text: the rule's code, the text around the fault, and what is wrong."""

    code: str
    excerpt: str
    message: str


class _Pattern(NamedTuple):
    code: str
    regex: re.Pattern[str]
    message: str
    needs: tuple[str, ...]
    """One of these is in all that matches, so that most texts need not be looked through; none if nothing is known."""


class _Fault(NamedTuple):
    start: int
    end: int
    code: str
    message: str


_MASK = "\ue000"
"""Stands for a character of an allowed phrase or an address; no rule knows it."""

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?://[^\s)>\"]+|\bwww\.[^\s)>\"]+")
_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*|[ \t]*<!--.*?-->", re.DOTALL | re.MULTILINE)
_LIST_MARK = re.compile(r"[ \t]*(?:[-*+]|\d+[.)]|[a-z]\))[ \t]+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|[ap]\.m|e\.g|i\.e|etc|vs|cf|ca|approx|no|nos|st|rd|ave|dr|mr|mrs|ms|prof|jr|sr"
    r"|min|max|incl|excl|ext|tel|dept|inc|ltd|co|corp|fig|p|pp|vol|ed|est|jan|feb|mar|apr|jun|jul|aug|sept?|oct"
    r"|nov|dec|mon|tues?|wed|thurs?|fri|sat|sun|u\.s|u\.k|ph\.d|b\.a|m\.a)\.$",
    re.IGNORECASE,
)

_DETERMINERS = "a|an|the|my|your|our|their|its"
_PEOPLE = (
    "doctor|therapist|nurse|guide|mechanic|teacher|tutor|coach|instructor|accompanist|driver|patient|student|pupil"
    "|rider|member|customer|guest|visitor|tenant|colleague|person|somebody|someone|anybody|anyone|nobody"
)
_SQL_PHRASES = (
    r"INSERT INTO|DELETE FROM|UPDATE \w+ SET|ORDER BY|GROUP BY|(?:LEFT|INNER|OUTER) JOIN|IS (?:NOT )?NULL"
    r"|NOT EXISTS|COALESCE\(|CASE WHEN"
)


def _pattern(code: str, regex: str, message: str, *needs: str, flags: int = 0) -> _Pattern:
    return _Pattern(code, re.compile(regex, flags), message, needs)


_PATTERNS = (
    _pattern("caps_code", r"(?<!\w)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?!\w)", "a code of the program", "_"),
    _pattern(
        "record_key",
        r"(?<!\w)(?!(?:ISO|RFC|EN|DIN|BS)-)[A-Z]{2,5}-\d{3,}(?!\w)"
        r"|(?<!\w)[a-z]+(?:_[a-z]+)*_(?=[0-9a-f]*\d)[0-9a-f]{4,}(?!\w)"
        r"|(?<!\w)(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}(?!\w)"
        r"|(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\w)"
        r"|(?<!\w)row:\S+",
        "a key of the database, which nobody knows by heart",
    ),
    _pattern(
        "snake_case",
        r"(?<!\w)(?=\w*[a-z])(?!\w*_(?=[0-9a-f]*\d)[0-9a-f]{4,}(?!\w))"
        r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?!\w)",
        "an identifier, not words",
        "_",
    ),
    _pattern(
        "raw_timestamp",
        r"(?<![\w-])\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?Z?(?![\w-])"
        r"|(?<![\d:])\d{2}:\d{2}:00(?![\d:])",
        "a date or time as a program stores it",
        "-",
        ":",
    ),
    _pattern(
        "sql",
        rf"\bSELECT\b.*?\bFROM\b|\bWHERE\b|(?:{_SQL_PHRASES})|(?<![\w:]):[a-z_]\w*|\(\*\)"
        r"|<=|>=|!=|<>|==|\|\|",
        "a piece of SQL",
        *("SELECT", "WHERE", "INSERT", "DELETE", "UPDATE", "BY", "JOIN", "NULL", "EXISTS", "COALESCE", "CASE"),
        *(":", "(*)", "<", ">", "!=", "==", "||"),
        flags=re.DOTALL,
    ),
    _pattern(
        "template_seam",
        r"\{\{|\}\}|\{[%#]|[%#]\}|\{[^{}\n]*\}|[{}]|%[sdr](?!\w)|%\(\w+\)[sdr]"
        r"|\[\s?\]|\[['\"]|\[[A-Za-z_][A-Za-z_ ]+\](?![(\[:])"
        r"|<[A-Za-z_][\w ]*>|<[\w.]+ object at|\\n|\b(?:TODO|FIXME|XXX|TBD|[Ll]orem ipsum)\b",
        "a place that a template left unfilled",
        *("{", "}", "%", "[", "<", "\\n", "TODO", "FIXME", "XXX", "TBD", "orem ipsum"),
    ),
    _pattern(
        "template_seam",
        r"\b(?:null(?! and void)|NULL|nan|NaN|undefined|Undefined)\b",
        "a missing value that nobody put in words",
        *("null", "NULL", "nan", "NaN", "ndefined"),
    ),
    _pattern(
        "template_seam",
        r"(?:(?<=[a-z0-9,:;$(\"'] )|(?<=[$(\"']))None\b"
        r"|\bNone\b(?! (?:of|are|is|was|were|has|have|had|will|can"
        r"|remains?|left|yet|needed|required|taken|at all)\b)",
        "a missing value that nobody put in words",
        "None",
    ),
    _pattern(
        "doubled_determiner",
        rf"\b(?P<one>(?i:{_DETERMINERS}))[ \t]+(?!(?i:(?P=one))\b)(?:{_DETERMINERS}|his|her)\b",
        "two words that exclude each other",
    ),
    _pattern(
        "person_that",
        rf"(?i:\b(?:{_PEOPLE}))[ \t]+that[ \t]+(?:is|are|was|were|has|have|does|do|can|cannot|may|must|will)\b",
        "people are `who`, not `that`",
        "that",
    ),
    _pattern(
        "clumsy_count",
        r"(?i:\b(?:at most|at least|up to|only|just|more than|moved|changed|extended|renewed|been)[ \t]+"
        r"(?:one time|two times|1 times?|2 times))\b(?! slots?\b)",
        "people say `once` and `twice`",
    ),
    _pattern(
        "stranded_preposition", r"\b(?i:for|of|with|at) to\b", "a column's name stands where a noun should", " to"
    ),
    _pattern(
        "doubled_sentence",
        r"(?<![\w,;:] )(?P<sentence>\b[A-Z][^.?!\n]{6,}[.?!])[ \t]+(?P=sentence)(?=\s|$)",
        "the same sentence twice",
    ),
    _pattern(
        "possessive_seam",
        r"\w['\u2019]s['\u2019]s\b|\b(?:my|your)['\u2019]s\b",
        "a doubled possessive",
        "'s",
        "\u2019s",
    ),
    _pattern("doubled_space", r"(?<=\S)(?:[ \t]{2,}|\t)(?=\S)", "more than one space between words", "  ", "\t"),
    _pattern(
        "space_before_punctuation",
        r"(?<=\S)[ \t]+(?!\.\.\.)[,.;:!?]+(?=[\s\"'\u2019\u201d)]|$)|\([ \t]|(?<=\S)[ \t]+\)",
        "a space that does not belong there",
        *(" ,", " .", " ;", " :", " !", " ?", " )", "( ", "\t"),
    ),
    _pattern(
        "missing_space",
        r"\b[a-z]{2,}[.!?;][A-Z][a-z]+|\b[a-z]{2,},[A-Za-z][a-z]+|\b[a-z]{2,}:[A-Z][a-z]+",
        "no space after a punctuation mark",
    ),
    _pattern(
        "doubled_punctuation",
        r"(?<!\.)\.\.(?!\.)|\.{4,}|,[,.;:]|[;:][.,;:]|[?!][.,;:]|!!|\?\?|[.?!][\"\u201d]\.|(?<!\.)\.[,;:?!]",
        "punctuation marks that exclude each other",
    ),
    _pattern(
        "doubled_word",
        r"\b(?!(?i:had|that|bye|very|no|ha)\b)(?P<word>[A-Za-z]+)[ \t]+(?i:(?P=word))\b(?!['\u2019-])",
        "the same word twice",
    ),
)

_ARTICLE = re.compile(
    r"\b(?P<article>[Aa]n?)[ \t]+(?P<next>[\"'\u2018\u201c(*$\u00a3\u20ac]*[A-Za-z0-9][\w'\u2019.,-]*)"
)
_AFTER_LETTER_A = word_set("and are as at if in is it of on or was were")
"""Words that follow the letter A (`Plan A is`), never the article."""


def lint_prose(
    text: str, *, allow: Collection[str] = (), sentences: bool = True, nouns: Collection[str] = ()
) -> list[Finding]:
    """The faults of a text, in its order; an empty list if it reads like a person's.

    `allow` holds phrases that are right as they stand, such as the number on a membership card. `sentences`
    says whether the text consists of whole sentences. `nouns` are countable nouns (singular) of the text's
    own field, besides the common ones, whose number is checked against `2`, `one`, `an` and the like.
    """
    clean = _COMMENT.sub("", text)
    masked = _masked(clean, allow)
    faults = [
        *_pattern_faults(masked),
        *_article_faults(masked),
        *_number_faults(masked, nouns),
        *_balance_faults(masked),
    ]
    if sentences:
        faults.extend(_sentence_faults(masked))
    faults.sort()
    return [Finding(code=fault.code, excerpt=_excerpt(clean, fault), message=fault.message) for fault in faults]


def _masked(text: str, allow: Iterable[str]) -> str:
    masked = _ADDRESS.sub(_hide, text) if "@" in text or "://" in text or "www." in text else text
    for phrase in sorted(filter(None, allow), key=len, reverse=True):
        masked = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", _hide, masked)
    return masked


def _hide(match: re.Match[str]) -> str:
    body = match.group().rstrip(".,;:!?")
    return _MASK * len(body) + match.group()[len(body) :]


def _excerpt(text: str, fault: _Fault) -> str:
    space = text.find(" ", max(0, fault.start - 24), fault.start)
    start = 0 if fault.start <= 24 else space + 1 if space >= 0 else fault.start
    end = text.rfind(" ", fault.end, fault.end + 24) if fault.end + 24 < len(text) else len(text)
    end = max(end, fault.end)
    return f"{'…' if start else ''}{' '.join(text[start:end].split())}{'…' if end < len(text) else ''}"


def _pattern_faults(text: str) -> Iterator[_Fault]:
    for code, regex, message, needs in _PATTERNS:
        if needs and not any(map(text.__contains__, needs)):
            continue
        for match in regex.finditer(text):
            exception = _EXCEPTIONS.get(code)
            if exception is None or not exception(text, match):
                yield _Fault(match.start(), match.end(), code, f"{match.group().strip()!r}: {message}")


def _after_abbreviation(text: str, match: re.Match[str]) -> bool:
    """`10 a.m., ...`: the first of two marks belongs to an abbreviation."""
    return match.group()[0] == "." and bool(_ABBREVIATION.search(text[max(0, match.start() - 20) : match.start() + 1]))


def _in_layout(text: str, match: re.Match[str]) -> bool:
    """A table, or the space after a list mark or in front of an indented line."""
    line_start = text.rfind("\n", 0, match.start()) + 1
    line = text[line_start : match.end()]
    mark = _LIST_MARK.match(line)
    return line.lstrip().startswith("|") or bool(mark and mark.end() == len(line))


def _proper_pair(text: str, match: re.Match[str]) -> bool:
    """`Walla Walla`: a name that doubles a word."""
    first, second = match.group().split()
    return first[0].isupper() and second[0].isupper() and first.lower() not in _STOPS


_EXCEPTIONS: dict[str, Callable[[str, re.Match[str]], bool]] = {
    "doubled_punctuation": _after_abbreviation,
    "doubled_space": _in_layout,
    "doubled_word": _proper_pair,
}


def _article_faults(text: str) -> Iterator[_Fault]:
    for match in _ARTICLE.finditer(text):
        used, following = match["article"], match["next"].lstrip("\"'\u2018\u201c(*$\u00a3\u20ac")
        if following.lower() in _AFTER_LETTER_A or (used == "A" and not _starts_sentence(text, match.start())):
            continue
        accepted = articles(following)
        if used.lower() not in accepted:
            message = f"{used} {following.rstrip('.,')}: say {accepted[0]!r}"
            yield _Fault(match.start(), match.end(), "wrong_article", message)


def _starts_sentence(text: str, place: int) -> bool:
    before = text[:place].rstrip(" \t\"'\u2018\u201c(*#-")
    return not before or before[-1] in ".?!:\n"


# the number of nouns
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
_STOPS = (_LINKS - _ADJECTIVES) | word_set(
    "a am an cent cm cost eight every expect five four gb get he her his i include it its kg km last me "
    "ml mm most mph much my need needs next nine noon offer one our percent please pm require seven she "
    "six take ten the their them these they this those three two us want we you your"
)
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


def _number_faults(text: str, nouns: Collection[str]) -> Iterator[_Fault]:
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
            phrase = text[match.start() : end]
            yield _Fault(match.start(), end, "wrong_number", f"{phrase!r}: number and noun do not agree")


def _word_before(text: str, place: int) -> str:
    match = _LAST_WORD.search(text[max(0, place - 40) : place])
    return match["word"] if match else ""


def _is_label(quantity: str, before: str) -> bool:
    """Whether the number names something (`room 3`, `Zone 1`, `in 2026`) instead of counting."""
    if quantity in {"a", "an"}:
        return False
    is_year = len(quantity) == 4 and quantity[:2] in {"19", "20"}
    is_name = quantity.isdigit() and before[:1].isupper() and before.lower() not in _STOPS | _LINKS
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
    if counted.quantity == "1" and len(words) > 1 and words[0] not in _STOPS and words[1] in plurals:
        place = max(place, int(words[1].removesuffix("s") not in _VERB_NOUNS))
    if place >= len(words):
        return 0
    word = words[place]
    if counted.quantity == "1":
        wrong = word in plurals or (_looks_plural(word) and word not in _NOT_PLURAL | _STOPS | _LINKS)
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
        if word in _STOPS or word in plurals or _looks_plural(word):
            return 0
        unit = word in _TIME_UNITS
        compound = (chosen and place) or (counted.before in {"a", "an"} and not (unit and place == 0))
        excused = compound or (as_verb and word in _VERB_NOUNS)
        if word in singulars and not excused and counted.ends_phrase(place, unit=unit):
            return match.end()
    return 0


# what must come in pairs, and capital letters
_OPENING = re.compile(r"(?:^|(?<=[\s(\[]))'(?!til\b|em\b|cause\b|n\b|tis\b|twas\b|\d)(?=\w)", re.MULTILINE)
_IN_PAIRS = re.compile(r"[()\[\]\u201c\u201d\"`*']")
_CLOSING = re.compile(r"(?<=[\w.,!?])'(?!\w)")
_START = re.compile(
    r"\A[\s#>*\"'\u2018\u201c(]*(?P<letter>[a-z])"
    r"|^#{1,6}[ \t]+\**(?P<heading>[a-z])|^#.*\n+[ \t]*(?P<below>[a-z])",
    re.MULTILINE,
)
_NEXT_SENTENCE = re.compile(
    r"(?P<mark>[.?!])(?P<close>[\"'\u2019\u201d)*]*)\s+[\"'\u2018\u201c(*]*(?P<letter>[a-z])(?![A-Z])"
)


def _balance_faults(text: str) -> Iterator[_Fault]:
    if _IN_PAIRS.search(text) is None:
        return
    for block in re.finditer(r"\S(?:.|\n(?!\s*\n))*", text):
        body, offset = block.group(), block.start()
        for place, mark in _unbalanced(body):
            message = f"{mark!r} has no partner in its paragraph"
            yield _Fault(offset + place, offset + place + len(mark), "unbalanced", message)


def _unbalanced(block: str) -> Iterator[tuple[int, str]]:
    # a list mark such as 'a)' and a smiley have no partner
    body = re.sub(r"(?m)^[ \t]*\w{1,2}\)|[:;]-?[()]", lambda match: "\ue000" * len(match.group()), block)
    for opening, closing in ("()", "[]", "\u201c\u201d"):
        open_places: list[int] = []
        for match in re.finditer(f"[{re.escape(opening + closing)}]", body):
            if match.group() == opening:
                open_places.append(match.start())
            elif open_places:
                open_places.pop()
            else:
                yield match.start(), closing
        yield from ((place, opening) for place in open_places)
    without_inches = re.sub(r'(?<=\d)"', "\ue000", body)
    if body.count('"') % 2 and without_inches.count('"') % 2:
        yield body.index('"'), '"'
    for mark in ("`", "**"):
        if body.count(mark) % 2:
            yield body.index(mark), mark
    openings = [match.start() for match in _OPENING.finditer(body)]
    if len(openings) > len(_CLOSING.findall(body)):
        yield openings[0], "'"


def _sentence_faults(text: str) -> Iterator[_Fault]:
    places = {match.end() for match in _NEXT_SENTENCE.finditer(text) if not _goes_on(text, match)}
    for match in _START.finditer(text):
        is_list = _LIST_MARK.match(text[match.start() :].lstrip("\n"))
        is_brand = text[match.end() : match.end() + 1].isupper()
        if not (is_list or is_brand):
            places.add(match.end())
    for end in places:
        word = re.match(r"\w+", text[end - 1 :])
        named = word.group() if word else text[end - 1]
        yield _Fault(end - 1, end, "lower_case_start", f"{named!r}: a sentence begins with a capital letter")


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Whether the mark does not end a sentence: an abbreviation, ellipsis, quoted question or list number."""
    before = text[: match.start() + 1]
    if match["mark"] != ".":
        return bool(re.search(r"[\"'\u2019\u201d)]", match["close"]))
    list_number = re.search(r"(?:^|\n)[ \t]*\d+\.$", before)
    return bool(before.endswith("..") or list_number or _ABBREVIATION.search(before[-20:]))
