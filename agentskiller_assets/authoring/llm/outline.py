"""The outline of a blueprint: columns of the relations, and what an agent sees of the tools, without their SQL."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from agentskiller_assets.authoring.drafts import EntityDraft, RelationDraft, TopicDraft
from agentskiller_assets.authoring.llm.entities import PREFIX
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import (
    NAME,
    Column,
    EnvironmentSpec,
    Invariant,
    Parameter,
    Returns,
    Table,
    Tool,
)
from agentskiller_assets.llm.asking import Validator

MOST_TOOLS = 20
UNWRITTEN = Returns(sql="SELECT 1", columns=(), many=False)
"""Stands for the result of a tool whose fragments are yet to be written."""


class NextStates(Model):
    state: str
    next: tuple[str, ...]


class RelationTable(Model):
    """A relation's table without its key."""

    name: str = Field(pattern=NAME)
    id_prefix: str = Field(pattern=PREFIX)
    columns: tuple[Column, ...]
    status: str | None
    transitions: tuple[NextStates, ...]
    invariants: tuple[Invariant, ...]


class ToolOutline(Model):
    """A tool as an agent sees it, the keys that it yields, and the sentences that it enforces."""

    name: str = Field(pattern=NAME)
    title: str
    description: str
    access: Literal["read", "write"]
    authorizes: bool
    parameters: tuple[Parameter, ...]
    yields: tuple[str, ...]
    rules: tuple[str, ...]


class OutlineAnswer(Model):
    tables: tuple[RelationTable, ...]
    tools: tuple[ToolOutline, ...] = Field(max_length=MOST_TOOLS)


OUTLINE = PromptFile("blueprint/outline", "textual", OutlineAnswer, "blueprints")


def entity_spec(topic: TopicDraft, entities: Sequence[EntityDraft], simulation_time: str) -> EnvironmentSpec:
    """The service with the tables that are settled: people, the role and the things."""
    return EnvironmentSpec(
        domain=topic.domain,
        server_name="".join(word.capitalize() for word in topic.domain.split("_")),
        title=topic.title,
        description=topic.description,
        core_entity=entities[0].name,
        simulation_time=simulation_time,
        tables=(PERSON, *map(_entity_table, entities)),
        tools=(),
    )


def with_outline(base: EnvironmentSpec, relations: Sequence[RelationDraft], outline: OutlineAnswer) -> EnvironmentSpec:
    """The service with all tables and tools; the tools have no fragments yet."""
    drafts = {relation.name: relation for relation in relations}
    tables = tuple(_relation_table(table, drafts[table.name]) for table in outline.tables if table.name in drafts)
    tools = tuple(_tool(base, tool) for tool in outline.tools)
    return base.model_copy(update={"tables": (*base.tables, *tables), "tools": tools})


def write_outline(
    scribe: Scribe,
    topic: TopicDraft,
    seed: int,
    base: EnvironmentSpec,
    relations: Sequence[RelationDraft],
    *validators: Validator,
) -> Written[OutlineAnswer]:
    """The outline of the service whose settled tables are those of `base`."""
    prompt = OUTLINE.to_ask(
        topic.domain,
        topic=topic,
        spec=base,
        relations=relations,
        role=base.core_entity,
        simulation_time=base.simulation_time,
    )
    return scribe.ask(OUTLINE, prompt, seed, *validators)


def _entity_table(draft: EntityDraft) -> Table:
    key = Column(name=draft.key, type="id", description=f"Identifies the {draft.title}.")
    is_who = Column(name=PERSON.key, type="ref", ref=PERSON.name, unique=True, description=f"Who the {draft.title} is.")
    return Table(
        name=draft.name,
        kind="entity",
        title=draft.title,
        description=draft.description,
        key=draft.key,
        id_prefix=draft.id_prefix,
        columns=(key, *((is_who,) if draft.part == "role" else ()), *draft.attributes),
    )


def _relation_table(answer: RelationTable, draft: RelationDraft) -> Table:
    key = Column(name=f"{draft.name}_id", type="id", description=f"Identifies the {draft.title}.")
    return Table(
        name=draft.name,
        kind="relationship",
        title=draft.title,
        description=draft.description,
        key=key.name,
        id_prefix=answer.id_prefix,
        columns=(key, *answer.columns),
        status=answer.status,
        transitions={each.state: each.next for each in answer.transitions},
        invariants=answer.invariants,
    )


def _tool(base: EnvironmentSpec, outline: ToolOutline) -> Tool:
    role = base.table(base.core_entity)
    return Tool(
        name=outline.name,
        title=outline.title,
        description=outline.description,
        access=outline.access,
        parameters=outline.parameters,
        returns=UNWRITTEN,
        authorizes=f"{role.name}.{role.key}" if outline.authorizes else None,
    )
