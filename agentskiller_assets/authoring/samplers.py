"""Samplers at work: from a plan to the values of one column, for all rows of a table at once."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from faker import Faker

from agentskiller_assets.authoring import plans
from agentskiller_assets.core.spec import Column

Row = dict[str, Any]
Query = Callable[[str], list[tuple[Any, ...]]]
"""Runs a SELECT over the tables made so far; `:now` is bound."""

AREA_CODES = (201, 206, 212, 213, 216, 303, 305, 312, 313, 314, 404, 408, 412, 415, 504, 512, 602, 612, 617, 702)
SUNDAY = 6
"""Nothing starts on this day of the week."""
MAIL_HOSTS = ("example.com", "example.org", "example.net")
_QUALITIES = ("blue", "early", "gentle", "green", "late", "lucky", "merry", "quiet", "silver", "sunny", "swift", "tidy")
_THINGS = (
    "anchor",
    "badger",
    "brook",
    "comet",
    "garden",
    "heron",
    "lantern",
    "maple",
    "meadow",
    "pebble",
    "robin",
    "sail",
)


class SamplerFault(ValueError):
    """A plan that cannot yield the rows asked for."""


class ColumnSampler:
    """Draws the values of one column. `rows` hold the columns made before; nothing is drawn twice by rejection."""

    def __init__(self, column: Column, draw: random.Random, now: str, query: Query, keys: dict[str, str]) -> None:
        self.column = column
        self.draw = draw
        self.now = datetime.fromisoformat(now)
        self.query = query
        self.keys = keys
        self._seen: dict[tuple[Any, ...], set[Any]] = {}
        self._grids: dict[plans.Days, list[str]] = {}

    def sample(self, plan: plans.Sampler, rows: Sequence[Row]) -> list[Any]:
        """One value for each row, by the sampler's kind."""
        match plan:
            case plans.ForeignKey():
                return self._foreign_keys(plan, rows)
            case plans.Choice():
                return self._choices(plan, rows)
            case plans.Number():
                return [self._number(plan) for _ in rows]
            case plans.Boolean():
                return [self.draw.random() < plan.share for _ in rows]
            case plans.Moment():
                return [self._moment(plan, row) for row in rows]
            case plans.Texts():
                return [self.draw.choice(plan.texts) for _ in rows]
            case plans.Combine():
                return self._combinations(plan, len(rows))
            case plans.Digits():
                return self._digits(plan, len(rows))
            case plans.PersonName():
                return self._names(plan, len(rows))
            case plans.Contact():
                return [self._contact(plan.kind) for _ in rows]
            case plans.ExistingValue():
                return self._existing(plan, len(rows))
            case plans.SqlValue():
                raise SamplerFault("a SQL value is computed by the table, not drawn")

    def _foreign_keys(self, plan: plans.ForeignKey, rows: Sequence[Row]) -> list[str]:
        table = self.column.ref or ""
        key = self.keys[table]
        where = f" WHERE {plan.where}" if plan.where else ""
        choices = [row[0] for row in self.query(f"SELECT {key} FROM {table}{where} ORDER BY {key}")]
        if not choices:
            raise SamplerFault(f"no row of {table} satisfies {plan.where!r}")
        self.draw.shuffle(choices)
        weights = [1.0 / (rank + 3) ** plan.skew for rank in range(len(choices))]
        return [self._foreign_key(plan, row, choices, weights) for row in rows]

    def _foreign_key(self, plan: plans.ForeignKey, row: Row, choices: list[str], weights: list[float]) -> str:
        if not plan.distinct_within:
            return self.draw.choices(choices, weights)[0]
        used = self._used(plan.distinct_within, row)
        free = [(choice, weight) for choice, weight in zip(choices, weights, strict=True) if choice not in used]
        if not free:
            raise SamplerFault(f"no row of {self.column.ref} is left within {plan.distinct_within}")
        picked = self.draw.choices([choice for choice, _ in free], [weight for _, weight in free])[0]
        used.add(picked)
        return picked

    def _choices(self, plan: plans.Choice, rows: Sequence[Row]) -> list[Any]:
        options: tuple[Any, ...] = plan.options or self.column.values
        counts: Counter[tuple[Any, ...]] = Counter()
        values = []
        for row in rows:
            weights = list(plan.weights_by[str(row[plan.by])] if plan.by else plan.weights or (1.0,) * len(options))
            if len(weights) != len(options):
                raise SamplerFault(f"{len(weights)} weights for {len(options)} options")
            if plan.at_most_value is not None:
                weights = [
                    0.0 if option > plan.at_most_value else w for option, w in zip(options, weights, strict=True)
                ]
            limit = plan.at_most
            group = tuple(row[name] for name in limit.per) if limit else ()
            if limit and counts[group] >= limit.count:
                weights = [0.0 if option in limit.values else w for option, w in zip(options, weights, strict=True)]
            if not any(weights):
                raise SamplerFault("the limits leave no value to choose")
            value = self.draw.choices(options, weights)[0]
            if limit and value in limit.values:
                counts[group] += 1
            values.append(value)
        return values

    def _number(self, plan: plans.Number) -> float | int:
        low = plan.minimum if plan.minimum is not None else self.column.minimum
        high = plan.maximum if plan.maximum is not None else self.column.maximum
        if low is None or high is None:
            raise SamplerFault("has no range; give minimum and maximum")
        value = low + self.draw.randint(0, round((high - low) / plan.step)) * plan.step
        return round(value, 2) if self.column.type == "money" else round(value)

    def _moment(self, plan: plans.Moment, row: Row) -> str:
        days = plan.days[str(row[plan.by])] if isinstance(plan.days, dict) and plan.by else plan.days
        if isinstance(days, dict):
            raise SamplerFault("days by value need `by`")
        if plan.kind == "date" and not plan.distinct_within:
            return str(self.now.date() + timedelta(days=self.draw.randint(*days)))
        used = self._used(plan.distinct_within, row) if plan.distinct_within else set()
        free = self._moments(plan, days)
        if used:
            free = [moment for moment in free if moment not in used]
        if not free:
            raise SamplerFault(f"no free time is left within {plan.distinct_within}")
        picked = self.draw.choice(free)
        used.add(picked)
        return picked

    def _moments(self, plan: plans.Moment, days: plans.Days) -> list[str]:
        """All moments of the grid, made once for each range.

        A range that does not cross the simulation time stays on its side of it.
        """
        if days not in self._grids:
            self._grids[days] = self._grid(plan, days)
        return self._grids[days]

    def _grid(self, plan: plans.Moment, days: plans.Days) -> list[str]:
        dates: list[date] = [self.now.date() + timedelta(days=day) for day in range(days[0], days[1] + 1)]
        if plan.kind == "date":
            return [str(each) for each in dates]
        now, crosses = str(self.now), days[0] < 0 < days[1]
        hours = range(plan.hours[0], plan.hours[1] + 1)
        open_days = [day for day in dates if day.weekday() != SUNDAY] or dates
        moments = [f"{day} {hour:02}:{minute:02}:00" for day in open_days for hour in hours for minute in plan.minutes]
        if crosses:
            return moments
        return [each for each in moments if (each > now if days[0] >= 0 else each < now)]

    def _combinations(self, plan: plans.Combine, count: int) -> list[str]:
        total = 1
        for part in plan.parts:
            total *= len(part)
        if total < count:
            raise SamplerFault(f"its parts make {total} combinations, and {count} are needed")
        values = []
        for number in self.draw.sample(range(total), count):
            words, rest = [], number
            for part in plan.parts:
                rest, index = divmod(rest, len(part))
                words.append(part[index])
            values.append(plan.joiner.join(word for word in words if word))
        return values

    def _digits(self, plan: plans.Digits, count: int) -> list[str]:
        places = plan.form.count("#")
        values = []
        for number in self.draw.sample(range(10 ** (places - 1), 10**places), count):
            digits = iter(str(number))
            values.append("".join(next(digits) if char == "#" else char for char in plan.form))
        return values

    def _names(self, plan: plans.PersonName, count: int) -> list[str]:
        people = made_up_people(self.draw)
        names: dict[str, None] = {}
        while len(names) < count:
            names[f"{plan.title} {people.first_name()} {surname(people)}".strip()] = None
        return list(names)

    def _contact(self, kind: str) -> str:
        number = self.draw.randint(0, 9999)
        if kind == "phone":
            return f"{self.draw.choice(AREA_CODES)}-555-{number:04}"
        return nickname_address(self.draw)

    def _existing(self, plan: plans.ExistingValue, count: int) -> list[Any]:
        table, _, column = plan.column.partition(".")
        where = f" WHERE {plan.where}" if plan.where else ""
        values = [row[0] for row in self.query(f"SELECT DISTINCT {column} FROM {table}{where} ORDER BY {column}")]
        return [self.draw.choice(values) for _ in range(count)] if values else []

    def _used(self, columns: tuple[str, ...], row: Row) -> set[Any]:
        return self._seen.setdefault(tuple(row[name] for name in columns), set())


@cache
def _faker() -> Faker:
    return Faker("en_US")


def made_up_people(draw: random.Random) -> Faker:
    """Faker's providers, seeded by the next number of `draw`; valid until the next call."""
    people = _faker()
    people.seed_instance(draw.getrandbits(32))
    return people


def surname(people: Faker) -> str:
    """A last name, with both capitals where it has two: Faker has `Mccarthy`."""
    return re.sub(r"^Mc([a-z])", lambda found: f"Mc{found[1].upper()}", people.last_name())


def nickname_address(draw: random.Random) -> str:
    """An address of somebody whose name is not known here: it holds no name, which would be that of somebody else."""
    return f"{draw.choice(_QUALITIES)}.{draw.choice(_THINGS)}{draw.randint(1, 99)}@{draw.choice(MAIL_HOSTS)}"


def email_address(first: str, last: str, draw: random.Random) -> str:
    """A plausible address on a host that can never be somebody's."""
    local = draw.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}{draw.randint(1, 99)}", f"{last}.{first}"))
    return f"{local}@{draw.choice(MAIL_HOSTS)}".lower().replace(" ", "").replace("'", "")
