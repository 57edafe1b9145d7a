"""Assets of the ontology: population, catalog of domains, topics, entities and their graphs."""

import dagster as dg
from pydantic import Field

from agentskiller_assets.automation import observed
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.metadata import PARTITIONS, domain_asset, markdown_table, preview
from agentskiller_assets.ontology.catalog import fingerprints, make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.models import CatalogEntry, DomainTopic, Entity, EntityGraph, Person
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.partitions import MADE_FOR, register_domains
from agentskiller_assets.registry import registered_domains
from agentskiller_assets.settings import DEFAULT_SEED
from resources.author import AuthorResource
from resources.llm import LLM_POOL
from resources.warehouse import WarehouseResource


class PopulationConfig(dg.Config):
    """Settings of the population."""

    seed: int = Field(default=DEFAULT_SEED, description="The one seed. Set AGENTSKILLER_SEED to change it everywhere.")
    population_size: int = Field(default=400, ge=10, le=100_000, description="How many people there are.")


class CatalogConfig(dg.Config):
    """Settings of the catalog, which every domain carries with it."""

    seed: int = Field(default=DEFAULT_SEED, description="The one seed. Set AGENTSKILLER_SEED to change it everywhere.")
    target_domains: int = Field(default=6, ge=1, le=10_000, description="How many domains the catalog holds at least.")
    simulation_time: str = Field(
        default="2026-03-02 09:00:00",
        pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$",
        description="What time it is in every environment, as YYYY-MM-DD HH:MM:SS.",
    )


@dg.asset(
    group_name="ontology",
    kinds={"python", "parquet"},
    owners=["team:environments"],
    code_version=code_version("core", "ontology", "authoring/samplers.py"),
    io_manager_key="records",
)
def population(context: dg.AssetExecutionContext, config: PopulationConfig) -> list[Person]:
    """Made-up people with one identity each. Every domain serves some of them, each in its own role."""
    people = make_population(config.population_size, config.seed)
    context.add_output_metadata({"preview": preview(people, "full_name", "date_of_birth", "city", "persona")})
    return people


@dg.asset(
    group_name="ontology",
    kinds={"python", "parquet"},
    owners=["team:environments"],
    code_version=code_version("core", "ontology", "authoring"),
    io_manager_key="records",
    pool=LLM_POOL,
)
def domain_catalog(
    context: dg.AssetExecutionContext, config: CatalogConfig, author: AuthorResource, warehouse: WarehouseResource
) -> list[CatalogEntry]:
    """All domains, each with the strategy by which it was found and the domain it was expanded from.

    Writes the registry: after a reload of the definitions, new domains are partitions of the other assets. It
    holds every registered domain that a sector pack has, whatever `target_domains` says: none of them loses its entry.
    """
    writer, root = author.open(), warehouse.open().root
    count = max(config.target_domains, writer.reach(registered_domains(root), config.seed))
    entries = make_catalog(writer, count, config.seed, config.simulation_time)
    added = register_domains(root, [entry.domain for entry in entries])
    by_strategy = [[name, sum(e.strategy == name for e in entries)] for name in sorted({e.strategy for e in entries})]
    context.add_output_metadata(
        {
            "domains_added": added,
            "strategies": markdown_table(["strategy", "domains"], by_strategy),
            "preview": preview(entries, "domain", "sector_title", "pattern", "strategy", "parent"),
        }
    )
    return entries


@observed("ontology", PARTITIONS, {MADE_FOR: "source"})
def author_sources(author: AuthorResource) -> dg.DataVersionsByPartition:
    """What each domain is written from: its pack and pattern, or prompts and models. To observe it marks as stale
    exactly those domains for which that has changed."""
    found = fingerprints(author.open(), PARTITIONS.get_partition_keys())
    return dg.DataVersionsByPartition({domain: dg.DataVersion(version) for domain, version in found.items()})


@domain_asset("ontology", code_version("core", "ontology", "authoring"), deps=[author_sources])
def domain_topics(
    context: dg.AssetExecutionContext, author: AuthorResource, domain_catalog: list[CatalogEntry]
) -> DomainTopic:
    """The subject of one domain, with the digest of the pack that its content comes from."""
    topic = make_topic(author.open(), domain_catalog, context.partition_key)
    context.add_output_metadata(
        {
            "title": topic.title,
            "description": topic.description,
            "found_by": f"{topic.strategy} from {topic.parent}" if topic.parent else topic.strategy,
            "keywords": ", ".join(topic.keywords),
        }
    )
    return topic


@domain_asset("ontology", code_version("core", "ontology", "authoring"), pool=LLM_POOL)
def entities(context: dg.AssetExecutionContext, author: AuthorResource, domain_topics: DomainTopic) -> list[Entity]:
    """What the service keeps on record: its people in their role, and its things, with stable attributes."""
    found = make_entities(author.open(), domain_topics)
    rows = [[e.title, e.part, ", ".join(a.name for a in e.attributes)] for e in found]
    context.add_output_metadata(
        {
            "preview": markdown_table(["entity", "part", "attributes"], rows),
            "attributes": sum(len(e.attributes) for e in found),
        }
    )
    return found


@domain_asset("ontology", code_version("core", "ontology", "authoring"), pool=LLM_POOL)
def entity_graph(
    context: dg.AssetExecutionContext, author: AuthorResource, domain_topics: DomainTopic, entities: list[Entity]
) -> EntityGraph:
    """The person-centric graph of the service: who relates to what, and by which relationship."""
    graph = make_entity_graph(author.open(), domain_topics, entities)
    context.add_output_metadata(
        {
            "graph": dg.MetadataValue.md(f"```mermaid\n{graph.mermaid()}\n```"),
            "relations": len(graph.relations),
            "edges": len(graph.edges),
        }
    )
    return graph
