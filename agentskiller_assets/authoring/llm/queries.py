"""Queries: how one persona asks in one task, saying what is wanted and nothing that is made up."""

import re
from collections.abc import Iterator

from agentskiller_assets.authoring.drafts import GoalRequest, QueryDraft, QueryRequest
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.slots import SPEAKERS, named_in
from agentskiller_assets.authoring.llm.words import unreadable
from agentskiller_assets.core import language
from agentskiller_assets.core.mentions import content_words, mentions
from agentskiller_assets.core.records import Model

LONGEST_MESSAGE, LONGEST_INSTRUCTION = 500, 2000
_NUMBER = re.compile(r"\d+")
_INSIDE = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'’-]*")
_EVERYBODYS = frozenset({"I", "I'm", "I'd", "I've", "I'll", "I’m", "I’d", "I’ve", "I’ll"})
FIRST, SECOND = SPEAKERS


class GoalToWord(Model):
    """A goal as the one who words it sees it."""

    requests: tuple[str, ...]
    openers: tuple[str, ...]
    slots: dict[str, str | int]


class ToWord(Model):
    """A request without the names of records."""

    task_kind: str
    role: str
    full_name: str
    tone: str
    patience: str
    detail: str
    proficiency: str
    goals: tuple[GoalToWord, ...]


QUERY = PromptFile("tasks/query", "textual", QueryDraft, "queries", "fused_queries")


def word_query(scribe: Scribe, seed: int, request: QueryRequest) -> Written[QueryDraft]:
    """The first message and the instruction of one request."""
    prompt = QUERY.to_ask(request.domain, request=to_word(request))
    return scribe.ask(QUERY, prompt, seed, lambda draft: query_faults(request, draft))


def to_word(request: QueryRequest) -> ToWord:
    """The request with its phrases as somebody would say them to the one who plays the person."""
    goals = tuple(GoalToWord(requests=goal.requests, openers=goal.openers, slots=_said(goal)) for goal in request.goals)
    return ToWord(**request.model_dump(exclude={"domain", "task_id", "goals"}), goals=goals)


def query_faults(request: QueryRequest, draft: QueryDraft) -> list[str]:
    """What is wrong with the words that were found for a request."""
    texts = [("first_message", draft.first_message), ("instruction", draft.instruction)]
    return [*_form(request, draft), *_unsaid(request, draft.instruction), *_made_up(request, texts), *unreadable(texts)]


def _form(request: QueryRequest, draft: QueryDraft) -> Iterator[str]:
    if len(draft.first_message) > LONGEST_MESSAGE:
        yield f"first_message is longer than {LONGEST_MESSAGE} characters."
    if len(draft.instruction) > LONGEST_INSTRUCTION:
        yield f"instruction is longer than {LONGEST_INSTRUCTION} characters."
    if request.full_name not in draft.instruction:
        yield f"instruction does not say who it is: {request.full_name}."


def _unsaid(request: QueryRequest, instruction: str) -> Iterator[str]:
    """Values that every way to put the request says, and the instruction does not."""
    words = content_words(instruction)
    for goal in request.goals:
        always = set.intersection(*(named_in(text) for text in goal.requests)) if goal.requests else set()
        for name, value in _said(goal).items():
            if name not in always:
                continue
            said = mentions(instruction, value, "integer") if isinstance(value, int) else content_words(value) <= words
            if not said:
                yield f"instruction does not say {value!r} ({language.humanize(name)})."


def _made_up(request: QueryRequest, texts: list[tuple[str, str]]) -> Iterator[str]:
    """Numbers and names that stand nowhere in the request."""
    known = " ".join(_known(request))
    numbers, names = set(_NUMBER.findall(known)), {word.strip("'’").lower() for word in re.findall(r"[\w'’-]+", known)}
    for where, text in texts:
        for number in dict.fromkeys(_NUMBER.findall(text)):
            if number not in numbers:
                yield f"{where} says {number!r}, which is not in the request."
        for name in dict.fromkeys(_INSIDE.findall(text)):
            if name not in _EVERYBODYS and name.removesuffix("'s").removesuffix("’s").lower() not in names:
                yield f"{where} speaks of {name!r}, which is not in the request."


def _known(request: QueryRequest) -> Iterator[str]:
    yield from (request.full_name, request.role)
    for goal in request.goals:
        yield from (*goal.requests, *goal.openers, *map(str, _said(goal).values()))


def _said(goal: GoalRequest) -> dict[str, str | int]:
    """Values in words, spoken to the one who plays the person."""
    return {
        name: language.render(value, SECOND) if isinstance(value, str) and "{{" in value else value
        for name, value in goal.slots.items()
    }
