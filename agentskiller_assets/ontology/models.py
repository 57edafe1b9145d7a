"""Records of the ontology: people, the catalog of domains, topics, entities and their graph."""

from typing import ClassVar, Literal

from agentskiller_assets.authoring.drafts import EntityDraft, RelationDraft, TopicDraft
from agentskiller_assets.core.records import Model, Record

Tone = Literal["friendly", "formal", "brisk", "chatty"]
Patience = Literal["patient", "in a hurry"]
Detail = Literal["gives details freely", "gives details when asked"]
Proficiency = Literal["knows the service well", "uses the service now and then", "is new to the service"]


class Persona(Model):
    """How somebody speaks."""

    tone: Tone
    patience: Patience
    detail: Detail
    proficiency: Proficiency


class Person(Record):
    """Somebody of the population: one identity, and a role in every domain that serves them."""

    kind: ClassVar[str] = "person"

    position: int
    person_id: str
    first_name: str
    last_name: str
    full_name: str
    date_of_birth: str
    email: str
    phone: str
    street_address: str
    city: str
    persona: Persona


class CatalogEntry(Record, TopicDraft):
    """A domain of the catalog, with the strategy by which it was found and the settings that all of it shares."""

    kind: ClassVar[str] = "catalog"

    position: int
    seed: int
    simulation_time: str

    def draft(self) -> TopicDraft:
        """The part that authors speak of."""
        return _draft(self)


class DomainTopic(Record, TopicDraft):
    """The subject of one domain: what every later stage of its partition starts from."""

    kind: ClassVar[str] = "topic"

    seed: int
    simulation_time: str
    keywords: tuple[str, ...]
    source_digest: str
    """Digest of what the author's content for this domain comes from: pack, pattern or prompts."""

    def draft(self) -> TopicDraft:
        """The part that authors speak of."""
        return _draft(self)


def _draft(topic: TopicDraft) -> TopicDraft:
    return TopicDraft(**topic.model_dump(include=set(TopicDraft.model_fields)))


class Entity(Record, EntityDraft):
    """The role or a thing of one domain."""

    kind: ClassVar[str] = "entity"

    position: int


class Relation(Record, RelationDraft):
    """A relationship of one domain."""

    kind: ClassVar[str] = "relation"

    position: int


class GraphEdge(Model):
    """`source` and `target` are names of entities or relations; `person` is the shared person table."""

    source: str
    target: str
    label: str


class EntityGraph(Record):
    """The person-centric graph of one domain: the person, the role, the things and what joins them."""

    kind: ClassVar[str] = "graph"

    domain: str
    core_entity: str
    relations: tuple[Relation, ...]
    edges: tuple[GraphEdge, ...]

    def mermaid(self) -> str:
        """The graph as a Mermaid diagram."""
        lines = [f"    {edge.source} -->|{edge.label}| {edge.target}" for edge in self.edges]
        return "\n".join(["graph LR", *lines])
