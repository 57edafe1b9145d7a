"""Sample plans: how the values of a column, or of a free parameter, are drawn. Data, never code.

Days are counted from the simulation time: `[-30, -1]` is the month before it.
"""

from typing import Annotated, Literal

from pydantic import Field

from agentskiller_assets.core.records import Model

Days = tuple[int, int]


class AtMost(Model):
    """No more than `count` rows with one of `values` for each combination of the columns `per`."""

    per: tuple[str, ...]
    values: tuple[str, ...]
    count: int = Field(ge=1)


class ForeignKey(Model):
    """A row of the referenced table, among those that satisfy the SQL condition `where`."""

    kind: Literal["foreign_key"]
    skew: float = Field(default=0.0, ge=0.0, le=3.0)
    """0 spreads evenly; 1 makes the first rows several times as frequent as the last."""
    where: str | None = None
    distinct_within: tuple[str, ...] = ()
    """Never the same row twice for equal values of these columns."""


class Choice(Model):
    """One of the column's values (or of `options`), by weight, which may depend on another column."""

    kind: Literal["choice"]
    options: tuple[int | float | str, ...] = ()
    weights: tuple[float, ...] = ()
    by: str | None = None
    weights_by: dict[str, tuple[float, ...]] = {}
    at_most: AtMost | None = None
    at_most_value: float | None = None
    """Options above this number are not drawn."""


class Number(Model):
    """A whole multiple of `step` in a range; without a range, the bounds of the column."""

    kind: Literal["number"]
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1


class Boolean(Model):
    kind: Literal["boolean"]
    share: float = Field(default=0.5, ge=0, le=1)
    """Share of true values."""


class Moment(Model):
    """A date or time: some days from the simulation time, on a grid of hours and minutes."""

    kind: Literal["date", "datetime"]
    days: Days | dict[str, Days]
    by: str | None = None
    """The column whose value selects the range when `days` is a mapping."""
    hours: tuple[int, int] = (9, 17)
    minutes: tuple[int, ...] = (0,)
    distinct_within: tuple[str, ...] = ()
    """Never the same moment twice for equal values of these columns."""


class Texts(Model):
    """One of a list of texts."""

    kind: Literal["texts"]
    texts: tuple[str, ...]


class Combine(Model):
    """A combination of one part from each list; all different while combinations last."""

    kind: Literal["combine"]
    parts: tuple[tuple[str, ...], ...]
    joiner: str = " "


class Digits(Model):
    """`#` becomes a digit; no two values are equal."""

    kind: Literal["digits"]
    form: str


class PersonName(Model):
    """The full name of somebody who is not in the population, after an optional title."""

    kind: Literal["person_name"]
    title: str = ""


class Contact(Model):
    """A phone number or e-mail address that nobody has yet."""

    kind: Literal["phone", "email"]


class SqlValue(Model):
    """A SQL expression over the row and over tables made before it."""

    kind: Literal["sql"]
    expression: str


class ExistingValue(Model):
    """A value that a column holds (`table.column`), for parameters."""

    kind: Literal["column"]
    column: str
    where: str | None = None


class EmptyUnless(Model):
    """The value is NULL unless `column` holds one of `values`."""

    column: str
    values: tuple[str, ...]


Sampler = Annotated[
    ForeignKey
    | Choice
    | Number
    | Boolean
    | Moment
    | Texts
    | Combine
    | Digits
    | PersonName
    | Contact
    | SqlValue
    | ExistingValue,
    Field(discriminator="kind"),
]


class ColumnPlan(Model):
    sampler: Sampler
    empty_unless: EmptyUnless | None = None


class SamplePlans(Model):
    """Plans of all columns (`table` -> `column`) and of all free parameters (`tool` -> `parameter`)."""

    columns: dict[str, dict[str, ColumnPlan]]
    parameters: dict[str, dict[str, tuple[Sampler, ...]]]
