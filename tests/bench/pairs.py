"""What it costs to choose pairs among many domains, and what the partitions of both cost to load."""

import resource
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import dagster as dg
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster_shared.serdes import serialize_value

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.fusion.catalog import PairSettings, make_candidates, select_pairs
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.ontology.catalog import make_catalog
from agentskiller_assets.partitions import domains_to_pairs

DOMAINS, PAIRS, SEED, NOW = 300, 400, 7, "2026-03-02 09:00:00"
PEOPLE, ROWS, ASSETS = 400, 300, 5


class ManyServices(ProceduralAuthor):
    """The packaged services over and over, each time under another name and in another sector."""

    def expand_domains(self, count: int, seed: int) -> tuple[TopicDraft, ...]:
        services = sum(len(pack.services) for _, pack in self.packs.values())
        packaged = super().expand_domains(services, seed)
        drafts = [(packaged[index % services], index // services) for index in range(count)]
        return tuple(_copy(draft, turn) for draft, turn in drafts)

    def write_blueprint(self, topic: TopicDraft, seed: int, simulation_time: str) -> EnvironmentSpec:
        original = topic.model_copy(update={"domain": topic.domain.rpartition("_")[0]})
        spec = super().write_blueprint(original, seed, simulation_time)
        return spec.model_copy(update={"domain": topic.domain})


def measure() -> dict[str, Any]:
    """Seconds, peak of memory, and stored partitions, in a process that does nothing else."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure).result()


def choose(domains: int, pairs: int) -> list[PairEntry]:
    """The pairs of so many made-up domains."""
    author = ManyServices()
    entries = make_catalog(author, domains, SEED, NOW)
    settings = PairSettings(seed=SEED, target=pairs)
    return select_pairs(author, make_candidates(author, entries, PEOPLE, ROWS), settings)


def _measure() -> dict[str, Any]:
    started = time.perf_counter()
    pairs = choose(DOMAINS, PAIRS)
    chosen_s = time.perf_counter() - started
    started = time.perf_counter()
    snapshot = serialize_value(RepositorySnap.from_def(_definitions([pair.key for pair in pairs])))
    return {
        "domains": DOMAINS,
        "pairs": len(pairs),
        "select_s": round(chosen_s, 1),
        "definitions_s": round(time.perf_counter() - started, 2),
        "snapshot_mb": round(len(snapshot) / 1e6, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _definitions(pairs: Sequence[str]) -> dg.RepositoryDefinition:
    """A few assets of domains, and of pairs that are made from them."""
    domains = [draft.domain for draft in ManyServices().expand_domains(DOMAINS, SEED)]
    of_domain, of_pair = dg.StaticPartitionsDefinition(domains), dg.StaticPartitionsDefinition(list(pairs))
    mapping = domains_to_pairs(pairs)
    specs = [dg.AssetSpec(f"single_{index}", partitions_def=of_domain) for index in range(ASSETS)]
    specs += [
        dg.AssetSpec(
            f"fused_{index}",
            partitions_def=of_pair,
            deps=[dg.AssetDep(f"single_{index}", partition_mapping=mapping)],
        )
        for index in range(ASSETS)
    ]
    return dg.Definitions(assets=specs).get_repository_def()


def _copy(draft: TopicDraft, turn: int) -> TopicDraft:
    return draft.model_copy(
        update={
            "domain": f"{draft.domain}_{turn}",
            "title": f"{draft.title} {turn}",
            "sector": f"{draft.sector}_{turn}",
            "sector_title": f"{draft.sector_title} {turn}",
            "parent": f"{draft.parent}_{turn}" if draft.parent else None,
        }
    )
