"""Jobs: the catalog once, then a stage or the whole pipeline for one domain or, as a backfill, for all."""

import dagster as dg

CATALOG_ASSETS = ("population", "domain_catalog")
_catalog = dg.AssetSelection.assets(*CATALOG_ASSETS)

catalog = dg.define_asset_job(
    "catalog", _catalog, description="The people and the list of domains. New domains become partitions."
)
ontology = dg.define_asset_job(
    "ontology",
    dg.AssetSelection.groups("ontology") - _catalog,
    description="Topic, entities and entity graph of a domain.",
)
environment = dg.define_asset_job(
    "environment",
    dg.AssetSelection.groups("environment"),
    description="Blueprint, tools, database, policy and MCP server of a domain.",
)
tasks = dg.define_asset_job(
    "tasks", dg.AssetSelection.groups("tasks"), description="Graph, templates, certified tasks and queries of a domain."
)
domain_pipeline = dg.define_asset_job(
    "domain_pipeline",
    dg.AssetSelection.groups("ontology", "environment", "tasks") - _catalog,
    description="Everything about a domain, from its topic to its queries.",
)

JOBS = [catalog, ontology, environment, tasks, domain_pipeline]
