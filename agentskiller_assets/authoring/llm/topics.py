"""Domains, found one after the other: each is asked for with all that came before it, so that a longer list begins
with the shorter one."""

from collections.abc import Iterable, Sequence
from functools import partial

from pydantic import Field

from agentskiller_assets.authoring.drafts import Strategy, TopicDraft
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.words import repeated, spaced, unreadable
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import NAME
from agentskiller_assets.ontology.checks import badly_named
from agentskiller_assets.ontology.models import DomainTopic

SEED_EVERY = 6
"""The first of so many domains is a new beginning; the others are expanded from one before them."""
STRATEGIES: tuple[Strategy, ...] = ("horizontal", "diagonal", "temporal", "hierarchical", "role_based")


class TopicAnswer(Model):
    """A domain without how it was found."""

    domain: str = Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=30)
    title: str
    description: str
    sector: str = Field(pattern=NAME)
    sector_title: str
    pattern: str = Field(pattern=NAME)
    role: str
    why: str


TOPIC = PromptFile("ontology/topic", "textual", TopicAnswer, "domain_catalog")


def find_topics(scribe: Scribe, count: int, seed: int) -> list[Written[TopicDraft]]:
    """The first `count` domains."""
    found: list[Written[TopicDraft]] = []
    for position in range(count):
        found.append(_next(scribe, position, [each.value for each in found], seed))
    return found


def way_of(position: int, earlier: Sequence[TopicDraft], seed: int) -> tuple[Strategy, TopicDraft | None]:
    """How the domain in this place is found, and from which one."""
    if position % SEED_EVERY == 0:
        return "seed", None
    draw = rng(seed, "expansion", position)
    return draw.choice(STRATEGIES), draw.choice(earlier)


def _next(scribe: Scribe, position: int, earlier: Sequence[TopicDraft], seed: int) -> Written[TopicDraft]:
    strategy, parent = way_of(position, earlier, seed)
    prompt = TOPIC.to_ask(None, position=position + 1, strategy=strategy, parent=parent, earlier=earlier)
    draft = partial(_draft, strategy=strategy, parent=parent.domain if parent else None)
    answered = scribe.ask(TOPIC, prompt, seed, lambda answer: topic_faults(draft(answer), earlier))
    return Written(draft(answered.value), answered.call_ids)


def _draft(answer: TopicAnswer, strategy: Strategy, parent: str | None) -> TopicDraft:
    return TopicDraft(**answer.model_dump(), strategy=strategy, parent=parent)


def topic_faults(draft: TopicDraft, earlier: Sequence[TopicDraft]) -> Iterable[str]:
    """What is wrong with a domain beside the earlier ones."""
    yield from spaced([draft.sector])
    yield from repeated([*(each.domain for each in earlier), draft.domain], "domain")
    yield from repeated([*(each.title for each in earlier), draft.title], "title")
    yield from unreadable([("sector_title", draft.sector_title), ("role", draft.role)], sentences=False)
    topic = DomainTopic(
        id="The domain", seed=0, simulation_time="", keywords=(), source_digest="", **draft.model_dump()
    )
    yield from badly_named(topic)
