"""Checks of the ontology."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import networkx

from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.core.spec import NAME
from agentskiller_assets.ontology.models import CatalogEntry, DomainTopic, Entity, EntityGraph, Person

_VAGUE = re.compile(r"(^|_)(entity|thing|item|foo|bar|data|object|test|misc)(_?\d+)?$")


@checks_of(
    "population",
    partitions=None,
    identities_unique="Nobody shares an identity, an e-mail address or a phone number with somebody else.",
)
def population_checks(population: list[Person]) -> Faults:
    return {"identities_unique": shared_identities(population)}


@checks_of(
    "domain_catalog",
    partitions=None,
    topics_unique="Every domain is there once, under a name and a title of its own.",
    expansions_rooted="Every domain that was expanded from another comes after it; the others are seeds.",
)
def catalog_checks(domain_catalog: list[CatalogEntry]) -> Faults:
    return {
        "topics_unique": repeated_topics(domain_catalog),
        "expansions_rooted": unrooted_expansions(domain_catalog),
    }


@checks_of("domain_topics", well_named="The domain's name and texts read as a person of the field would write them.")
def topic_checks(domain_topics: DomainTopic) -> Faults:
    return {"well_named": badly_named(domain_topics)}


@checks_of(
    "entities",
    one_role="Exactly one entity is the person's role.",
    one_key="Every entity has one key, which is no attribute.",
    stable_attributes="Attributes describe the entity itself: no foreign keys in disguise, no repeats, no vague names.",
)
def entity_checks(entities: list[Entity]) -> Faults:
    return {
        "one_role": role_faults(entities),
        "one_key": key_faults(entities),
        "stable_attributes": attribute_faults(entities),
    }


@checks_of(
    "entity_graph",
    person_centric="The person has the role, and every relationship involves the role.",
    connected="Every entity and relationship can be reached from the person.",
)
def entity_graph_checks(entity_graph: EntityGraph, entities: list[Entity]) -> Faults:
    return {
        "person_centric": off_centre(entity_graph),
        "connected": unconnected(entity_graph, [entity.name for entity in entities]),
    }


def shared_identities(people: Sequence[Person]) -> list[str]:
    """Values that two people have in common although they identify one."""
    if not people:
        return ["there are no people"]
    faults = []
    for field in ("id", "person_id", "email", "phone"):
        owners: dict[str, list[str]] = {}
        for person in people:
            owners.setdefault(getattr(person, field), []).append(person.id)
        faults += [f"{field} {value!r} belongs to {', '.join(ids)}" for value, ids in owners.items() if len(ids) > 1]
    return faults


def repeated_topics(entries: Sequence[CatalogEntry]) -> list[str]:
    """Domains and titles that occur more than once."""
    if not entries:
        return ["there are no domains"]
    owners: dict[str, list[str]] = {}
    for entry in entries:
        for value in (f"domain {entry.domain!r}", f"title {entry.title!r}"):
            owners.setdefault(value, []).append(entry.id)
    return [f"{value} belongs to {', '.join(ids)}" for value, ids in owners.items() if len(ids) > 1]


def unrooted_expansions(entries: Sequence[CatalogEntry]) -> list[str]:
    """Domains whose parent does not come before them."""
    faults, met = [], set()
    for entry in entries:
        if (entry.strategy == "seed") != (entry.parent is None):
            faults.append(f"{entry.id} ({entry.domain}): strategy {entry.strategy} with parent {entry.parent}")
        if entry.parent is not None and entry.parent not in met:
            faults.append(f"{entry.id} ({entry.domain}): parent {entry.parent!r} does not come before it")
        met.add(entry.domain)
    return faults


def badly_named(topic: DomainTopic) -> list[str]:
    """Faults of the names and texts of a topic."""
    faults = [f"{topic.id}: {f.message}" for text in (topic.description, topic.why) for f in lint_prose(text)]
    faults += [f"{topic.id}: {f.message}" for f in lint_prose(topic.title, sentences=False)]
    if not re.fullmatch(NAME, topic.domain) or _VAGUE.search(topic.domain):
        faults.append(f"{topic.id}: domain name {topic.domain!r} says nothing")
    return faults


def role_faults(entities: Sequence[Entity]) -> list[str]:
    """What is wrong with the number of roles."""
    roles = [f"{entity.id} ({entity.name})" for entity in entities if entity.part == "role"]
    return [] if len(roles) == 1 else [f"{len(roles)} entities are roles: {roles}"]


def key_faults(entities: Sequence[Entity]) -> list[str]:
    """Entities without a key of their own."""
    faults = [f"{e.id}: key {e.key!r} is an attribute too" for e in entities if e.key in _names(e)]
    faults += [f"{e.id}: key {e.key!r} is not {e.name}_id" for e in entities if e.key != f"{e.name}_id"]
    counts = Counter(entity.key for entity in entities)
    return faults + [f"key {key!r} belongs to {n} entities" for key, n in counts.items() if n > 1]


def attribute_faults(entities: Sequence[Entity]) -> list[str]:
    """Attributes that point at another entity, repeat, or say nothing."""
    faults = []
    others = {entity.name for entity in entities} | {PERSON.name}
    for entity in entities:
        names = _names(entity)
        if not names:
            faults.append(f"{entity.id} ({entity.name}) has no attributes")
        for attribute in entity.attributes:
            where = f"{entity.id} ({entity.name}.{attribute.name})"
            if attribute.type in ("id", "ref") or attribute.name.endswith("_id") or attribute.name in others:
                faults.append(f"{where} refers to another entity: make it a relationship")
            if _VAGUE.search(attribute.name):
                faults.append(f"{where} says nothing")
            if not attribute.description.strip():
                faults.append(f"{where} is not described")
        faults += [f"{entity.id}: {name!r} occurs {n} times" for name, n in Counter(names).items() if n > 1]
    return faults


def off_centre(graph: EntityGraph) -> list[str]:
    """Relationships without the role, or a role that no person has."""
    faults = []
    if (PERSON.name, graph.core_entity) not in {(edge.source, edge.target) for edge in graph.edges}:
        faults.append(f"{graph.id}: the person does not have the role {graph.core_entity!r}")
    if not graph.relations:
        faults.append(f"{graph.id}: there are no relationships")
    return faults + [
        f"{relation.id} ({relation.name}) does not involve {graph.core_entity!r}"
        for relation in graph.relations
        if graph.core_entity not in relation.members
    ]


def unconnected(graph: EntityGraph, entities: Iterable[str]) -> list[str]:
    """Entities and relationships that no path joins to the person."""
    undirected: networkx.Graph[str] = networkx.Graph()
    undirected.add_nodes_from([PERSON.name, *entities, *(relation.name for relation in graph.relations)])
    undirected.add_edges_from((edge.source, edge.target) for edge in graph.edges)
    reached = networkx.node_connected_component(undirected, PERSON.name)
    return [f"{graph.id}: {name!r} is not connected to the person" for name in sorted(set(undirected) - reached)]


def _names(entity: Entity) -> list[str]:
    return [attribute.name for attribute in entity.attributes]
