"""The role and the things of a service, and what happens between them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import Field

from agentskiller_assets.authoring.drafts import EntityDraft, RelationDraft, TopicDraft
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.words import repeated, unreadable, unusable
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import NAME, Column
from agentskiller_assets.environment.validation import MOST_PERIPHERALS, MOST_RELATIONSHIPS
from agentskiller_assets.ontology.checks import attribute_faults, key_faults, role_faults
from agentskiller_assets.ontology.models import Entity

PREFIX = r"^[A-Z]{2,5}$"


class Attribute(Model):
    """A column that is neither key nor reference."""

    name: str = Field(pattern=NAME)
    type: Literal["text", "enum", "integer", "money", "boolean", "date", "datetime", "email", "phone"]
    description: str
    values: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    nullable: bool
    unique: bool
    tag: str | None


class EntityAnswer(Model):
    name: str = Field(pattern=NAME)
    title: str
    description: str
    id_prefix: str = Field(pattern=PREFIX)
    attributes: tuple[Attribute, ...]


class EntitiesAnswer(Model):
    """Everything on record that is no event."""

    role: EntityAnswer
    things: tuple[EntityAnswer, ...] = Field(min_length=1, max_length=MOST_PERIPHERALS)

    def drafts(self) -> tuple[EntityDraft, ...]:
        """The role first."""
        return (_draft(self.role, "role"), *(_draft(each, "entity") for each in self.things))


class RelationsAnswer(Model):
    relations: tuple[RelationDraft, ...] = Field(min_length=1, max_length=MOST_RELATIONSHIPS)


ENTITIES = PromptFile("ontology/entities", "textual", EntitiesAnswer, "entities")
RELATIONS = PromptFile("ontology/relations", "textual", RelationsAnswer, "entity_graph")


def extract_entities(scribe: Scribe, topic: TopicDraft, seed: int) -> Written[tuple[EntityDraft, ...]]:
    """What the service keeps on record."""
    answered = scribe.ask(
        ENTITIES, ENTITIES.to_ask(topic.domain, topic=topic), seed, lambda answer: entity_faults(answer.drafts())
    )
    return Written(answered.value.drafts(), answered.call_ids)


def relate_entities(
    scribe: Scribe, topic: TopicDraft, seed: int, entities: Sequence[EntityDraft]
) -> Written[tuple[RelationDraft, ...]]:
    """What happens between the role and the things."""
    prompt = RELATIONS.to_ask(topic.domain, topic=topic, entities=entities, role=entities[0].name)
    answered = scribe.ask(RELATIONS, prompt, seed, lambda answer: relation_faults(answer.relations, entities))
    return Written(answered.value.relations, answered.call_ids)


def entity_faults(drafts: Sequence[EntityDraft]) -> Iterable[str]:
    """What is wrong with entities: as the checks of the asset see it, and what no table could be made of."""
    entities = [Entity(id=each.name, position=n, **each.model_dump()) for n, each in enumerate(drafts)]
    yield from (*role_faults(entities), *key_faults(entities), *attribute_faults(entities))
    yield from repeated([PERSON.name, *(each.name for each in drafts)], "entity")
    yield from repeated([each.id_prefix for each in drafts], "prefix")
    yield from unusable(name for each in drafts for name in (each.name, *(a.name for a in each.attributes)))
    yield from unreadable(((f"title of {each.name}", each.title) for each in drafts), sentences=False)
    yield from unreadable((f"description of {each.name}", each.description) for each in drafts)
    for each in drafts:
        yield from column_faults(each.name, each.attributes)


def column_faults(table: str, columns: Sequence[Column]) -> Iterator[str]:
    """What is wrong with columns by themselves."""
    for column in columns:
        where = f"{table}.{column.name}"
        yield from unreadable([(where, column.description)])
        yield from repeated(column.values, f"value of {where}")
        if column.type == "enum" and len(column.values) < 2:
            yield f"{where} is an enum and needs at least two values."
        if column.values and column.type != "enum":
            yield f"{where} has values, which only an enum has."
        if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
            yield f"{where} has a minimum above its maximum."


def relation_faults(relations: Sequence[RelationDraft], entities: Sequence[EntityDraft]) -> Iterable[str]:
    """What is wrong with relations between these entities."""
    known, role = [each.name for each in entities], entities[0].name
    yield from repeated([PERSON.name, *known, *(each.name for each in relations)], "name")
    yield from unusable(each.name for each in relations)
    yield from unreadable(((f"title of {each.name}", each.title) for each in relations), sentences=False)
    yield from unreadable((f"description of {each.name}", each.description) for each in relations)
    for each in relations:
        strange = sorted(set(each.members) - set(known))
        if strange:
            yield f"{each.name} joins {strange}, which are no entities; these are {known}."
        if each.members[:1] != (role,):
            yield f"{each.name} has to join {role!r} first of all."


def _draft(answer: EntityAnswer, part: Literal["role", "entity"]) -> EntityDraft:
    return EntityDraft(
        name=answer.name,
        title=answer.title,
        part=part,
        description=answer.description,
        id_prefix=answer.id_prefix,
        key=f"{answer.name}_id",
        attributes=tuple(Column(**each.model_dump()) for each in answer.attributes),
    )
