"""Pairs are chosen by what their domains have in common, and growing never changes those that were chosen before."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.authoring.drafts import BridgeDraft
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.builds import make_blueprint, make_database
from agentskiller_assets.fusion.catalog import (
    Candidate,
    PairSettings,
    direction,
    make_candidates,
    pairs_of,
    select_pairs,
    served_people,
)
from agentskiller_assets.fusion.environments import fuse_specs, pair_key
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.ontology.catalog import make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.registry import read_registry
from tests.bench.pairs import choose
from tests.world import NOW, SEED, author

PEOPLE, ROWS = 400, 300


@cache
def entries(count: int) -> tuple[CatalogEntry, ...]:
    return tuple(make_catalog(author(), count, SEED, NOW))


@cache
def candidates() -> tuple[Candidate, ...]:
    return tuple(make_candidates(author(), entries(15), PEOPLE, ROWS))


def select(domains: int, target: int, **settings: Any) -> list[PairEntry]:
    chosen = PairSettings(**{"seed": SEED, "target": target, **settings})
    return select_pairs(author(), iter(candidates()[:domains]), chosen)


def test_the_packaged_registry_has_the_first_six_pairs_of_its_domains(tmp_path: Path) -> None:
    packaged = read_registry(tmp_path)

    assert [entry.domain for entry in entries(6)] == list(packaged.domains)
    assert [pair.key for pair in select(6, 6)] == list(packaged.pairs)


def test_two_services_that_keep_the_same_sort_of_record_are_no_pair() -> None:
    """A theatre's shop orders and a nursery shop's: nobody could say which of the two is meant."""
    shops = ("theatre_shop_orders", "baby_product_orders")
    drafts = [draft for draft in author().expand_domains(40, SEED) if draft.domain in shops]
    specs = [author().write_blueprint(draft, SEED, NOW) for draft in drafts]
    assert len(specs) == 2
    assert direction(author(), specs[0], specs[1], SEED) is None


def test_the_first_six_pairs_have_every_one_of_six_domains() -> None:
    found = {domain for pair in select(6, 6) for domain in (pair.first, pair.second)}

    assert found == {entry.domain for entry in entries(6)}


@pytest.mark.parametrize("more", [3, 5, 7, 12])
def test_more_pairs_leave_those_before_as_they_were(more: int) -> None:
    assert select(15, more) == select(15, 18)[:more]


@pytest.mark.parametrize("domains", [2, 3, 4, 6, 9, 14])
def test_more_domains_leave_those_before_as_they_were(domains: int) -> None:
    fewer = select(domains, 18)

    assert fewer
    assert select(15, 18)[: len(fewer)] == fewer


def test_another_seed_chooses_others() -> None:
    assert {pair.key for pair in select(15, 18, seed=8)} != {pair.key for pair in select(15, 18)}


@pytest.mark.parametrize("most", [1, 2, 4, 6])
def test_no_domain_is_in_more_pairs_than_allowed(most: int) -> None:
    pairs = select(15, 99, most_per_domain=most)
    times = Counter(domain for pair in pairs for domain in (pair.first, pair.second))

    assert max(times.values()) <= most
    assert len(pairs) <= pairs_of(15, most)
    assert len({pair.key for pair in pairs}) == len(pairs)


def test_pairs_are_of_one_sector_and_across_sectors() -> None:
    sectors = {entry.domain: entry.sector for entry in entries(15)}
    within = [sectors[pair.first] == sectors[pair.second] for pair in select(15, 18)]

    assert within.count(True) >= 3
    assert within.count(False) >= 4


def test_one_sector_scores_higher_with_all_else_equal() -> None:
    clinic, music = candidates()[:2]
    twins = [
        Candidate(entry.model_copy(update={"domain": name}), music.spec, clinic.people, clinic.tags)
        for name, entry in (("clinic_a", clinic.entry), ("clinic_b", music.entry))
    ]
    (same,) = select_pairs(author(), _renamed(clinic, twins[0]), PairSettings(seed=SEED, target=1))
    (other,) = select_pairs(author(), _renamed(clinic, twins[1]), PairSettings(seed=SEED, target=1))

    assert same.score > other.score


def test_something_leads_from_the_first_domain_of_every_pair_into_the_second() -> None:
    specs = {entry.domain: author().write_blueprint(entry.draft(), SEED, NOW) for entry in entries(15)}

    for pair in select(15, 18):
        assert author().bridge(fuse_specs(specs[pair.first], specs[pair.second]), SEED)


def test_what_cannot_be_bridged_is_no_pair_and_others_take_its_place() -> None:
    clinic = candidates()[0].domain
    stubborn = _Alone(clinic)
    pairs = select_pairs(stubborn, iter(candidates()[:6]), PairSettings(seed=SEED, target=6))

    assert not [pair for pair in pairs if clinic in (pair.first, pair.second)]
    assert len(pairs) == 6


def test_a_conversation_begins_with_the_domain_that_something_leads_from() -> None:
    first, second = (candidate.spec for candidate in candidates()[:2])

    assert direction(_OneWay(second.domain), first, second, SEED) == (second.domain, first.domain)
    assert direction(_Alone(first.domain), first, second, SEED) is None


def test_a_pair_is_a_record_of_its_two_domains_that_says_why() -> None:
    pair = select(6, 6)[0]
    first, second = entries(6)[:2]

    assert pair == PairEntry(
        id=PairEntry.make_id(SEED, pair_key(first.domain, second.domain)),
        parents=(first.id, second.id),
        position=0,
        key="clinic_appointments--music_lessons",
        first="clinic_appointments",
        second="music_lessons",
        shared_people=227,
        score=pair.score,
        reason="227 of the 300 people of clinic appointments use music lessons too, both record the same kinds of "
        "values (date, datetime, document number and money), and one belongs to healthcare, the other to music "
        "education.",
        seed=SEED,
    )
    assert 0 < pair.score < 1


@pytest.mark.parametrize("index", [0, 3])
def test_people_are_counted_as_the_databases_will_have_them(index: int) -> None:
    population = make_population(190, SEED)
    topic = make_topic(author(), list(entries(6)), entries(6)[index].domain)
    graph = make_entity_graph(author(), topic, make_entities(author(), topic))
    rows = make_database(author(), topic, make_blueprint(author(), topic, graph), population, 150)
    stored = {row["person_id"] for row in rows.rows["person"]}
    role = {row["person_id"] for row in rows.rows[rows.spec.core_entity]}
    counted = served_people(topic.domain, len(population), 150, SEED)

    assert stored == role
    assert {each.person_id for each in population if counted >> each.position & 1} == stored


def test_a_catalog_of_one_domain_has_no_pairs() -> None:
    assert select(1, 6) == []
    assert select(0, 6) == []


def test_what_is_stored_grows_with_the_pairs_and_every_domain_of_many_is_in_one() -> None:
    pairs = choose(40, 99)
    times = Counter(domain for pair in pairs for domain in (pair.first, pair.second))

    assert len(pairs) == pairs_of(40, 4) == 54
    assert len(times) == 40
    assert max(times.values()) <= 4


@pytest.mark.parametrize(("domains", "pairs"), [(1, 0), (2, 1), (6, 6), (300, 418)])
def test_so_many_pairs_come_of_so_many_domains(domains: int, pairs: int) -> None:
    assert pairs_of(domains, 4) == pairs


def _renamed(clinic: Candidate, twin: Candidate) -> Iterator[Candidate]:
    spec = twin.spec.model_copy(update={"domain": twin.domain})
    yield clinic
    yield Candidate(twin.entry, spec, twin.people, twin.tags)


class _Alone(ProceduralAuthor):
    """Bridges everything but one domain."""

    def __init__(self, domain: str) -> None:
        super().__init__()
        self._domain = domain

    def bridge(self, spec: EnvironmentSpec, seed: int) -> tuple[BridgeDraft, ...]:
        return () if self._domain in spec.domain.split("--") else super().bridge(spec, seed)


class _OneWay(ProceduralAuthor):
    """Bridges from one domain only."""

    def __init__(self, first: str) -> None:
        super().__init__()
        self._first = first

    def bridge(self, spec: EnvironmentSpec, seed: int) -> tuple[BridgeDraft, ...]:
        return super().bridge(spec, seed) if spec.core_entity.startswith(f"{self._first}__") else ()
