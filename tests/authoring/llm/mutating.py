"""Answers with something in them replaced, dropped or doubled: what a model might say that nobody thought of."""

import copy
import random
from collections.abc import Iterator
from typing import Any

ODD = (
    "", " ", "1", "-1", "NULL", "id", "person", "__", "A__B", "x'", '"a"', "(1)", "(SELECT 1", "1=1", "a.b = :c",
    ":me = :me", "COUNT(*) > 1", "NOT 1", "1 IN (1, 2)", "EXISTS (SELECT 1)", "CASE WHEN 1 THEN 1 END", "status",
    "DROP TABLE person", "SELECT 1", "SELECT * FROM person ORDER BY 1", "SELECT 1 UNION SELECT 2 ORDER BY 1",
    "WITH a AS (SELECT 1) SELECT * FROM a ORDER BY 1", "INSERT INTO person DEFAULT VALUES",
    "INSERT INTO patient (patient_id) SELECT :new_id", "REPLACE INTO patient (patient_id) VALUES (:new_id)",
    "UPDATE person SET person_id = 'x' WHERE 1", "DELETE FROM person WHERE 1 = 1", "patient.nope = 1", "patient.active",
    "UPDATE patient SET active = 1 FROM person WHERE person.person_id = patient.person_id", "2026-01-01", "é\x00",
    "{{ x }}", "{% if %}", "a" * 300,
)  # fmt: skip
NUMBERS = (0, -1, 1, 2, 3, 0.5, 10**9, -(10**9))


def mutated(answer: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """The answer with one thing in it, or two, as it should not be."""
    answer = copy.deepcopy(answer)
    for _ in range(draw.choice((1, 1, 1, 2))):
        places = list(_places(answer))
        holder, key = draw.choice(places)
        value = holder[key]
        match value:
            case list():
                _shake(value, draw)
            case bool():
                holder[key] = not value
            case int() | float():
                holder[key] = draw.choice(NUMBERS)
            case None:
                holder[key] = draw.choice((0, 5, "person", "status"))
            case str():
                others = [text for place, each in places if isinstance(text := place[each], str)]
                holder[key] = draw.choice((*ODD, *others))
    return answer


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everything in an answer that can be replaced: what it is in, and where."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        if not isinstance(each, dict):
            yield value, key
        yield from _places(each)


def _shake(values: list[Any], draw: random.Random) -> None:
    if values:
        place = draw.randrange(len(values))
        match draw.choice(("drop", "double", "mix")):
            case "drop":
                values.pop(place)
            case "double":
                values.insert(place, copy.deepcopy(values[place]))
            case _:
                draw.shuffle(values)
