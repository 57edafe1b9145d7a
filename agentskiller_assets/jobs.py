"""Jobs: the catalogs once, then a stage or the whole pipeline for a domain or a pair or, as a backfill, for all."""

import dagster as dg

from agentskiller_assets.partitions import MADE_FOR

CATALOG_ASSETS = ("population", "domain_catalog", "domain_pair_catalog")
_of_domain = dg.AssetSelection.tag(MADE_FOR, "domain")
_of_pair = dg.AssetSelection.tag(MADE_FOR, "pair")

catalog = dg.define_asset_job(
    "catalog",
    dg.AssetSelection.assets(*CATALOG_ASSETS),
    description="The people, the list of domains and that of pairs. New domains and pairs become partitions.",
)
ontology = dg.define_asset_job(
    "ontology",
    dg.AssetSelection.groups("ontology") & _of_domain,
    description="Topic, entities and entity graph of a domain.",
)
environment = dg.define_asset_job(
    "environment",
    dg.AssetSelection.groups("environment") & _of_domain,
    description="Blueprint, tools, database, policy and MCP server of a domain.",
)
tasks = dg.define_asset_job(
    "tasks",
    dg.AssetSelection.groups("tasks") & _of_domain,
    description="Graph, templates, certified tasks and queries of a domain.",
)
conversations = dg.define_asset_job(
    "conversations",
    dg.AssetSelection.groups("rollouts", "evaluation") & _of_domain,
    description="Conversations about the tasks of a domain, and what they are worth.",
)
pair_conversations = dg.define_asset_job(
    "pair_conversations",
    dg.AssetSelection.groups("rollouts", "evaluation") & _of_pair,
    description="Conversations about the tasks of a pair, and what they are worth.",
)
dataset = dg.define_asset_job(
    "dataset",
    dg.AssetSelection.groups("dataset"),
    description="The training dataset of all conversations that passed, and its report.",
)
domain_pipeline = dg.define_asset_job(
    "domain_pipeline", _of_domain, description="Everything about a domain, from its topic to evaluated conversations."
)
fusion = dg.define_asset_job(
    "fusion",
    _of_pair,
    description="Everything about a pair of domains that are made, from its blueprint to evaluated conversations.",
)

JOBS = [
    catalog,
    ontology,
    environment,
    tasks,
    conversations,
    domain_pipeline,
    fusion,
    pair_conversations,
    dataset,
]
