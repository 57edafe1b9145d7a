"""Sector packs: one YAML file per sector, with its people, things, services and words."""

import re
from typing import Any

from pydantic import Field, model_validator

from agentskiller_assets.authoring.drafts import Strategy, Unsupported
from agentskiller_assets.core.language import snake
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import NAME, ColumnType


class PackColumn(Model):
    """A column as packs and patterns write it. `sample` is a sampler of `authoring.plans`."""

    type: ColumnType
    description: str
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    nullable: bool = False
    unique: bool = False
    ref: str | None = None
    tag: str | None = None
    sample: dict[str, Any] | None = None
    empty_unless: dict[str, Any] | None = None


class PackNoun(Model):
    """What people call something. The rest (plural, table, key) follows from `title` unless given."""

    title: str
    prefix: str = Field(pattern=r"^[A-Z]{2,5}$")
    plural: str | None = None
    table: str | None = Field(default=None, pattern=NAME)


class PackEntity(PackNoun):
    """A thing or person on record. `name`, `category`, `price`, `open`, ... say which column plays that part."""

    description: str
    columns: dict[str, PackColumn]
    name: str | None = None
    category: str | None = None
    price: str | None = None
    open: str | None = None
    stock: str | None = None
    deposit: str | None = None
    person: bool = False
    """A person is somebody `who` does something, and booked `with them`; a thing `that`, and booked `in` or `on` it."""
    preposition: str | None = None
    """Where or with whom a booking takes place; `with` a person and `in` anything else unless given."""
    called: str | None = None
    """How people speak of one, with its name and category as slots: `the {{ bike_name }} {{ bike_type }}`."""
    counted: bool = False
    """Whether people count the things themselves (three jerseys) and not what they come in (three boxes of)."""

    @model_validator(mode="after")
    def _parts_are_columns(self) -> "PackEntity":
        for part in ("name", "category", "price", "open", "stock", "deposit"):
            column = getattr(self, part)
            if column is not None and column not in self.columns:
                raise ValueError(f"`{part}: {column}` is not one of the columns {sorted(self.columns)}")
        return self

    @model_validator(mode="after")
    def _called_by_name(self) -> "PackEntity":
        slots = set(re.findall(r"\{\{ *(\w+) *\}\}", self.called or ""))
        known = {f"{self.table or snake(self.title)}_name", str(self.category)}
        if self.called and not slots <= known:
            raise ValueError(f"`called` has slots {sorted(slots - known)}; there are only {sorted(known)}")
        return self


class PackRole(PackNoun):
    """The people whom the sector serves."""

    description: str
    card: str
    """What carries their number: `patient card`."""
    card_number: str
    """Its form, with `#` for a digit."""
    inactive: str
    """The sentence of the policy about people whose membership is not active."""
    columns: dict[str, PackColumn] = {}


class Expansion(Model):
    """How a service was found, as in the method's five strategies."""

    strategy: Strategy
    parent: str | None = None
    why: str = "A service that most people of this sector use."

    @model_validator(mode="after")
    def _only_seeds_have_no_parent(self) -> "Expansion":
        if (self.strategy == "seed") != (self.parent is None):
            raise ValueError("a seed has no parent, and every other strategy names one")
        return self


class PackService(Model):
    """One domain: a pattern, the entities that play its parts, and the words for them."""

    title: str
    description: str
    pattern: str
    expansion: Expansion
    roles: dict[str, str] = {}
    nouns: dict[str, PackNoun]
    words: dict[str, str] = {}
    texts: dict[str, tuple[str, ...]] = {}
    unsupported: tuple[Unsupported, ...] = ()


class SectorPack(Model):
    sector: str = Field(pattern=NAME)
    title: str
    description: str
    links: tuple[str, ...] = ()
    """Sectors whose services the same people use."""
    first: dict[str, int] = {}
    """Services at the head of every catalog, whatever the seed, with their place: those that a new clone registers."""
    role: PackRole
    entities: dict[str, PackEntity]
    services: dict[str, PackService]
