"""English as people write it: articles, plurals, numbers, money, dates, and the strict templates of packs."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, get_args

import jinja2
from babel.dates import format_date

from agentskiller_assets.core.spec import ColumnType, Typed
from agentskiller_assets.errors import PackError

if TYPE_CHECKING:
    import inflect


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for tables that read better as prose than as lists."""
    return frozenset(text.split())


NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINAL_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")

# articles: letters whose name begins with a vowel, acronyms read as one word, words unlike their spelling
_VOWEL_LETTERS = frozenset("aefhilmnorsx")
_WORD_ACRONYMS = word_set(
    "FEMA FIFA FOB HEPA HIPAA LAN LASER LEGO LIDAR MAC MIDI MIG NAS NASA NATO RADAR RAID RAM ROM SARS SCUBA SIM SWAT"
)
_EITHER_ACRONYMS = word_set("FAQ NICU ROSPA SAT SKU SQL SUP")
_SPELLED_ACRONYMS = word_set("FBI HIV HMO LED MOT MRI NGO RFID RSI SIA SOS STI SUV")
_VOWEL_SOUND = re.compile(r"hour|heir|honest|honou?r|hors d|[aeio]|u|yt[a-z]|yv[eo]", re.IGNORECASE)
_CONSONANT_SOUND = re.compile(
    r"e[uw]|ouija|oui\b|once\b|ones?\b|onetime|uni(?!m[ap]|n|dent|deal|ss|ron|ll)|una(?:nim|ry)"
    r"|us(?:e|i|a[bg]|u[ar])|ut[aeio]|uk|uga|ubi|ur[aeiou]|upsilon",
    re.IGNORECASE,
)
_EITHER_WORDS = re.compile(r"herb(?!i)|histori|homage|hotel|habitual|hereditary", re.IGNORECASE)

# plurals
_PREPOSITIONS = word_set("about after at before between by for from in into of on over per to under with without")
_PARTICLES = word_set("away back by down in off on one out over through up")
_SAME_PLURAL = word_set(
    "advice baggage binoculars clothing content data equipment feedback footage furniture glasses goggles "
    "hardware headphones homework information insurance jewellery jewelry luggage machinery mail means "
    "money music overalls paperwork produce seating shorts software staff stationery tights trousers"
)
_IRREGULAR = {
    "appendix": "appendices",
    "attorney general": "attorneys general",
    "hoof": "hooves",
    "matrix": "matrices",
    "notary public": "notaries public",
    "passer-by": "passers-by",
    "runner-up": "runners-up",
    "vertex": "vertices",
}

# identifiers
_ACRONYMS = word_set(
    "atm cd ct dna dvd ecg gp gps hd hiv iban id isbn led mot mri nhs pdf pin rv sim sms ssn tv uk ups "
    "url usb uv vat vin vip"
)
_HYPHENATED = word_set(
    "all_day e_bike e_bikes e_book e_books e_reader e_readers e_scooter e_scooters first_aid follow_up "
    "full_day full_time half_day half_term no_show no_shows one_off one_way part_time second_hand "
    "self_service t_shirt t_shirts top_up two_way walk_in x_ray x_rays year_round"
)
_UNITS = word_set("day hour minute month week year")
_PROPER = word_set(
    "american april arabic august british chinese christmas danish december dutch easter english european "
    "february french friday german greek hindi indian irish italian january japanese july june korean "
    "latin mandarin mexican monday norwegian november october portuguese russian saturday september "
    "spanish sunday swedish thai thursday tuesday turkish vietnamese wednesday"
)
_LABELS = {
    "email": "e-mail address",
    "new_email": "new e-mail address",
    "new_phone": "new phone number",
    "new_starts_at": "new date and time",
    "phone": "phone number",
    "starts_at": "date and time",
}
_PROPER_ALONE = frozenset({"march", "may", "polish"})
_SMALL_WORDS = word_set("a an and as at but by for from in nor of on or per the to via with")


@lru_cache(maxsize=8192)
def articles(phrase: str) -> tuple[str, ...]:
    """The indefinite articles that may stand before a phrase, the usual one first."""
    match = re.search(r"[A-Za-z0-9][\w'\u2019.,-]*", phrase)
    if match is None:
        raise ValueError(f"no word to put an article before in {phrase!r}")
    word = match.group()
    if word[0].isdigit():
        return _number_articles(word)
    stem = re.split(r"[-'\u2019.,]", word)[0]
    if len(stem) == 1 or (stem[:1].isalpha() and stem[1:].isdigit()):
        return ("an",) if stem[0].lower() in _VOWEL_LETTERS else ("a",)
    capitals = stem.removesuffix("s")
    if len(capitals) > 1 and capitals.isupper():
        return _acronym_articles(capitals)
    usual = "an" if _VOWEL_SOUND.match(word) and not _CONSONANT_SOUND.match(word) else "a"
    either = _EITHER_WORDS.match(word) or re.fullmatch(r"[b-df-hj-np-tv-xz]{2,}", stem)
    return ("a", "an") if either else (usual,)


def _number_articles(word: str) -> tuple[str, ...]:
    whole = re.match(r"[\d,]+", word)
    digits = whole.group().replace(",", "") if whole else ""
    if digits.startswith("8"):
        return ("an",)
    if digits[:2] in {"11", "18"}:
        if len(digits) % 3 == 2:
            return ("an",)
        if len(digits) == 4 and "," not in word[:5]:
            return ("an", "a")
    return ("a",)


def _acronym_articles(acronym: str) -> tuple[str, ...]:
    spelled = "an" if acronym[0].lower() in _VOWEL_LETTERS else "a"
    if acronym in _EITHER_ACRONYMS:
        return (spelled, "a" if spelled == "an" else "an")
    if acronym in _WORD_ACRONYMS:
        return ("a",)
    # a capitalised word ('A ROOM') cannot be told from an acronym with vowels, unless it is a known one
    shouted = len(acronym) > 2 and bool(re.search("[AEIOU]", acronym)) and acronym not in _SPELLED_ACRONYMS
    if shouted and acronym[0] in "FHLMNRS":
        return ("a", "an") if len(acronym) > 4 else ("an", "a")
    return (spelled,)


def article(noun: str) -> str:
    """The noun with its indefinite article: `an appointment`, `a European tour`, `an MRI scan`."""
    return f"{articles(noun)[0]} {noun}"


@cache
def _engine() -> "inflect.engine":
    import inflect  # noqa: PLC0415  # a tenth of a second that most processes never need

    return inflect.engine()


@lru_cache(maxsize=8192)
def plural(noun: str) -> str:
    """The plural of a singular noun or noun phrase: `proofs of address`, `people`, `check-ins`, `CDs`."""
    words = noun.split(" ")
    for place, word in enumerate(words):
        if place and (word.lower() in _PREPOSITIONS or word.startswith("(")):
            return " ".join((plural(" ".join(words[:place])), *words[place:]))
    if noun.lower() in _IRREGULAR:
        return noun[0] + _IRREGULAR[noun.lower()][1:]
    if len(words) > 1:
        return " ".join((*words[:-1], plural(words[-1])))
    return _plural_of_hyphenated(noun) if "-" in noun else _plural_of_word(noun)


@lru_cache(maxsize=1024)
def singular(noun: str) -> str:
    """`box` for `boxes`; a noun in the singular stays as it is."""
    found = _engine().singular_noun(noun)  # pyright: ignore[reportArgumentType]
    return found if isinstance(found, str) else noun


def _plural_of_word(word: str) -> str:
    if word.lower() in _SAME_PLURAL:
        return word
    if re.fullmatch(r"[A-Z0-9]+", word):
        return f"{word}s"
    return str(_engine().plural_noun(word))  # pyright: ignore[reportArgumentType]


def _plural_of_hyphenated(word: str) -> str:
    parts = word.split("-")
    if len(parts) > 2 and parts[1] in {"in", "of", "at"}:
        return "-".join((plural(parts[0]), *parts[1:]))
    if parts[-1].lower() in _PARTICLES:
        return f"{word}s"
    return "-".join((*parts[:-1], plural(parts[-1])))


def number(value: float) -> str:
    """`one` to `nine` in words, and digits from 10: `1,200`, `1.5`. Zero is `0`."""
    if value == int(value):
        whole = int(value)
        return NUMBER_WORDS[whole] if 1 <= whole <= 9 else f"{whole:,}"
    return f"{value:,.10f}".rstrip("0")


def count(n: float, noun: str) -> str:
    """How many there are: `no loans`, `one loan`, `three loans`, `12 loans`; of times, `once` and `twice`."""
    if noun == "time" and n in (1, 2):
        return "once" if n == 1 else "twice"
    quantity = NUMBER_WORDS[0] if n == 0 else number(n)
    return f"{quantity} {noun if n == 1 else plural(noun)}"


def ordinal(n: int) -> str:
    """`first` to `ninth` in words, then `10th`, `21st`."""
    if 1 <= n <= 9:
        return _ORDINAL_WORDS[n - 1]
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def join_words(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def possessive(name: str) -> str:
    """The possessive of one person's name: `Ann's`, `James's`."""
    return f"{name}'s"


@lru_cache(maxsize=8192)
def humanize(identifier: str) -> str:
    """An identifier in words: `date of birth`, `MRI scan`, `follow-up visit`, `German`."""
    text = identifier.lower() if "_" in identifier and identifier.isupper() else identifier
    if text in _PROPER_ALONE:
        return text.capitalize()
    words: list[str] = []
    for word in filter(None, text.split("_")):
        before = words[-1] if words else ""
        if f"{before}_{word}" in _HYPHENATED or (before.isdigit() and word in _UNITS):
            words[-1] = f"{before}-{word}"
        else:
            words.append(word)
    return " ".join(_spell(word) for word in words)


def label(name: str) -> str:
    """What people call a value of this column or parameter on a list of what they know: `e-mail address`, `start`."""
    return _LABELS.get(name) or humanize(name)


def _spell(word: str) -> str:
    if word in _ACRONYMS:
        return word.upper()
    return word.capitalize() if word in _PROPER or word.startswith(("x-ray", "t-shirt")) else word


def title_case(words: str) -> str:
    """A heading: `Date of Birth`, `Follow-up Visit`; words with capitals of their own stay as they are."""
    parts = words.split()
    final = len(parts) - 1
    return " ".join(
        part if part.lower() in _SMALL_WORDS and 0 < place < final else _capital(part)
        for place, part in enumerate(parts)
    )


def sentence(text: str) -> str:
    """A sentence: single spaces, a capital at the start and exactly one stop at the end."""
    body = " ".join(text.split())
    if not body:
        return ""
    body = re.sub(r"(?<!\.)\.\.$|\.{4,}$", ".", re.sub(r"(?<=[?!])\.+$|[,;:]+\.*$", "", body))
    closed = re.search(r"[.?!…]([\"'\u201d\u2019*]|\)$)*$", body)
    stopped = closed and (not body.endswith(")") or body.startswith("("))
    return _capital(body) if stopped else f"{_capital(body)}."


def small(text: str) -> str:
    """The text with its first letter in lower case and the rest as it was."""
    return text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    """The first letter as a capital, unless the word has capitals of its own (`iPad`)."""
    match = re.search(r"[^\W_]", text)
    if match is None or text[match.end() : match.end() + 1].isupper():
        return text
    return text[: match.start()] + match.group().upper() + text[match.end() :]


def money(value: float | Decimal | str) -> str:
    """`$45` or `$1,045.50`."""
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation as exc:
        raise ValueError(f"{value!r} is not an amount of money") from exc
    sign = "-" if amount < 0 else ""
    digits = f"{abs(amount):,.2f}".removesuffix(".00")
    return f"{sign}${digits}"


def say_date(value: date | str) -> str:
    """`3 March 2026`."""
    day = value if isinstance(value, date) else datetime.fromisoformat(value)
    return _written_out(day, "d MMMM y")


def say_datetime(value: datetime | str) -> str:
    """`Tuesday, 3 March 2026 at 10:30`; seconds are said only where there are any."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    return f"{_written_out(moment.date(), 'EEEE, d MMMM y')} at {clock}"


@lru_cache(maxsize=4096)
def _written_out(day: date, pattern: str) -> str:
    return format_date(day, pattern, locale="en")


def say_hours(n: float) -> str:
    """`one hour`, `48 hours`."""
    return count(n, "hour")


def say_days(n: float) -> str:
    """`one day`, `14 days`."""
    return count(n, "day")


def say(value: Any, column_or_type: Typed | ColumnType) -> str:
    """A stored value as people write it, by the type of its column, parameter or result column."""
    kind = column_or_type.type if isinstance(column_or_type, Typed) else column_or_type
    name = column_or_type.name if isinstance(column_or_type, Typed) else ""
    if kind not in _TYPES:
        raise ValueError(f"{kind!r} is not a column type")
    if value is None:
        return "not set"
    if kind == "integer" and "year" in name.split("_"):
        return str(int(value))
    return _SPEAKERS.get(kind, str)(value)


_TYPES = frozenset(get_args(ColumnType))
_SPEAKERS: dict[str, Callable[[Any], str]] = {
    "money": money,
    "date": say_date,
    "datetime": say_datetime,
    "enum": humanize,
    "boolean": lambda value: "yes" if value else "no",
    "integer": lambda value: f"{int(value):,}",
}


def snake(words: str) -> str:
    """A lower-case identifier: `music_lesson`."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return "_".join(re.findall(r"[a-z0-9]+", plain.lower().replace("'", "")))


def upper_snake(words: str) -> str:
    """A code: `MUSIC_LESSON`."""
    return snake(words).upper()


def camel(words: str) -> str:
    """A class name: `MusicLesson`."""
    return "".join(part.capitalize() for part in snake(words).split("_"))


@cache
def phrase_environment() -> jinja2.Environment:
    """The strict template environment of packs and patterns. A missing name is an error, and so is a None."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # prose and SQL, never HTML
        keep_trailing_newline=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_no_none,
    )
    environment.filters |= {
        "article": article,
        "plural": plural,
        "count": count,
        "number": number,
        "ordinal": ordinal,
        "money": money,
        "date": say_date,
        "datetime": say_datetime,
        "hours": say_hours,
        "days": say_days,
        "say": say,
        "human": humanize,
        "title": title_case,
        "sentence": sentence,
        "join_words": join_words,
        "possessive": possessive,
        "upper_snake": upper_snake,
        "snake": snake,
        "camel": camel,
    }
    return environment


def _no_none(value: Any) -> Any:
    if value is None:
        raise jinja2.UndefinedError("an expression is None, which nobody would say")
    return value


def render(template: str, context: Mapping[str, Any]) -> str:
    """The text of a template; `PackError` names the template and what is wrong or missing."""
    try:
        return _compiled(template).render(context)
    except (jinja2.TemplateError, TypeError, ValueError) as exc:
        known = join_words(sorted(context)) or "nothing"
        raise PackError(
            f"template {_shortened(template)!r}",
            str(exc),
            f"Correct the template or its context, which has {known}.",
        ) from exc


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299]}…"


@lru_cache(maxsize=16384)
def _compiled(template: str) -> jinja2.Template:
    return phrase_environment().from_string(template)
