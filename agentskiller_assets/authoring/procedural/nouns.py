"""Names: what a noun is called in speech, in tables, in tools and in rule codes."""

from dataclasses import dataclass, field

from agentskiller_assets.authoring.procedural.pack import PackEntity, PackNoun, PackRole
from agentskiller_assets.core import language


@dataclass(frozen=True)
class Noun:
    """One noun, seen from a template: `<< booking.a >>` is `an appointment`."""

    title: str
    plural: str
    table: str
    prefix: str

    @property
    def a(self) -> str:
        return language.article(self.title)

    @property
    def key(self) -> str:
        return f"{self.table}_id"

    @property
    def names(self) -> str:
        return language.snake(self.plural)

    @property
    def code(self) -> str:
        return self.table.upper()

    @property
    def codes(self) -> str:
        return self.names.upper()


@dataclass(frozen=True)
class EntityNoun(Noun):
    """An entity, the columns that play the parts a pattern speaks of, and how people speak of one."""

    parts: dict[str, str] = field(default_factory=dict)
    person: bool = False
    preposition: str = "in"
    called: str = ""
    counted: bool = False
    price_low: float = 0.0
    price_high: float = 0.0
    """Between which prices there are things on record, so that a limit can be set within them."""

    @property
    def who(self) -> str:
        """`a doctor who is`, `a room that is`."""
        return "who" if self.person else "that"

    @property
    def there(self) -> str:
        """Where something took place: `with them`, `there`."""
        return "with them" if self.person else "there"

    def __getattr__(self, name: str) -> str:
        parts: dict[str, str] = self.__dict__.get("parts", {})
        if name in parts:
            return parts[name]
        raise AttributeError(name)


@dataclass(frozen=True)
class RoleNoun(Noun):
    """The people served."""

    card: str = ""
    extras: tuple[str, ...] = ()


def noun(source: PackNoun) -> Noun:
    """The noun of a pack, with everything that follows from its title."""
    return Noun(**_names(source))


def entity_noun(source: PackEntity) -> EntityNoun:
    """An entity with its parts; `category_title` and the like are the parts in words."""
    columns = ("name", "category", "price", "open", "stock", "deposit")
    parts = {part: column for part in columns if (column := getattr(source, part))}
    titles = {f"{part}_title": language.humanize(column) for part, column in parts.items()}
    names, (low, high) = _names(source), _price_range(source)
    return EntityNoun(
        **names,
        parts={**parts, **titles},
        price_low=low,
        price_high=high,
        person=source.person,
        preposition=source.preposition or ("with" if source.person else "in"),
        called=source.called or "{{ " + names["table"] + "_name }}",
        counted=source.counted,
    )


def _price_range(source: PackEntity) -> tuple[float, float]:
    sample = (source.columns[source.price].sample or {}) if source.price else {}
    options = sample.get("options") or [sample.get("minimum", 0), sample.get("maximum", 0)]
    return float(min(options)), float(max(options))


def role_noun(source: PackRole) -> RoleNoun:
    """The role, with its own attributes as `extras`."""
    return RoleNoun(**_names(source), card=source.card, extras=tuple(source.columns))


def _names(source: PackNoun) -> dict[str, str]:
    return {
        "title": source.title,
        "plural": source.plural or language.plural(source.title),
        "table": source.table or language.snake(source.title),
        "prefix": source.prefix,
    }
