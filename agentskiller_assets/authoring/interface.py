"""The author: whatever writes the content of a domain. Slices ask it, and never know who answers."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any

from agentskiller_assets.authoring.drafts import (
    BridgeDraft,
    EntityDraft,
    Governance,
    Patch,
    PhraseBook,
    QueryDraft,
    QueryRequest,
    RelationDraft,
    RepairRequest,
    Storyline,
    TopicDraft,
)
from agentskiller_assets.authoring.plans import SamplePlans
from agentskiller_assets.core.spec import EnvironmentSpec


class Author(ABC):
    """One method for each need. Answers are validated by the slice that asked, whoever gave them."""

    name: str

    @abstractmethod
    def expand_domains(self, count: int, seed: int) -> tuple[TopicDraft, ...]:
        """The first `count` domains. A larger count only adds domains at the end."""

    def reach(self, domains: Collection[str], seed: int) -> int:
        """How many domains it takes to have all of these that there are; 0 for who thinks up each when it is asked."""
        return 0

    def most_domains(self, seed: int) -> int | None:
        """How many domains there are; None for who thinks up each when it is asked."""
        return None

    @abstractmethod
    def extract_entities(self, topic: TopicDraft, seed: int) -> tuple[EntityDraft, ...]:
        """The role and the things that the service keeps on record."""

    @abstractmethod
    def relate_entities(self, topic: TopicDraft, seed: int) -> tuple[RelationDraft, ...]:
        """The relationships between them."""

    @abstractmethod
    def write_blueprint(self, topic: TopicDraft, seed: int, simulation_time: str) -> EnvironmentSpec:
        """The whole environment: tables, tools, rules, effects and results."""

    def implement(self, spec: EnvironmentSpec) -> EnvironmentSpec:
        """The specification as the server is to run it: the fragments may be written anew, the promises not."""
        return spec

    @abstractmethod
    def repair(self, request: RepairRequest) -> Patch | None:
        """The fragment at fault, written anew; None if the author knows no better."""

    @abstractmethod
    def plan_samples(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> SamplePlans:
        """How rows and free parameter values are drawn."""

    @abstractmethod
    def govern(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> Governance:
        """How the service treats people and data."""

    @abstractmethod
    def tell_storylines(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> tuple[Storyline, ...]:
        """Which writes follow each other in one conversation."""

    @abstractmethod
    def write_phrases(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> PhraseBook:
        """How customers ask."""

    @abstractmethod
    def bridge(self, spec: EnvironmentSpec, seed: int) -> tuple[BridgeDraft, ...]:
        """What carries a value from the first service of a fused specification into the second."""

    @abstractmethod
    def word_query(self, request: QueryRequest, seed: int) -> QueryDraft:
        """How one persona asks in one task."""

    def word_queries(self, requests: Sequence[QueryRequest], seed: int) -> list[QueryDraft]:
        """As `word_query`, for many requests that do not depend on each other."""
        return [self.word_query(request, seed) for request in requests]

    def calls_of(self, *answers: Any) -> tuple[str, ...]:
        """Ids of the model calls that these answers of the author came from, sorted; none where no model was asked."""
        return ()

    @abstractmethod
    def fingerprint(self, domain: str) -> str:
        """A digest of everything that decides the answers about a domain: pack, pattern, prompts."""
