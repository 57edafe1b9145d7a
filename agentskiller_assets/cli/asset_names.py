"""Where a domain's records are stored, and where a pair's."""

from typing import NamedTuple

from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.fusion.records import FusedBlueprint


class AssetNames(NamedTuple):
    """The assets in which an environment and its tasks are stored."""

    servers: str
    blueprints: str
    blueprint: type[Blueprint]
    policies: str
    tools: str
    databases: str
    templates: str
    tasks: str
    queries: str


_OF_DOMAIN = AssetNames(
    "mcp_servers",
    "blueprints",
    Blueprint,
    "policies",
    "tool_lists",
    "databases",
    "task_templates",
    "validated_tasks",
    "queries",
)
_OF_PAIR = AssetNames(
    "fused_servers",
    "fused_blueprints",
    FusedBlueprint,
    "fused_policies",
    "fused_tool_lists",
    "fused_databases",
    "fused_templates",
    "fused_validated_tasks",
    "fused_queries",
)


def assets_of(name: str) -> AssetNames:
    """The assets of a domain, or of a pair `a--b`."""
    return _OF_PAIR if "--" in name else _OF_DOMAIN
