"""What a run is to make: which domains and pairs, and how many the catalogs must hold for them."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import typer

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.cli.options import MOST_PAIRS, MOST_PAIRS_PER_DOMAIN
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.errors import PackError, RegistryError, SchemaChangedError
from agentskiller_assets.fusion.catalog import PairSettings, direction, make_candidates, select_pairs
from agentskiller_assets.fusion.environments import pair_key
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.ontology.catalog import make_catalog_entry
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.registry import domains_of, read_registry
from resources.storage.warehouse import Warehouse

__all__ = ["Choice", "choose", "made_before", "most_pairs", "named_pairs", "split"]

_DEFAULT_MOST, _ROOM = 4, 1.5
"""Pairs of a domain at most, and what is added to the mean, since not every domain leads to every other."""


@dataclass(frozen=True)
class Choice:
    """What to make, registered already."""

    domains: list[str]
    """Those asked for, and those of the pairs."""
    pairs: list[str]
    target_domains: int
    target_pairs: int
    most_pairs_per_domain: int


def choose(
    author: Author,
    warehouse: Warehouse,
    settings: RunSettings,
    domains: str | None,
    count: int | None,
    pairs: str | None,
) -> Choice:
    """Resolves the options of `run`; domains and pairs that are new are registered."""
    from agentskiller_assets.partitions import register_domains, register_pairs  # noqa: PLC0415 - brings Dagster

    number = int(pairs) if pairs and pairs.strip().isdecimal() else 0
    if number > MOST_PAIRS:
        raise typer.BadParameter(f"ask for at most {MOST_PAIRS} pairs")
    target, most = _pair_targets(author, warehouse, settings, number, count)
    settings = settings.model_copy(update={"most_pairs_per_domain": most})
    wanted_pairs = _pairs(author, warehouse, settings, pairs)
    of_pairs = [domain for pair in wanted_pairs for domain in domains_of(pair)]
    chosen, catalog = _domains(author, warehouse, settings.seed, [*split(domains), *of_pairs], count)
    register_domains(warehouse.root, catalog)
    register_pairs(warehouse.root, wanted_pairs)
    return Choice(chosen, wanted_pairs, len(catalog), target, most)


def most_pairs(pairs: int, domains: int) -> int:
    """In how many pairs one domain may have to be, so that so many domains bring so many pairs."""
    return min(MOST_PAIRS_PER_DOMAIN, max(_DEFAULT_MOST, math.ceil(_ROOM * 2 * pairs / domains)))


def _pair_targets(
    author: Author, warehouse: Warehouse, settings: RunSettings, number: int, count: int | None
) -> tuple[int, int]:
    """How many pairs the catalog is to hold, and of one domain: as many as it was made for, or as are asked for."""
    note = warehouse.materialization("domain_pair_catalog", None)
    stored = note.settings if note and note.settings.get("seed") == settings.seed else {}
    target = int(stored.get("target_pairs", settings.target_pairs))
    most = int(stored.get("most_pairs_per_domain", settings.most_pairs_per_domain))
    if not number or number <= len(_stored_pairs(warehouse, settings.seed)):
        return target, most
    return max(number, target), max(most, most_pairs(number, count or _domains_for(author, settings.seed, number)))


def _domains_for(author: Author, seed: int, pairs: int) -> int:
    """How many domains there are for so many pairs; no more are looked at than bring them by the usual limit."""
    enough = math.ceil(_ROOM * 2 * pairs / _DEFAULT_MOST)
    there_are = author.most_domains(seed)
    return enough if there_are is None else min(enough, there_are)


def split(names: str | None) -> list[str]:
    """Names that commas separate, each once; there must be one, unless the option was left out."""
    found = list(dict.fromkeys(name.strip() for name in (names or "").split(",") if name.strip()))
    if names is not None and not found:
        raise typer.BadParameter(f"{names!r} names nothing: give at least one name, or leave the option out")
    return found


def named_pairs(names: str | None) -> list[str]:
    """Keys of pairs that are written as `A+B`, or as keys, and separated by commas; as `split` does."""
    keys = []
    for name in split(names):
        both = name.replace("--", "+").split("+")
        if len(both) != 2 or not all(both) or both[0] == both[1]:
            raise typer.BadParameter(f"{name!r} is no pair: write two domains as A+B")
        keys.append(pair_key(*both))
    return list(dict.fromkeys(keys))


def made_before(warehouse: Warehouse) -> tuple[str | None, str | None]:
    """The domains and pairs of which something was made, as the options of `run` name them."""
    partitions = sorted({partition for _, partition in warehouse.places() if partition})
    domains = [each for each in partitions if not domains_of(each)[1]]
    pairs = ["+".join(domains_of(each)) for each in partitions if domains_of(each)[1]]
    if not domains:
        fix = "Make some first: `agentskiller run --count 6`."
        raise RegistryError(str(warehouse.root), "nothing was made here before", fix)
    return ",".join(domains), ",".join(pairs) or None


def check_pair(author: Author, seed: int, simulation_time: str, key: str) -> None:
    """`RegistryError` unless both domains can be made and something leads from one into the other."""
    from agentskiller_assets.cli.plan import needed_count  # noqa: PLC0415 - brings Dagster

    drafts = {each.domain: each for each in author.expand_domains(needed_count(author, seed, domains_of(key), 0), seed)}
    one, other = (author.write_blueprint(drafts[each], seed, simulation_time) for each in domains_of(key))
    if direction(author, one, other, seed) is None:
        fix = "Choose two services of which one keeps records that the other can refer to."
        raise RegistryError(f"pair {key!r}", "nothing leads from one of its domains into the other", fix)


def every_draft(author: Author, seed: int) -> Iterator[TopicDraft]:
    """All domains that there are, in the order of the catalog, one at a time."""
    for count in itertools.count(1):
        try:
            yield author.expand_domains(count, seed)[-1]
        except PackError:
            if count == 1:
                raise
            return


def _pairs(author: Author, warehouse: Warehouse, settings: RunSettings, pairs: str | None) -> list[str]:
    """The keys of the pairs to make. What is stored or registered already needs no sound packs."""
    if pairs is None:
        return []
    if not pairs.strip().isdecimal():
        keys = named_pairs(pairs)
        for key in (key for key in keys if key not in read_registry(warehouse.root).pairs):
            check_pair(author, settings.seed, settings.simulation_time, key)
        return keys
    if not int(pairs):
        raise typer.BadParameter("ask for at least one pair")
    stored = _stored_pairs(warehouse, settings.seed)
    if len(stored) >= int(pairs):
        return stored[: int(pairs)]
    wanted = PairSettings(seed=settings.seed, target=int(pairs), most_per_domain=settings.most_pairs_per_domain)
    entries = _entries(author, settings)
    candidates = make_candidates(author, entries, settings.population_size, settings.rows_per_table)
    found = [pair.key for pair in select_pairs(author, candidates, wanted)]
    if len(found) < wanted.target:
        fix = "Ask for fewer, name pairs yourself, or add services to a pack."
        if wanted.most_per_domain < MOST_PAIRS_PER_DOMAIN:
            more = "`agentskiller domains expand` with `--count`, `--pairs` and `--most-pairs-per-domain`"
            fix = f"Ask for fewer, name pairs yourself, add services to a pack, or allow more for a domain by {more}."
        fault = f"all domains together bring {len(found)} pairs, with at most {wanted.most_per_domain} for a domain"
        raise RegistryError(f"--pairs {pairs}", fault, fix)
    return found


def _entries(author: Author, settings: RunSettings) -> Iterator[CatalogEntry]:
    ids: dict[str, str] = {}
    for position, draft in enumerate(every_draft(author, settings.seed)):
        entry = make_catalog_entry(draft, position, settings.seed, settings.simulation_time, ids)
        ids[draft.domain] = entry.id
        yield entry


def _domains(
    author: Author, warehouse: Warehouse, seed: int, named: Sequence[str], count: int | None
) -> tuple[list[str], list[str]]:
    """The domains to make, and those that the catalog must hold for them."""
    from agentskiller_assets.cli.plan import needed_count  # noqa: PLC0415 - brings Dagster

    stored, known = _stored_catalog(warehouse, seed), read_registry(warehouse.root).domains
    first = stored[: count or 0]
    if {*named, *known} <= set(stored) and len(first) == (count or 0):
        return list(dict.fromkeys([*first, *named])), stored
    if count is not None:
        first = [draft.domain for draft in author.expand_domains(count, seed)]
    chosen = list(dict.fromkeys([*first, *named]))
    # the catalog holds every registered domain that a pack has, so that a backfill of all in the UI finds each
    target = max(needed_count(author, seed, chosen, len(stored)), author.reach(known, seed))
    return chosen, [draft.domain for draft in author.expand_domains(target, seed)]


def _stored_catalog(warehouse: Warehouse, seed: int) -> list[str]:
    """Domains of the stored catalog, if it was made with this seed."""
    if warehouse.condition("domain_catalog", None) != "stored":
        return []
    try:
        entries = warehouse.read_records("domain_catalog", CatalogEntry, None)
    except SchemaChangedError:  # of an older version, and about to be made again
        return []
    return [entry.domain for entry in entries if entry.seed == seed]


def _stored_pairs(warehouse: Warehouse, seed: int) -> list[str]:
    """Keys of the stored catalog of pairs, if it was made with this seed."""
    if warehouse.condition("domain_pair_catalog", None) != "stored":
        return []
    try:
        entries = warehouse.read_records("domain_pair_catalog", PairEntry, None)
    except SchemaChangedError:  # of an older version, and about to be made again
        return []
    return [entry.key for entry in entries if entry.seed == seed]
