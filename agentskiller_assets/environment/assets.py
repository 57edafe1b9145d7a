"""Assets of the environment: blueprint, tool list, database, policy and MCP server of each domain."""

import dagster as dg
from pydantic import Field

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.environment.builds import (
    count_rows,
    make_blueprint,
    make_database,
    make_policy,
    make_tool_list,
    open_environment,
)
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, ToolEntry, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_notes import ServerConfig, server_notes
from agentskiller_assets.environment.servers import make_server
from agentskiller_assets.metadata import domain_asset, markdown_table
from agentskiller_assets.ontology.models import DomainTopic, EntityGraph, Person
from resources.author import AuthorResource
from resources.llm import LLM_POOL


class DatabaseConfig(dg.Config):
    """Settings of the databases."""

    rows_per_table: int = Field(
        default=300,
        ge=150,
        le=20_000,
        description="How many rows every table has; on fewer, not every rule has a case.",
    )


@domain_asset("environment", code_version("core", "authoring", "environment", "runtime"), pool=LLM_POOL)
def blueprints(
    context: dg.AssetExecutionContext, author: AuthorResource, domain_topics: DomainTopic, entity_graph: EntityGraph
) -> Blueprint:
    """The specification of the service: tables, tools, and rules in SQL, closed-world validated."""
    blueprint = make_blueprint(author.open(), domain_topics, entity_graph)
    spec = blueprint.spec
    rows = [[t.name, t.access, len(t.parameters), len(t.rules), t.title] for t in spec.tools]
    context.add_output_metadata(
        {
            "tables": len(spec.tables),
            "tools": len(spec.tools),
            "rules": sum(len(tool.rules) for tool in spec.tools),
            "preview": markdown_table(["tool", "access", "parameters", "rules", "title"], rows),
        }
    )
    return blueprint


@domain_asset("environment", code_version("core", "environment/builds.py", "runtime"))
def tool_lists(context: dg.AssetExecutionContext, blueprints: Blueprint) -> list[ToolEntry]:
    """The tools as an agent sees them, with exact input and output schemas."""
    tools = make_tool_list(blueprints)
    rows = [[tool.name, tool.function["function"]["description"]] for tool in tools]
    context.add_output_metadata({"tools": len(tools), "preview": markdown_table(["tool", "description"], rows)})
    return tools


@domain_asset("environment", code_version("core", "authoring", "environment"), io_manager="databases", pool=LLM_POOL)
def databases(
    context: dg.AssetExecutionContext,
    config: DatabaseConfig,
    author: AuthorResource,
    domain_topics: DomainTopic,
    blueprints: Blueprint,
    population: list[Person],
) -> EnvironmentRows:
    """The database of the service: real tables with keys and checks, rows that satisfy them by construction."""
    rows = make_database(author.open(), domain_topics, blueprints, population, config.rows_per_table)
    counts = count_rows(rows)
    context.add_output_metadata(
        {
            "tables": len(counts),
            "rows": sum(counts.values()),
            "counts": markdown_table(["table", "rows"], [[table, n] for table, n in counts.items()]),
            "preview": _first_rows(rows, blueprints.core_entity),
        }
    )
    return rows


@domain_asset(
    "environment", code_version("core", "authoring", "environment/policy.py", "environment/builds.py"), pool=LLM_POOL
)
def policies(
    context: dg.AssetExecutionContext, author: AuthorResource, domain_topics: DomainTopic, blueprints: Blueprint
) -> list[PolicyEntry]:
    """The policy of the service, rendered from the same rules that its tools enforce."""
    policy = make_policy(author.open(), domain_topics, blueprints)
    text = visible_text(policy_text(policy))
    context.add_output_metadata(
        {"policy": dg.MetadataValue.md(text), "clauses": len(policy) - 1, "words": len(text.split())}
    )
    return policy


@domain_asset("environment", code_version("core", "authoring", "environment", "runtime"), pool=LLM_POOL)
def mcp_servers(
    context: dg.AssetExecutionContext,
    config: ServerConfig,
    author: AuthorResource,
    blueprints: Blueprint,
    databases: EnvironmentRows,
    policies: list[PolicyEntry],
) -> ServerModule:
    """A generated MCP server with generated tests, and the report of running them in a sandbox."""
    environment = open_environment(databases)
    server = make_server(author.open(), blueprints, environment, policies, config.correction_rounds)
    source = dg.MetadataValue.md(f"```python\n{server.module}\n```")
    context.add_output_metadata({**server_notes(server), "module": source})
    return server


def _first_rows(rows: EnvironmentRows, table: str) -> dg.MarkdownMetadataValue:
    first = rows.rows[table][:5]
    return markdown_table(list(first[0]), [list(row.values()) for row in first])
