"""Entities and their graph: drafts of the author with ids, and the edges that follow from them."""

from collections.abc import Sequence

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.ontology.models import DomainTopic, Entity, EntityGraph, GraphEdge, Relation


def make_entities(author: Author, topic: DomainTopic) -> list[Entity]:
    """The role and the things of a domain."""
    drafts = author.extract_entities(topic.draft(), topic.seed)
    return [
        Entity(
            id=Entity.make_id(topic.id, draft.name),
            parents=(topic.id, *author.calls_of(draft)),
            position=position,
            **draft.model_dump(),
        )
        for position, draft in enumerate(drafts)
    ]


def make_entity_graph(author: Author, topic: DomainTopic, entities: Sequence[Entity]) -> EntityGraph:
    """The person, the role that the person has, and the relationships that join the role to things."""
    ids = {entity.name: entity.id for entity in entities}
    role = next(entity for entity in entities if entity.part == "role")
    drafts = author.relate_entities(topic.draft(), topic.seed)
    relations = [
        Relation(
            id=Relation.make_id(topic.id, draft.name),
            parents=(*(ids[name] for name in draft.members if name in ids), *author.calls_of(draft)),
            position=position,
            **draft.model_dump(),
        )
        for position, draft in enumerate(drafts)
    ]
    edges = [GraphEdge(source=PERSON.name, target=role.name, label="is a")]
    for relation in relations:
        edges += [_edge(relation, name, role.name) for name in relation.members]
    return EntityGraph(
        id=EntityGraph.make_id(topic.id),
        parents=(topic.id, *ids.values(), *author.calls_of(*drafts)),
        domain=topic.domain,
        core_entity=role.name,
        relations=tuple(relations),
        edges=tuple(edges),
    )


def _edge(relation: Relation, member: str, role: str) -> GraphEdge:
    if member == role:
        return GraphEdge(source=role, target=relation.name, label="has")
    return GraphEdge(source=relation.name, target=member, label="of")
