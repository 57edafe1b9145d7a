"""The author that asks models: every need of the pipeline, by two models behind an OpenAI-compatible endpoint."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

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
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.llm import (
    blueprint,
    bridges,
    entities,
    governance,
    outline,
    phrases,
    queries,
    repairs,
    samples,
    storylines,
    tools,
    topics,
)
from agentskiller_assets.authoring.llm.prompting import PromptFile, prompt_digest
from agentskiller_assets.authoring.llm.scribe import Models, Scribe, Written
from agentskiller_assets.authoring.plans import SamplePlans
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.llm.errors import InvalidAnswerError
from agentskiller_assets.llm.protocol import LLM

T = TypeVar("T")

PROMPTS: tuple[PromptFile[Any], ...] = (
    topics.TOPIC,
    entities.ENTITIES,
    entities.RELATIONS,
    outline.OUTLINE,
    tools.TOOL,
    samples.TABLE,
    samples.FREE,
    governance.GOVERNANCE,
    storylines.STORYLINES,
    phrases.PHRASES,
    bridges.BRIDGE,
    queries.QUERY,
    *repairs.REPAIRS.values(),
)
"""Everything that it ever asks."""


class LLMAuthor(Author):
    """Asks `llm`, which stores every call. Where no answer holds it raises an `LLMError`, and never makes one up."""

    name = "llm"

    def __init__(self, llm: LLM, models: Models) -> None:
        self._scribe = Scribe(llm, models)

    def fingerprint(self, domain: str) -> str:
        return digest([prompt_digest(*PROMPTS), vars(self._scribe.models)])

    def calls_of(self, *answers: Any) -> tuple[str, ...]:
        return self._scribe.calls_of(*answers)

    def expand_domains(self, count: int, seed: int) -> tuple[TopicDraft, ...]:
        return tuple(self._credited(each) for each in topics.find_topics(self._scribe, count, seed))

    def extract_entities(self, topic: TopicDraft, seed: int) -> tuple[EntityDraft, ...]:
        return self._credited(entities.extract_entities(self._scribe, topic, seed))

    def relate_entities(self, topic: TopicDraft, seed: int) -> tuple[RelationDraft, ...]:
        found = self.extract_entities(topic, seed)
        return self._credited(entities.relate_entities(self._scribe, topic, seed, found))

    def write_blueprint(self, topic: TopicDraft, seed: int, simulation_time: str) -> EnvironmentSpec:
        found, relations = self.extract_entities(topic, seed), self.relate_entities(topic, seed)
        return self._credited(blueprint.write_blueprint(self._scribe, topic, seed, simulation_time, found, relations))

    def repair(self, request: RepairRequest) -> Patch | None:
        """None where the model was told what is wrong as often as allowed; the server is recorded as failed then."""
        try:
            return self._credited(repairs.repair(self._scribe, 0, request))
        except InvalidAnswerError:
            return None

    def plan_samples(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> SamplePlans:
        return self._credited(samples.plan_samples(self._scribe, seed, spec))

    def govern(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> Governance:
        return self._credited(governance.write_governance(self._scribe, seed, spec))

    def tell_storylines(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> tuple[Storyline, ...]:
        return self._credited(storylines.tell_storylines(self._scribe, seed, spec))

    def write_phrases(self, topic: TopicDraft, seed: int, spec: EnvironmentSpec) -> PhraseBook:
        return self._credited(phrases.write_phrases(self._scribe, seed, spec))

    def bridge(self, spec: EnvironmentSpec, seed: int) -> tuple[BridgeDraft, ...]:
        return self._credited(bridges.write_bridges(self._scribe, seed, spec))

    def word_query(self, request: QueryRequest, seed: int) -> QueryDraft:
        return self._credited(queries.word_query(self._scribe, seed, request))

    def word_queries(self, requests: Sequence[QueryRequest], seed: int) -> list[QueryDraft]:
        return self._scribe.together([partial(self.word_query, request, seed) for request in requests])

    def _credited(self, answered: Written[T]) -> T:
        """The answer; it, and each part of a list, is known to come from its calls from now on."""
        value = answered.value
        self._scribe.credit(answered.call_ids, *(value if isinstance(value, tuple) else (value,)))
        return value
