"""The population: made-up people with one identity each, whom every domain serves in its own role."""

from datetime import date, timedelta
from typing import get_args

from agentskiller_assets.authoring.samplers import AREA_CODES, email_address, made_up_people, surname
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.ontology.models import Detail, Patience, Person, Persona, Proficiency, Tone

FIRST_NUMBER = 10001
YOUNGEST, OLDEST = date(2006, 12, 31), date(1944, 1, 1)
MOST = date(1996, 1, 1)
"""When most of them were born: who uses services by chat is young rather than old."""


def make_population(size: int, seed: int) -> list[Person]:
    """The first `size` people; a larger population only adds people. Phone numbers and addresses are unique."""
    phones = rng(seed, "population", "phones").sample(range(10_000), 10_000)
    taken: set[str] = set()
    return [_person(index, phones[index % len(phones)], taken, seed) for index in range(size)]


def _person(index: int, phone: int, taken: set[str], seed: int) -> Person:
    draw = rng(seed, "population", index)
    people = made_up_people(draw)
    first, last = people.first_name(), surname(people)
    born = OLDEST + timedelta(days=int(draw.triangular(0, (YOUNGEST - OLDEST).days, (MOST - OLDEST).days)))
    code = AREA_CODES[index // 10_000 % len(AREA_CODES)] if index >= 10_000 else draw.choice(AREA_CODES)
    return Person(
        id=Person.make_id(seed, index),
        position=index,
        person_id=f"PER-{FIRST_NUMBER + index}",
        first_name=first,
        last_name=last,
        full_name=f"{first} {last}",
        date_of_birth=str(born),
        email=_free_address(first, last, taken, seed, index),
        phone=f"{code}-555-{phone:04}",
        street_address=people.street_address().split(" Apt.")[0].split(" Suite")[0],
        city=people.city(),
        persona=Persona(
            tone=draw.choice(get_args(Tone)),
            patience=draw.choice(get_args(Patience)),
            detail=draw.choice(get_args(Detail)),
            proficiency=draw.choice(get_args(Proficiency)),
        ),
    )


def _free_address(first: str, last: str, taken: set[str], seed: int, index: int) -> str:
    address = email_address(first, last, rng(seed, "population", index, "email"))
    if address in taken:
        local, _, host = address.partition("@")
        address = f"{local}{index + 1}@{host}"
    taken.add(address)
    return address
