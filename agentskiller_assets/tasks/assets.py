"""Assets of the tasks: graph, templates, instances, certified tasks and queries of each domain."""

from collections import Counter

import dagster as dg
from pydantic import Field

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule
from agentskiller_assets.metadata import domain_asset, markdown_table, preview
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.tasks.builds import certify, make_instances, make_templates, make_tool_graph
from agentskiller_assets.tasks.models import Query, TaskInstance, TaskTemplate, ToolGraph, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries
from agentskiller_assets.tasks.story import lineage_note
from resources.author import AuthorResource
from resources.llm import LLM_POOL

_CODE = code_version("core", "authoring", "runtime", "tasks")


class TemplateConfig(dg.Config):
    """Settings of the task templates."""

    max_trajectory_length: int = Field(
        default=12, ge=2, le=40, description="Templates that need more tool calls than this are left out."
    )


class InstanceConfig(dg.Config):
    """Settings of the planner."""

    tasks_per_domain: int = Field(default=60, ge=10, le=100_000, description="How many instances are planned.")


@domain_asset("tasks", _CODE, pool=LLM_POOL)
def tool_graphs(
    context: dg.AssetExecutionContext, author: AuthorResource, domain_topics: DomainTopic, blueprints: Blueprint
) -> ToolGraph:
    """What must come before what: a DAG over the tools with state, information and storyline edges."""
    graph = make_tool_graph(author.open(), domain_topics, blueprints)
    kinds = Counter(edge.kind for edge in graph.edges)
    context.add_output_metadata(
        {
            # the UI shows Mermaid as text, so the same as a table comes first
            "links": markdown_table(["before", "after", "because of"], _links(graph)),
            "graph": dg.MetadataValue.md(f"```mermaid\n{graph.mermaid()}\n```"),
            "edges": markdown_table(["kind", "edges"], sorted(kinds.items())),
        }
    )
    return graph


@domain_asset("tasks", _CODE, pool=LLM_POOL)
def task_templates(
    context: dg.AssetExecutionContext,
    config: TemplateConfig,
    author: AuthorResource,
    domain_topics: DomainTopic,
    blueprints: Blueprint,
    tool_graphs: ToolGraph,
    policies: list[PolicyEntry],
) -> list[TaskTemplate]:
    """Every kind of request that the service can get: which tools, in which order, and how people ask."""
    longest = config.max_trajectory_length
    templates = make_templates(author.open(), domain_topics, blueprints, tool_graphs, policies, longest)
    kinds = Counter(template.task_kind for template in templates)
    lengths = Counter(len(template.trajectory) for template in templates)
    context.add_output_metadata(
        {
            "kinds": markdown_table(["kind", "templates"], sorted(kinds.items())),
            "lengths": markdown_table(["tool calls", "templates"], sorted(lengths.items())),
            "preview": preview(templates, "task_kind", "trajectory", "refusal"),
        }
    )
    return templates


@domain_asset("tasks", _CODE, pool=LLM_POOL)
def instance_combos(
    context: dg.AssetExecutionContext,
    config: InstanceConfig,
    author: AuthorResource,
    domain_topics: DomainTopic,
    tool_graphs: ToolGraph,
    databases: EnvironmentRows,
    mcp_servers: ServerModule,
    task_templates: list[TaskTemplate],
) -> list[TaskInstance]:
    """Templates with values: who asks, for which rows, with which arguments; found by search over a session."""
    instances, dropped = make_instances(
        author.open(), domain_topics, tool_graphs, databases, mcp_servers.id, task_templates, config.tasks_per_domain
    )
    kinds = Counter(instance.task_kind for instance in instances)
    context.add_output_metadata(
        {
            "kinds": markdown_table(["kind", "instances"], sorted(kinds.items())),
            "dropped": markdown_table(["why a candidate was dropped", "times"], dropped.most_common(20)),
            "templates_used": len({instance.template for instance in instances}),
        }
    )
    return instances


@domain_asset("tasks", _CODE)
def validated_tasks(
    context: dg.AssetExecutionContext, databases: EnvironmentRows, instance_combos: list[TaskInstance]
) -> list[ValidatedTask]:
    """Instances with their certificates. One without a full certificate is kept with the reason, never emitted."""
    tasks = certify(databases, instance_combos)
    certified = [task for task in tasks if task.certified]
    kinds = Counter(task.task_kind for task in certified)
    reasons = Counter(task.rejection for task in tasks if task.rejection)
    context.add_output_metadata(
        {
            "certified": len(certified),
            "rejected": len(tasks) - len(certified),
            "kinds": markdown_table(["kind", "certified"], sorted(kinds.items())),
            "rejections": markdown_table(["reason", "tasks"], reasons.most_common(20)),
            "mutants": sum(len(task.certificate.mutants) for task in tasks),
        }
    )
    return tasks


@domain_asset("tasks", _CODE, pool=LLM_POOL)
def queries(
    context: dg.AssetExecutionContext,
    author: AuthorResource,
    domain_topics: DomainTopic,
    blueprints: Blueprint,
    task_templates: list[TaskTemplate],
    validated_tasks: list[ValidatedTask],
    population: list[Person],
) -> list[Query]:
    """What one persona asks in each certified task, and what the simulated user knows."""
    found = make_queries(
        author.open(),
        domain_topics.role,
        domain_topics.seed,
        blueprints.spec,
        task_templates,
        validated_tasks,
        population,
    )
    kinds = Counter(query.task_kind for query in found)
    context.add_output_metadata(
        {
            "kinds": markdown_table(["kind", "queries"], sorted(kinds.items())),
            "preview": preview(found, "task_kind", "first_message", "instruction"),
            "lineage": lineage_note(found[0], validated_tasks, task_templates, blueprints, [domain_topics]),
            **author.cost_of_tasks("validated_tasks", len(found)),
        }
    )
    return found


def _links(graph: ToolGraph) -> list[list[str]]:
    """What joins two tools, apart from the identification that comes before all."""
    edges = [edge for edge in graph.edges if edge.kind != "state"]
    return [
        [edge.source, edge.target, f"{edge.column} → {edge.parameter}" if edge.column else edge.kind] for edge in edges
    ]
