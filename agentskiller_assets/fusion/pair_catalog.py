"""The catalog of pairs: the asset, and its checks."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.fusion.catalog import PairSettings, direction, make_candidates, select_pairs
from agentskiller_assets.fusion.environments import pair_key
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.metadata import markdown_table, preview
from agentskiller_assets.ontology.models import CatalogEntry, Person
from agentskiller_assets.partitions import register_pairs
from agentskiller_assets.settings import DEFAULT_SEED
from resources.author import AuthorResource
from resources.llm import LLM_POOL
from resources.warehouse import WarehouseResource


class PairCatalogConfig(dg.Config):
    """Settings of the catalog of pairs."""

    seed: int = Field(default=DEFAULT_SEED, description="The one seed. Set AGENTSKILLER_SEED to change it everywhere.")
    target_pairs: int = Field(default=6, ge=1, le=100_000, description="How many pairs the catalog holds at most.")
    most_pairs_per_domain: int = Field(default=4, ge=1, le=100, description="How many pairs a domain is in at most.")
    rows_per_table: int = Field(
        default=300, ge=20, le=20_000, description="Rows of every table in `databases`: how many people each serves."
    )


@dg.asset(
    group_name="fusion",
    kinds={"python", "parquet"},
    owners=["team:environments"],
    code_version=code_version(
        "core", "authoring", "fusion/catalog.py", "fusion/environments.py", "fusion/namespaces.py"
    ),
    io_manager_key="records",
    pool=LLM_POOL,
)
def domain_pair_catalog(
    context: dg.AssetExecutionContext,
    config: PairCatalogConfig,
    author: AuthorResource,
    warehouse: WarehouseResource,
    domain_catalog: list[CatalogEntry],
    population: list[Person],
) -> list[PairEntry]:
    """All pairs of domains, each with what speaks for it: people, values and sectors in common, and a way across.

    Writes the registry: after a reload of the definitions, new pairs are partitions of the other assets.
    """
    lost: list[str] = []
    candidates = make_candidates(author.open(), domain_catalog, len(population), config.rows_per_table, lost)
    settings = PairSettings(seed=config.seed, target=config.target_pairs, most_per_domain=config.most_pairs_per_domain)
    pairs = select_pairs(author.open(), candidates, settings, lost)
    added = register_pairs(warehouse.open().root, [pair.key for pair in pairs])
    context.add_output_metadata(
        {
            "pairs": f"{len(pairs)} of {config.target_pairs}",
            "pairs_added": added,
            "domains": len({domain for pair in pairs for domain in (pair.first, pair.second)}),
            "scores": _scores(pairs),
            "preview": preview(pairs, "key", "first", "shared_people", "score", "reason"),
            "left_out": dg.MetadataValue.md("\n".join(f"- {each}" for each in lost) or "none"),
        }
    )
    for each in lost:
        context.log.warning(f"In no pair: {each}")
    if len(pairs) < config.target_pairs:
        context.log.warning(
            f"{len(domain_catalog)} domains bring {len(pairs)} pairs of the {config.target_pairs} wanted. "
            "Raise `target_domains` of `domain_catalog`, or `most_pairs_per_domain`."
        )
    return pairs


@checks_of(
    "domain_pair_catalog",
    partitions=None,
    keys_unique="Every pair is there once, under the key that its two domains give it.",
    domains_exist="Both domains of every pair are in the catalog of domains.",
    bridged="Something leads from the first domain of every pair into the second.",
)
def pair_catalog_checks(
    domain_pair_catalog: list[PairEntry], domain_catalog: list[CatalogEntry], author: AuthorResource
) -> Faults:
    return {
        "keys_unique": repeated_keys(domain_pair_catalog),
        "domains_exist": unknown_domains(domain_pair_catalog, domain_catalog),
        "bridged": unbridged(author.open(), domain_pair_catalog, domain_catalog),
    }


def repeated_keys(pairs: Sequence[PairEntry]) -> list[str]:
    """Pairs whose key is not theirs, or another's too."""
    times = Counter(pair.key for pair in pairs)
    wrong = [pair for pair in pairs if pair.first == pair.second or pair.key != pair_key(pair.first, pair.second)]
    return [
        *(f"{pair.id}: {pair.key!r} is not the key of {pair.first} and {pair.second}" for pair in wrong),
        *(f"{pair.id}: {pair.key!r} is there {times[pair.key]} times" for pair in pairs if times[pair.key] > 1),
    ]


def unknown_domains(pairs: Sequence[PairEntry], domains: Sequence[CatalogEntry]) -> list[str]:
    """Pairs of a domain that the catalog does not have."""
    known = {entry.domain for entry in domains}
    return [
        f"{pair.id}: {domain!r} is not in the catalog of domains"
        for pair in pairs
        for domain in (pair.first, pair.second)
        if domain not in known
    ]


def unbridged(author: Author, pairs: Sequence[PairEntry], domains: Sequence[CatalogEntry]) -> list[str]:
    """Pairs of known domains that nothing leads across, in the direction of the pair."""
    used = {domain for pair in pairs for domain in (pair.first, pair.second)}
    specs = {
        candidate.domain: candidate.spec
        for candidate in make_candidates(author, [entry for entry in domains if entry.domain in used], 0, 0)
    }
    return [
        f"{pair.id}: nothing leads from {pair.first} into {pair.second}"
        for pair in pairs
        if pair.first in specs and pair.second in specs
        if direction(author, specs[pair.first], specs[pair.second], pair.seed) != (pair.first, pair.second)
    ]


def _scores(pairs: Sequence[PairEntry]) -> dg.MarkdownMetadataValue:
    """How many pairs have which score, to the tenth."""
    counted = Counter(int(pair.score * 10) for pair in pairs)
    return markdown_table(
        ["score", "pairs"],
        [
            [f"0.{tenth} to 0.{tenth + 1}" if tenth < 9 else "0.9 to 1", counted[tenth]]
            for tenth in sorted(counted, reverse=True)
        ],
    )
