"""The clinic as episodes, and a warehouse that holds it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentskiller_assets.core.records import Record
from agentskiller_assets.environment.builds import make_tool_list
from agentskiller_assets.ontology.models import Person
from agentskiller_assets.rl import Action, TaskEnvironment
from agentskiller_assets.rollouts.actors import Speaker
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Message, ToolCall
from agentskiller_assets.rollouts.scripted.cast import ScriptedAgents, ScriptedUsers, Scripts
from resources.storage.sidecars import Stamp
from resources.storage.warehouse import Warehouse
from tests.fusion.pairs import PAIR, pair, population
from tests.world import DOMAIN, clinic

Taken = tuple[Any, float, bool, dict[str, Any]]
"""What `step` answers."""


def tasks() -> TaskEnvironment:
    """The clinic with scripted users."""
    return TaskEnvironment(clinic().environment, clinic().cases)


def scripts() -> tuple[ScriptedAgents, ScriptedUsers]:
    """Both casts, from the same scripts."""
    shared = Scripts(clinic().environment)
    return ScriptedAgents(shared), ScriptedUsers(shared)


def play(environment: TaskEnvironment, case: Case, agent: Speaker) -> list[Taken]:
    """One episode in which a speaker acts: what every step answered."""
    observation, taken = environment.reset(case.task.id), list[Taken]()
    while not taken or not taken[-1][2]:
        reply = asyncio.run(agent.reply(messages_of(observation.messages)))
        action: Action = Message(role="assistant", content=reply.content, tool_calls=reply.tool_calls).openai()
        taken.append(environment.step(action))
        observation = taken[-1][0]
    return taken


def messages_of(found: Any) -> list[Message]:
    """Messages in OpenAI's form as those that speakers know."""
    return [
        Message(
            role=each["role"],
            content=each["content"],
            tool_calls=tuple(ToolCall(id=call["id"], **call["function"]) for call in each.get("tool_calls", ())),
            tool_call_id=each.get("tool_call_id"),
        )
        for each in found
    ]


def store_clinic(root: Path) -> Warehouse:
    """A warehouse with everything that episodes of the clinic need."""
    world, warehouse, stamp = clinic(), Warehouse(root), Stamp(run_id="test")
    for asset in (
        "blueprints",
        "domain_topics",
        "policies",
        "tool_lists",
        "task_templates",
        "validated_tasks",
        "queries",
    ):
        found = world.asset(asset)
        records: list[Record] = found if isinstance(found, list) else [found]
        warehouse.write_records(asset, DOMAIN, type(records[0]), records, stamp)
    warehouse.write_records("population", None, type(world.population[0]), world.population, stamp)
    warehouse.write_database(DOMAIN, world.databases, stamp)
    return warehouse


def store_pair(root: Path) -> Warehouse:
    """A warehouse with everything that episodes of clinic and pharmacy together need."""
    both, warehouse, stamp = pair(), Warehouse(root), Stamp(run_id="test")
    found: dict[str, Sequence[Record]] = {
        "fused_blueprints": [both.blueprint],
        "fused_policies": both.policy,
        "fused_tool_lists": make_tool_list(both.blueprint),
        "fused_templates": both.templates,
        "fused_validated_tasks": both.tasks,
        "fused_queries": both.queries,
    }
    for asset, records in found.items():
        warehouse.write_records(asset, PAIR, type(records[0]), records, stamp)
    warehouse.write_records("population", None, Person, population(), stamp)
    warehouse.write_database(PAIR, both.rows, stamp, "fused_databases")
    return warehouse
