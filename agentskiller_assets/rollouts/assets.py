"""Assets of the rollouts: conversations about every certified task of a domain or a pair."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ToolEntry
from agentskiller_assets.fusion.records import FusedBlueprint
from agentskiller_assets.metadata import domain_asset, markdown_table, pair_asset
from agentskiller_assets.ontology.models import DomainTopic, Person
from agentskiller_assets.rollouts.builds import hold_conversations
from agentskiller_assets.rollouts.case import Case, make_cases
from agentskiller_assets.rollouts.conversation import Limits
from agentskiller_assets.rollouts.figures import figures_of
from agentskiller_assets.rollouts.journal import Journal
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.reading import as_markdown
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED, Scripts
from agentskiller_assets.runtime import Environment
from agentskiller_assets.settings import AGENT, USER
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask
from resources.llm import LLM_POOL
from resources.speakers import AgentResource, UserResource
from resources.warehouse import WarehouseResource

_CODE = code_version("core", "authoring", "llm", "runtime", "tasks", "rollouts")
_JOURNALS = "_conversations"
"""Folder of the warehouse with the conversations of runs that have not ended."""


class RolloutConfig(dg.Config):
    """Settings of the conversations."""

    agent: str = Field(default=AGENT, description="Who plays the agent: `scripted`, or the name of a model.")
    user: str = Field(default=USER, description="Who plays the user: `scripted`, or the name of a model.")
    rollouts_per_query: int = Field(default=1, ge=1, le=64, description="Conversations about every query.")
    most_turns: int = Field(default=100, ge=4, description="Messages after which a conversation is given up.")
    most_calls: int = Field(default=60, ge=1, description="Tool calls after which a conversation is given up.")
    concurrency: int = Field(default=8, ge=1, le=512, description="Conversations held at the same time.")


@domain_asset("rollouts", _CODE, pool=LLM_POOL)
def rollouts(
    context: dg.AssetExecutionContext,
    config: RolloutConfig,
    agent: AgentResource,
    user: UserResource,
    warehouse: WarehouseResource,
    domain_topics: DomainTopic,
    blueprints: Blueprint,
    tool_lists: list[ToolEntry],
    policies: list[PolicyEntry],
    databases: EnvironmentRows,
    task_templates: list[TaskTemplate],
    validated_tasks: list[ValidatedTask],
    queries: list[Query],
    population: list[Person],
) -> list[Rollout]:
    """Conversations between an agent and a user about every certified task, on a session of their own."""
    cases = make_cases(
        blueprints.spec,
        policies,
        tool_lists,
        domain_topics.role,
        domain_topics.seed,
        queries,
        validated_tasks,
        task_templates,
        population,
        config.rollouts_per_query,
    )
    return _hold(context, config, agent, user, warehouse, cases, open_environment(databases))


@pair_asset("rollouts", _CODE, pool=LLM_POOL)
def fused_rollouts(
    context: dg.AssetExecutionContext,
    config: RolloutConfig,
    agent: AgentResource,
    user: UserResource,
    warehouse: WarehouseResource,
    fused_blueprints: FusedBlueprint,
    fused_tool_lists: list[ToolEntry],
    fused_policies: list[PolicyEntry],
    fused_databases: EnvironmentRows,
    fused_templates: list[TaskTemplate],
    fused_validated_tasks: list[ValidatedTask],
    fused_queries: list[Query],
    population: list[Person],
) -> list[Rollout]:
    """Conversations about every certified task that needs both services."""
    cases = make_cases(
        fused_blueprints.spec,
        fused_policies,
        fused_tool_lists,
        fused_blueprints.role,
        fused_blueprints.seed,
        fused_queries,
        fused_validated_tasks,
        fused_templates,
        population,
        config.rollouts_per_query,
    )
    return _hold(context, config, agent, user, warehouse, cases, open_environment(fused_databases))


def _hold(
    context: dg.AssetExecutionContext,
    config: RolloutConfig,
    agent: AgentResource,
    user: UserResource,
    warehouse: WarehouseResource,
    cases: Sequence[Case],
    environment: Environment,
) -> list[Rollout]:
    scripts = Scripts(environment)
    whose = (context.asset_key.to_user_string(), context.partition_key, context.log.info)
    agents, users = agent.open(scripts, config.agent, *whose), user.open(scripts, config.user, *whose)
    # scripts say the same again in no time, so that only what models said is worth keeping
    scripted = (agents.name, users.name) == (SCRIPTED, SCRIPTED)
    folder = warehouse.open().root / _JOURNALS / context.asset_key.to_user_string() / context.partition_key
    found = hold_conversations(
        cases,
        environment,
        agents,
        users,
        limits=Limits(turns=config.most_turns, calls=config.most_calls),
        concurrency=config.concurrency,
        journal=None if scripted else Journal(folder),
    )
    _describe(context, found)
    return found


def _describe(context: dg.AssetExecutionContext, found: Sequence[Rollout]) -> None:
    """What a person sees of the conversations in the UI."""
    figures = figures_of(found)
    endings = Counter((rollout.task_kind, rollout.stop_reason) for rollout in found)
    usage = [each.agent_usage + each.user_usage for each in found]
    context.add_output_metadata(
        {
            "conversations": figures.conversations,
            "mean_turns": figures.mean_turns,
            "mean_calls": figures.mean_calls,
            "distinct_2_assistant": figures.distinct_2_assistant,
            "distinct_2_user": figures.distinct_2_user,
            "prompt_tokens": sum(each.prompt_tokens for each in usage),
            "completion_tokens": sum(each.completion_tokens for each in usage),
            "endings": markdown_table(
                ["kind", "ended by", "conversations"], [[*k, n] for k, n in sorted(endings.items())]
            ),
            "first": dg.MetadataValue.md(as_markdown(found[0]) if found else "none"),
        }
    )
