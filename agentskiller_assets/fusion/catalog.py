"""Which domains become pairs: those whose people, values and sectors meet, in an order that growing never changes.

Domains join one after the other, in the order of the catalog. Each brings pairs with domains that joined before it,
and how many depends on nothing that comes later: so that more pairs, or more domains, only add at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.errors import LLMError, SpecError
from agentskiller_assets.fusion.environments import fuse_specs, pair_key
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.ontology.models import CatalogEntry

__all__ = ["Candidate", "PairSettings", "direction", "make_candidates", "pairs_of", "select_pairs", "served_people"]

_PEOPLE, _VALUES, _SECTOR, _CHANCE = 0.45, 0.25, 0.2, 0.1
"""What people in common, values in common, one sector, and chance can add to a score."""
_REPEATED = 0.15
"""What a score loses for each pair of the same sort (one sector, or two) that either domain has already."""
_EVERYBODYS = frozenset(column.tag for column in PERSON.columns if column.tag)


class PairSettings(Model):
    """How many pairs are wanted, and how they are chosen."""

    seed: int
    target: int
    most_per_domain: int = 4


@dataclass(frozen=True)
class Candidate:
    """One domain as far as it matters for pairs."""

    entry: CatalogEntry
    spec: EnvironmentSpec
    """Cut down to what a bridge can touch: tables, and the tools that identify callers or make rows."""
    people: int
    """The people that it serves, one bit for each of the population."""
    tags: frozenset[str]
    """Kinds of values that it keeps, without those of everybody's identity."""

    @property
    def domain(self) -> str:
        """Its name."""
        return self.entry.domain


@dataclass
class _Chosen:
    """The pairs so far, and how often each domain is in one."""

    pairs: list[PairEntry] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)
    sorts: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """How often a domain is in a pair within its sector, and across sectors."""

    def add(self, pair: PairEntry, within: bool) -> None:
        self.pairs.append(pair)
        self.times.update((pair.first, pair.second))
        self.sorts.update(((pair.first, within), (pair.second, within)))


def pairs_of(domains: int, most_per_domain: int) -> int:
    """How many pairs the first so many domains bring, if enough of them lead into each other.

    Four at most for each domain give 6 pairs of 6 domains and 418 of 300: every domain is in a pair, and a third of
    the room is left for domains that join later.
    """
    return max(domains - 1, 7 * most_per_domain * domains // 20 - 2, 0)


def served_people(domain: str, population: int, count: int, seed: int) -> int:
    """The people whose rows a database of `count` rows holds, one bit for each, as its maker draws them."""
    drawn = rng(seed, domain, "people").sample(range(population), min(count, population))
    return sum(1 << position for position in drawn)


def make_candidates(
    author: Author,
    entries: Iterable[CatalogEntry],
    population: int,
    rows_per_table: int,
    lost: list[str] | None = None,
) -> Iterator[Candidate]:
    """Every domain of the catalog in its order, one at a time.

    A domain that no model can write is in no pair: `lost` says which and why. Without that list it is an error.
    """
    for entry in entries:
        try:
            spec = author.write_blueprint(entry.draft(), entry.seed, entry.simulation_time)
        except LLMError as error:
            _lose(lost, entry.domain, error)
            continue
        tags = {column.tag for table in spec.tables for column in table.columns if column.tag}
        yield Candidate(
            entry=entry,
            spec=_bridgeable(spec),
            people=served_people(entry.domain, population, rows_per_table, entry.seed),
            tags=frozenset(tags - _EVERYBODYS),
        )


def select_pairs(
    author: Author, candidates: Iterator[Candidate], settings: PairSettings, lost: list[str] | None = None
) -> list[PairEntry]:
    """The first `target` pairs, or as many as these domains bring.

    Candidates are taken one after the other and only as far as they are needed. `lost` says for which two no model can
    write a bridge.
    """
    chosen, joined = _Chosen(), list[Candidate]()
    for newcomer in candidates:
        if len(chosen.pairs) >= settings.target:
            break
        room = min(settings.target, pairs_of(len(joined) + 1, settings.most_per_domain)) - len(chosen.pairs)
        _join(author, newcomer, joined, chosen, room, settings, lost)
        joined.append(newcomer)
    return chosen.pairs


def direction(author: Author, one: EnvironmentSpec, other: EnvironmentSpec, seed: int) -> tuple[str, str] | None:
    """The two domains in an order in which something leads from the first into the second; None if nothing does."""
    for first, second in ((one, other), (other, one)):
        try:
            if author.bridge(fuse_specs(first, second), seed):
                return first.domain, second.domain
        except SpecError:  # they do not fuse, as when they know people by different columns
            return None
    return None


def _join(
    author: Author,
    newcomer: Candidate,
    joined: Sequence[Candidate],
    chosen: _Chosen,
    room: int,
    settings: PairSettings,
    lost: list[str] | None,
) -> None:
    """Adds up to `room` pairs of a domain with those that joined before it, best first."""
    free = [each for each in joined if chosen.times[each.domain] < settings.most_per_domain]
    while free and room > 0 and chosen.times[newcomer.domain] < settings.most_per_domain:
        best = max(free, key=lambda each: (_score(each, newcomer, chosen, settings.seed), each.domain))
        free.remove(best)
        try:
            order = direction(author, best.spec, newcomer.spec, settings.seed)
        except LLMError as error:
            _lose(lost, f"{best.domain} and {newcomer.domain}", error)
            continue
        if order is not None:
            within = best.entry.sector == newcomer.entry.sector
            chosen.add(_entry(best, newcomer, order, chosen, settings.seed), within)
            room -= 1


def _lose(lost: list[str] | None, what: str, error: LLMError) -> None:
    """Notes what a model cannot write; raises what may go away, as an endpoint that is down or a budget."""
    if lost is None or not error.lasting:
        raise error
    lost.append(f"{what}: {error}")


def _score(one: Candidate, other: Candidate, chosen: _Chosen, seed: int) -> float:
    within = one.entry.sector == other.entry.sector
    people = _shared(one, other) / max(min(one.people.bit_count(), other.people.bit_count()), 1)
    values = len(one.tags & other.tags) / max(len(one.tags | other.tags), 1)
    chance = rng(seed, "pairs", pair_key(one.domain, other.domain)).random()
    repeated = chosen.sorts[one.domain, within] + chosen.sorts[other.domain, within]
    score = _PEOPLE * people + _VALUES * values + _SECTOR * within + _CHANCE * chance - _REPEATED * repeated
    return round(max(score, 0.0), 4)


def _entry(one: Candidate, other: Candidate, order: tuple[str, str], chosen: _Chosen, seed: int) -> PairEntry:
    first, second = (one, other) if order[0] == one.domain else (other, one)
    key = pair_key(one.domain, other.domain)
    return PairEntry(
        id=PairEntry.make_id(seed, key),
        parents=(first.entry.id, second.entry.id),
        position=len(chosen.pairs),
        key=key,
        first=first.domain,
        second=second.domain,
        shared_people=_shared(one, other),
        score=_score(one, other, chosen, seed),
        reason=_reason(first, second),
        seed=seed,
    )


def _reason(first: Candidate, second: Candidate) -> str:
    """What the two have in common, in a sentence."""
    one, other = first.entry, second.entry
    where = f"both belong to {one.sector_title.lower()}"
    if one.sector != other.sector:
        where = f"one belongs to {one.sector_title.lower()}, the other to {other.sector_title.lower()}"
    values = sorted(tag.replace("_", " ") for tag in first.tags & second.tags)
    kept = f", both record the same kinds of values ({_listed(values)})" if values else ""
    share = f"{_shared(first, second)} of the {first.people.bit_count()} people of {one.title.lower()}"
    return f"{share} use {other.title.lower()} too{kept}, and {where}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _shared(one: Candidate, other: Candidate) -> int:
    return (one.people & other.people).bit_count()


def _bridgeable(spec: EnvironmentSpec) -> EnvironmentSpec:
    """The specification without the tools that only read or change rows: fusing it takes a third of the time."""
    tools = tuple(tool for tool in spec.tools if tool.authorizes or _makes_rows(tool.effects))
    return spec.model_copy(update={"tools": tools})


def _makes_rows(effects: Sequence[str]) -> bool:
    return any(effect.lstrip().upper().startswith("INSERT") for effect in effects)
