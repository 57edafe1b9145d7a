"""What the examples come from, read domain by domain for the figures of their variety."""

from collections.abc import Sequence

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.dataset.groups import domains_in
from agentskiller_assets.dataset.models import Example, Quality
from agentskiller_assets.dataset.quality import measure_quality
from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.tasks.models import Query, TaskTemplate
from resources.storage.warehouse import Warehouse

DESCRIBING = ("blueprints", "task_templates", "queries", "fused_templates", "fused_queries")


def quality_of(warehouse: Warehouse, examples: Sequence[Example]) -> Quality:
    """The figures of the domains and pairs of which there are examples."""
    specs: dict[str, EnvironmentSpec] = {}
    templates: list[TaskTemplate] = []
    messages: dict[str, list[str]] = {}
    for partition in sorted({each.domain for each in examples}):
        fused = len(domains_in(partition)) > 1
        asset = "fused_queries" if fused else "queries"
        messages[partition] = [q.first_message for q in warehouse.read_records(asset, Query, partition)]
        templates += warehouse.read_records("fused_templates" if fused else "task_templates", TaskTemplate, partition)
        if not fused:
            specs[partition] = warehouse.read_records("blueprints", Blueprint, partition)[0].spec
    catalog = warehouse.read_records("domain_catalog", CatalogEntry, None)
    return measure_quality(examples, catalog, specs, templates, messages)
