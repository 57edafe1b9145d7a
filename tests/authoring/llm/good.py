"""A model that answers every prompt of the author with what the procedural author would say."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import BaseModel

from agentskiller_assets.authoring.drafts import GoalRequest, QueryRequest, TopicDraft
from agentskiller_assets.authoring.llm.bridges import BridgesAnswer
from agentskiller_assets.authoring.llm.entities import Attribute, EntitiesAnswer, EntityAnswer, RelationsAnswer
from agentskiller_assets.authoring.llm.outline import NextStates, OutlineAnswer, RelationTable, ToolOutline
from agentskiller_assets.authoring.llm.outline_checks import keys_of
from agentskiller_assets.authoring.llm.phrases import PhrasesAnswer, RowAnswer
from agentskiller_assets.authoring.llm.phrases import ToolAnswer as PhrasedTool
from agentskiller_assets.authoring.llm.samples import (
    ColumnSample,
    ParameterSample,
    ParametersAnswer,
    TableAnswer,
    drawn_columns,
    free_parameters,
)
from agentskiller_assets.authoring.llm.slots import described_tables
from agentskiller_assets.authoring.llm.storylines import StorylinesAnswer
from agentskiller_assets.authoring.llm.tools import ToolAnswer
from agentskiller_assets.authoring.llm.topics import TopicAnswer
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.fusion.environments import fuse_specs
from tests.world import NOW, SEED, author

HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
"""There is one in every prompt."""
"""There is one in every prompt."""
NAMES = re.compile(r"`([\w-]+)`")
"""Of what a heading is about."""
_SPACES = re.compile(r"(?:first begin with|second with)\s+`(\w+)__`")
_REQUEST = re.compile(r"\n# .*?```json\n(.*?)\n```", re.DOTALL)


def good_answer(prompt: str) -> BaseModel:
    """The answer to the user's message of a prompt, told by its heading."""
    heading = HEADING.search(prompt)
    assert heading is not None, prompt[:200]
    names = NAMES.findall(heading[1])
    if heading[1].startswith("A request"):
        return author().word_query(_request(prompt), SEED)
    if heading[1].startswith("A bridge"):
        return BridgesAnswer(bridges=author().bridge(_fused(*_SPACES.findall(prompt)[:2]), SEED))
    if heading[1].startswith("Domain"):
        return _topic(_catalog()[int(heading[1].split()[1].rstrip(":")) - 1])
    return next(answer for beginning, answer in _ANSWERS.items() if heading[1].startswith(beginning))(*names)


@cache
def _catalog() -> tuple[TopicDraft, ...]:
    return author().expand_domains(6, SEED)


@cache
def topic(domain: str) -> TopicDraft:
    """The topic of a demo domain."""
    return next(each for each in _catalog() if each.domain == domain)


@cache
def spec_of(domain: str) -> EnvironmentSpec:
    """The specification of a demo domain."""
    return author().write_blueprint(topic(domain), SEED, NOW)


@cache
def _fused(*domains: str) -> EnvironmentSpec:
    return fuse_specs(*map(spec_of, domains))


def outline(spec: EnvironmentSpec) -> OutlineAnswer:
    """What a specification is without its SQL."""
    tables = tuple(
        RelationTable(
            name=table.name,
            id_prefix=table.id_prefix,
            columns=tuple(column for column in table.columns if column.name != table.key),
            status=table.status,
            transitions=tuple(NextStates(state=state, next=after) for state, after in table.transitions.items()),
            invariants=table.invariants,
        )
        for table in spec.tables
        if table.kind == "relationship"
    )
    return OutlineAnswer(tables=tables, tools=tuple(_outlined(spec, tool) for tool in spec.tools))


def fragments(tool: Tool) -> ToolAnswer:
    """The SQL of a tool."""
    return ToolAnswer(binds=tool.binds, rules=tool.rules, effects=tool.effects, returns=tool.returns)


def _topic(draft: TopicDraft) -> TopicAnswer:
    return TopicAnswer(**draft.model_dump(include=set(TopicAnswer.model_fields)))


def _entities(domain: str) -> EntitiesAnswer:
    drafts = author().extract_entities(topic(domain), SEED)
    role, *things = [
        EntityAnswer(
            **draft.model_dump(include={"name", "title", "description", "id_prefix"}),
            attributes=tuple(Attribute(**column.model_dump(exclude={"ref"})) for column in draft.attributes),
        )
        for draft in drafts
    ]
    return EntitiesAnswer(role=role, things=tuple(things))


def _outlined(spec: EnvironmentSpec, tool: Tool) -> ToolOutline:
    keys = keys_of(spec)
    return ToolOutline(
        **tool.model_dump(include={"name", "title", "description", "access"}),
        authorizes=tool.authorizes is not None,
        parameters=tool.parameters,
        yields=tuple(dict.fromkeys(c.refers_to for c in tool.returns.columns if c.refers_to in keys)),  # type: ignore[misc]
        rules=tuple(rule.statement for rule in tool.rules),
    )


def _table(spec: EnvironmentSpec, name: str) -> TableAnswer:
    plans = author().plan_samples(topic(spec.domain), SEED, spec).columns[name]
    columns = drawn_columns(spec, spec.table(name))
    return TableAnswer(
        columns=tuple(
            ColumnSample(column=c.name, sampler=plans[c.name].sampler, empty_unless=plans[c.name].empty_unless)
            for c in columns
        )
    )


def _parameters(spec: EnvironmentSpec) -> ParametersAnswer:
    plans = author().plan_samples(topic(spec.domain), SEED, spec).parameters
    found = free_parameters(spec)
    return ParametersAnswer(
        parameters=tuple(
            ParameterSample(tool=tool, parameter=name, samplers=plans[tool][name])
            for tool, names in found.items()
            for name in names
        )
    )


def _phrases(spec: EnvironmentSpec) -> PhrasesAnswer:
    book = author().write_phrases(topic(spec.domain), SEED, spec)
    return PhrasesAnswer(
        tools=tuple(PhrasedTool(tool=name, **each.model_dump()) for name, each in book.tools.items()),
        rows=tuple(RowAnswer(table=name, descriptions=book.rows[name]) for name in described_tables(spec)),
        questions=book.questions,
        unsupported=book.unsupported,
    )


def _request(prompt: str) -> QueryRequest:
    block = _REQUEST.search(prompt)
    assert block is not None
    data: dict[str, Any] = json.loads(block[1])
    goals = tuple(GoalRequest(**goal) for goal in data.pop("goals"))
    return QueryRequest(**data, domain="any", task_id=json.dumps(data), goals=goals)


_ANSWERS: dict[str, Callable[..., BaseModel]] = {
    "Entities of": _entities,
    "Relations of": lambda domain: RelationsAnswer(relations=author().relate_entities(topic(domain), SEED)),
    "Outline of": lambda domain: outline(spec_of(domain)),
    "Fragments of": lambda tool, domain: fragments(spec_of(domain).tool(tool)),
    "Sample plans of": lambda table, domain: _table(spec_of(domain), table),
    "Samples of": lambda domain: _parameters(spec_of(domain)),
    "How people ask": lambda domain: _phrases(spec_of(domain)),
    "How ": lambda domain: author().govern(topic(domain), SEED, spec_of(domain)),
    "Storylines of": lambda domain: StorylinesAnswer(
        storylines=author().tell_storylines(topic(domain), SEED, spec_of(domain))
    ),
}
"""By the beginning of a heading: the answer for the names in it."""
