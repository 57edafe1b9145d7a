"""Two demo domains with tables and tools of the same names, and what becomes of them together."""

from functools import cache

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import make_blueprint, make_database
from agentskiller_assets.fusion.environments import fuse_rows, fuse_specs
from agentskiller_assets.ontology.catalog import make_catalog, make_topic
from agentskiller_assets.ontology.entities import make_entities, make_entity_graph
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.runtime import Environment, build_image
from tests.world import NOW, SEED, author

CLINIC, PHARMACY = "clinic_appointments", "pharmacy_orders"
PAIR = f"{CLINIC}--{PHARMACY}"


@cache
def rows_of(domain: str) -> EnvironmentRows:
    """One demo domain with few rows."""
    writer = author()
    topic = make_topic(writer, make_catalog(writer, 6, SEED, NOW), domain)
    blueprint = make_blueprint(writer, topic, make_entity_graph(writer, topic, make_entities(writer, topic)))
    return make_database(writer, topic, blueprint, make_population(400, SEED), 300)


@cache
def environment_of(domain: str) -> Environment:
    """The environment of one demo domain."""
    rows = rows_of(domain)
    return Environment(rows.spec, build_image(rows.spec, rows.rows))


@cache
def fused_rows(first: str = CLINIC, second: str = PHARMACY) -> EnvironmentRows:
    """Two demo domains in one."""
    one, other = rows_of(first), rows_of(second)
    return fuse_rows(fuse_specs(one.spec, other.spec), one, other)


@cache
def fused(first: str = CLINIC, second: str = PHARMACY) -> Environment:
    """The environment of two demo domains in one."""
    rows = fused_rows(first, second)
    return Environment(rows.spec, build_image(rows.spec, rows.rows))
