"""A stored domain or pair as an environment and the conversations that can be held in it."""

from pathlib import Path

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ToolEntry
from agentskiller_assets.fusion.records import FusedBlueprint
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask
from resources.storage.warehouse import Warehouse


def load_world(root: Path, domain: str) -> tuple[Environment, list[Case]]:
    """The environment of a domain, or of a pair `a--b`, and a case for every query; `StorageError` if one lacks."""
    warehouse = Warehouse(root)
    pair = "--" in domain
    fused = "fused_" if pair else ""
    spec, role, seed = _of_pair(warehouse, domain) if pair else _of_domain(warehouse, domain)
    policy = warehouse.read_records(f"{fused}policies", PolicyEntry, domain)
    tools = warehouse.read_records(f"{fused}tool_lists", ToolEntry, domain)
    cases = make_cases(
        spec,
        policy,
        tools,
        role,
        seed,
        warehouse.read_records(f"{fused}queries", Query, domain),
        warehouse.read_records(f"{fused}validated_tasks", ValidatedTask, domain),
        warehouse.read_records("fused_templates" if pair else "task_templates", TaskTemplate, domain),
        warehouse.read_records("population", Person, None),
    )
    environment = open_environment(warehouse.read_database(domain, f"{fused}databases"))
    return environment, cases


def _of_domain(warehouse: Warehouse, domain: str) -> tuple[EnvironmentSpec, str, int]:
    (blueprint,) = warehouse.read_records("blueprints", Blueprint, domain)
    (topic,) = warehouse.read_records("domain_topics", DomainTopic, domain)
    return blueprint.spec, topic.role, topic.seed


def _of_pair(warehouse: Warehouse, pair: str) -> tuple[EnvironmentSpec, str, int]:
    (blueprint,) = warehouse.read_records("fused_blueprints", FusedBlueprint, pair)
    return blueprint.spec, blueprint.role, blueprint.seed
