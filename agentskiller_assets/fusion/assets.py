"""Assets of pairs: what two domains become together, by the same stages that serve one."""

from collections import Counter

import dagster as dg
from pydantic import Field

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.environment.builds import count_rows, make_tool_list, open_environment
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, ToolEntry, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_notes import ServerConfig, server_notes
from agentskiller_assets.environment.servers import make_server
from agentskiller_assets.fusion.builds import (
    fused_content,
    make_fused_blueprint,
    make_fused_instances,
    make_fused_policy,
    make_fused_rows,
    make_fused_templates,
    make_trajectories,
)
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.fusion.order import order_of
from agentskiller_assets.fusion.plots import lengths_plot
from agentskiller_assets.fusion.records import FusedBlueprint, FusedTrajectory
from agentskiller_assets.metadata import markdown_table, of_both, pair_asset, preview
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.tasks.builds import certify
from agentskiller_assets.tasks.models import Query, TaskInstance, TaskTemplate, ValidatedTask
from agentskiller_assets.tasks.queries import make_queries
from agentskiller_assets.tasks.story import lineage_note
from resources.author import AuthorResource
from resources.llm import LLM_POOL

_CODE = code_version("core", "authoring", "runtime", "environment", "tasks", "fusion")


class TrajectoryConfig(dg.Config):
    """Settings of the trajectories of pairs."""

    max_trajectory_length: int = Field(
        default=20, ge=4, le=60, description="Trajectories that need more tool calls than this are left out."
    )


class FusedInstanceConfig(dg.Config):
    """Settings of the planner of pairs."""

    tasks_per_pair: int = Field(default=60, ge=10, le=100_000, description="How many instances are planned.")


@pair_asset("fusion", _CODE, ins=of_both("domain_topics", "blueprints"), pool=LLM_POOL)
def fused_blueprints(
    context: dg.AssetExecutionContext,
    author: AuthorResource,
    domain_pair_catalog: list[PairEntry],
    domain_topics: dict[str, DomainTopic],
    blueprints: dict[str, Blueprint],
) -> FusedBlueprint:
    """Two services in one specification: name spaces, bridges with rules in SQL, and resolved governance."""
    order = order_of(author.open(), context.partition_key, domain_pair_catalog, domain_topics, blueprints)
    fused = make_fused_blueprint(author.open(), order, domain_topics, blueprints)
    bridges = [
        f"- `{b.source}.{b.column}` goes into `{b.tool}` as `{b.parameter.name}`. {b.bind.refusal.statement} "
        + " ".join(rule.statement for rule in b.rules)
        for b in fused.bridges
    ]
    resolved = [[r.subject, r.first, r.second, r.resolved, r.reason, r.enforced_by] for r in fused.resolutions]
    context.add_output_metadata(
        {
            "begins_with": fused.first,
            "tables": len(fused.spec.tables),
            "tools": len(fused.spec.tools),
            "bridges": dg.MetadataValue.md("\n".join(bridges)),
            "resolutions": markdown_table(["subject", "first", "second", "resolved", "why", "refusal"], resolved),
        }
    )
    return fused


@pair_asset("fusion", _CODE)
def fused_tool_lists(context: dg.AssetExecutionContext, fused_blueprints: FusedBlueprint) -> list[ToolEntry]:
    """The tools of both services as an agent sees them."""
    tools = make_tool_list(fused_blueprints)
    rows = [[tool.name, tool.function["function"]["description"]] for tool in tools]
    context.add_output_metadata({"tools": len(tools), "preview": markdown_table(["tool", "description"], rows)})
    return tools


@pair_asset("fusion", _CODE, io_manager="databases", ins=of_both("databases"))
def fused_databases(
    context: dg.AssetExecutionContext, fused_blueprints: FusedBlueprint, databases: dict[str, EnvironmentRows]
) -> EnvironmentRows:
    """The rows of both services, and everybody's identity once."""
    rows = make_fused_rows(fused_blueprints, databases)
    counts = count_rows(rows)
    shared = sum(len(parents) == 2 for row, parents in rows.row_parents.items() if ".person." in row)
    context.add_output_metadata(
        {
            "shared_people": shared,
            "rows": sum(counts.values()),
            "counts": markdown_table(["table", "rows"], [[table, n] for table, n in counts.items()]),
        }
    )
    return rows


@pair_asset("fusion", _CODE)
def fused_policies(context: dg.AssetExecutionContext, fused_blueprints: FusedBlueprint) -> list[PolicyEntry]:
    """One policy for both services, with the rules of the bridges and what was resolved."""
    policy = make_fused_policy(fused_blueprints)
    text = visible_text(policy_text(policy))
    context.add_output_metadata(
        {"policy": dg.MetadataValue.md(text), "clauses": len(policy) - 1, "words": len(text.split())}
    )
    return policy


@pair_asset("fusion", _CODE, pool=LLM_POOL)
def fused_servers(
    context: dg.AssetExecutionContext,
    config: ServerConfig,
    author: AuthorResource,
    fused_blueprints: FusedBlueprint,
    fused_databases: EnvironmentRows,
    fused_policies: list[PolicyEntry],
) -> ServerModule:
    """One MCP server with the tools of both, both identifications and the bridges, proved by its tests."""
    environment = open_environment(fused_databases)
    server = make_server(author.open(), fused_blueprints, environment, fused_policies, config.correction_rounds)
    context.add_output_metadata(server_notes(server))
    return server


@pair_asset("fusion", _CODE, ins=of_both("domain_topics", "blueprints", "validated_tasks"), pool=LLM_POOL)
def fused_trajectories(
    context: dg.AssetExecutionContext,
    config: TrajectoryConfig,
    author: AuthorResource,
    fused_blueprints: FusedBlueprint,
    domain_topics: dict[str, DomainTopic],
    blueprints: dict[str, Blueprint],
    validated_tasks: dict[str, list[ValidatedTask]],
) -> list[FusedTrajectory]:
    """Every trajectory over both services that was considered, and why it was kept or left out."""
    content = fused_content(author.open(), fused_blueprints, domain_topics, blueprints)
    longest = config.max_trajectory_length
    found = make_trajectories(fused_blueprints, content, blueprints, validated_tasks, longest)
    decisions = Counter(each.decision for each in found)
    context.add_output_metadata(
        {
            "considered": len(found),
            "kept": decisions["kept"],
            "pruned_as_concatenations": decisions["concatenation"],
            "pruned_as_infeasible": decisions["infeasible"],
            "preview": preview([each for each in found if each.decision == "kept"], "task_kind", "tools", "reason"),
            "left_out": preview([each for each in found if each.decision == "infeasible"], "goals", "reason"),
        }
    )
    return found


@pair_asset("tasks", _CODE, ins=of_both("domain_topics", "blueprints"), pool=LLM_POOL)
def fused_templates(
    context: dg.AssetExecutionContext,
    config: TrajectoryConfig,
    author: AuthorResource,
    fused_blueprints: FusedBlueprint,
    fused_trajectories: list[FusedTrajectory],
    fused_policies: list[PolicyEntry],
    domain_topics: dict[str, DomainTopic],
    blueprints: dict[str, Blueprint],
) -> list[TaskTemplate]:
    """Every kind of request that needs both services, and how people ask."""
    content = fused_content(author.open(), fused_blueprints, domain_topics, blueprints)
    longest = config.max_trajectory_length
    templates = make_fused_templates(fused_blueprints, content, fused_trajectories, fused_policies, longest)
    kinds = Counter(template.task_kind for template in templates)
    context.add_output_metadata(
        {
            "kinds": markdown_table(["kind", "templates"], sorted(kinds.items())),
            "preview": preview(templates, "task_kind", "trajectory", "refusal"),
        }
    )
    return templates


@pair_asset("tasks", _CODE, ins=of_both("domain_topics", "blueprints"), pool=LLM_POOL)
def fused_instance_combos(
    context: dg.AssetExecutionContext,
    config: FusedInstanceConfig,
    author: AuthorResource,
    fused_blueprints: FusedBlueprint,
    fused_databases: EnvironmentRows,
    fused_servers: ServerModule,
    fused_templates: list[TaskTemplate],
    domain_topics: dict[str, DomainTopic],
    blueprints: dict[str, Blueprint],
) -> list[TaskInstance]:
    """Templates with values, by the planner that serves single domains too."""
    content = fused_content(author.open(), fused_blueprints, domain_topics, blueprints)
    instances, dropped = make_fused_instances(
        fused_blueprints, content, fused_databases, fused_servers.id, fused_templates, config.tasks_per_pair
    )
    kinds = Counter(instance.task_kind for instance in instances)
    context.add_output_metadata(
        {
            "planned": len(instances),
            "kinds": markdown_table(["kind", "instances"], sorted(kinds.items())),
            "dropped": markdown_table(["why a candidate was dropped", "times"], dropped.most_common(20)),
        }
    )
    return instances


@pair_asset("tasks", _CODE, ins=of_both("validated_tasks"))
def fused_validated_tasks(
    context: dg.AssetExecutionContext,
    fused_databases: EnvironmentRows,
    fused_instance_combos: list[TaskInstance],
    validated_tasks: dict[str, list[ValidatedTask]],
) -> list[ValidatedTask]:
    """Instances of pairs with their certificates, and how long they are beside those of the single domains."""
    tasks = certify(fused_databases, fused_instance_combos)
    certified = [task for task in tasks if task.certified]
    kinds = Counter(task.task_kind for task in certified)
    single = [task for each in validated_tasks.values() for task in each if task.certified]
    context.add_output_metadata(
        {
            "certified": len(certified),
            "rejected": len(tasks) - len(certified),
            "kinds": markdown_table(["kind", "certified"], sorted(kinds.items())),
            "mutants": sum(len(task.certificate.mutants) for task in tasks),
            "lengths": lengths_plot(single, certified),
        }
    )
    return tasks


@pair_asset("tasks", _CODE, ins=of_both("domain_topics"), pool=LLM_POOL)
def fused_queries(
    context: dg.AssetExecutionContext,
    author: AuthorResource,
    fused_blueprints: FusedBlueprint,
    fused_templates: list[TaskTemplate],
    fused_validated_tasks: list[ValidatedTask],
    domain_topics: dict[str, DomainTopic],
    population: list[Person],
) -> list[Query]:
    """What one persona asks in each certified task of a pair, and what the simulated user knows."""
    fused, topics = fused_blueprints, [domain_topics[fused_blueprints.first], domain_topics[fused_blueprints.second]]
    found = make_queries(
        author.open(), fused.role, fused.seed, fused.spec, fused_templates, fused_validated_tasks, population
    )
    kinds = Counter(query.task_kind for query in found)
    context.add_output_metadata(
        {
            "kinds": markdown_table(["kind", "queries"], sorted(kinds.items())),
            "preview": preview(found, "task_kind", "first_message", "instruction"),
            "lineage": lineage_note(found[0], fused_validated_tasks, fused_templates, fused, topics),
            **author.cost_of_tasks("fused_validated_tasks", len(found)),
        }
    )
    return found
