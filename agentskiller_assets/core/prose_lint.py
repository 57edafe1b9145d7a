"""A lint for what a user or an agent reads: traces of data, SQL and templates, and bad grammar."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from agentskiller_assets.core.language import articles, word_set
from agentskiller_assets.core.prose_numbers import NO_NOUNS, wrong_numbers
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
    return first[0].isupper() and second[0].isupper() and first.lower() not in NO_NOUNS


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


def _number_faults(text: str, nouns: Collection[str]) -> Iterator[_Fault]:
    for start, end in wrong_numbers(text, nouns):
        yield _Fault(start, end, "wrong_number", f"{text[start:end]!r}: number and noun do not agree")


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
