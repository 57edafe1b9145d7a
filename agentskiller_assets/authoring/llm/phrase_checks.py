"""What a phrase book is held to: complete, with slots that the planner fills, and readable with words in them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from agentskiller_assets.authoring.drafts import PhraseBook, Question
from agentskiller_assets.authoring.llm.slots import (
    SPEAKERS,
    described_tables,
    grammar_faults,
    lookups_of,
    named_in,
    shown_by,
    slots_of,
    spoken,
    words_for,
)
from agentskiller_assets.authoring.llm.words import repeated, unreadable
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.tasks.checks import missing_kinds, unresolved_slots
from agentskiller_assets.tasks.graph import build_graph
from agentskiller_assets.tasks.templates import TemplateWriter

FEWEST_REQUESTS, FEWEST_OPENERS = 2, 3
LONGEST = 40
"""Calls of a template: more than any has."""
_ID = re.compile(r"^template_[0-9a-f]+: ")


def phrase_faults(spec: EnvironmentSpec, book: PhraseBook, names: Sequence[str]) -> list[str]:
    """What is wrong with a phrase book. `names` are its tools and tables as they were given, also those given twice."""
    faults = [*repeated(names, "tool or table"), *_incomplete(spec, book)]
    faults = faults or [*_grammar(spec, book), *(fault for each in book.questions for fault in _question(spec, each))]
    return faults or [*_unplannable(spec, book), *_unreadable(spec, book)]


def _incomplete(spec: EnvironmentSpec, book: PhraseBook) -> Iterator[str]:
    writes = [tool.name for tool in spec.tools if tool.access == "write"]
    if sorted(book.tools) != sorted(writes):
        yield f"`tools` are {sorted(book.tools)}; give phrases for each of {writes}."
    tables = described_tables(spec)
    if sorted(book.rows) != sorted(tables):
        yield f"`rows` are {sorted(book.rows)}; describe rows of each of {tables}."
    for name, tool in book.tools.items():
        if len(set(tool.requests)) < FEWEST_REQUESTS or len(set(tool.openers)) < FEWEST_OPENERS:
            yield f"{name}: give at least {FEWEST_REQUESTS} requests and {FEWEST_OPENERS} openers."
    readable = {tool.name for tool in spec.tools if tool.access == "read" and not tool.authorizes}
    for question in book.questions:
        if question.tool not in readable:
            yield f"A question is answered by {question.tool!r}; only {sorted(readable)} answer any."


def _question(spec: EnvironmentSpec, question: Question) -> Iterator[str]:
    tool, where = spec.tool(question.tool), f"question {question.column!r} of {question.tool}"
    column = next((each for each in tool.returns.columns if each.name == question.column), None)
    if column is None or column.refers_to or tool.returns.many:
        yield f"{where}: there is no such column of a result with one row."
    elif question.answer_noun and column.type != "integer":
        yield f"{where}: `answer_noun` counts whole numbers only."
    if len(set(question.ask)) < FEWEST_REQUESTS or len(set(question.openers)) < FEWEST_OPENERS:
        yield f"{where}: give at least {FEWEST_REQUESTS} ways to ask and {FEWEST_OPENERS} openers."
    if "answer" not in named_in(question.answer):
        yield f"{where}: `answer` needs the slot answer."


def _grammar(spec: EnvironmentSpec, book: PhraseBook) -> Iterator[str]:
    for name, phrases in book.tools.items():
        known = slots_of(spec.tool(name))
        for request in phrases.requests:
            yield from (f"{name}: {fault}" for fault in grammar_faults(request, known))
            if missing := sorted(set(known) - named_in(request)):
                yield f"{name}: {request!r} does not say {missing}."
        yield from (f"{name}: {f}" for opener in phrases.openers for f in grammar_faults(opener, (), speaks=False))
        yield from (f"{name}: opener {opener!r} has slots." for opener in phrases.openers if "{" in opener)
    for question in book.questions:
        known = slots_of(spec.tool(question.tool))
        for ask in question.ask:
            yield from (f"{question.tool}: {fault}" for fault in grammar_faults(ask, known))
        answers = grammar_faults(question.answer, [*known, "answer"], speaks=False)
        yield from (f"{question.tool}: {fault}" for fault in answers)
        yield from (f"{question.tool}: opener {opener!r} has slots." for opener in question.openers if "{" in opener)
    for request in book.unsupported:
        yield from (f"unsupported: {fault}" for fault in grammar_faults(request.ask, ()))
        yield from (f"unsupported: opener {request.opener!r} has slots." for _ in [0] if "{" in request.opener)
    for table, descriptions in book.rows.items():
        yield from _descriptions(spec, table, descriptions)


def _descriptions(spec: EnvironmentSpec, table: str, descriptions: Sequence[str]) -> Iterator[str]:
    """Every slot is a column that some lookup shows, and some description makes do with those of one lookup."""
    shown = [shown_by(lookup) for lookup in lookups_of(spec, table)]
    for text in descriptions:
        yield from (f"rows of {table}: {fault}" for fault in grammar_faults(text, set().union(*shown)))
    if not any(named_in(text) <= columns for text in descriptions for columns in shown):
        yield f"rows of {table}: no description makes do with what one lookup shows: {list(map(sorted, shown))}."


def _unplannable(spec: EnvironmentSpec, book: PhraseBook) -> Iterator[str]:
    """What the checks of the templates would say."""
    writer = TemplateWriter(spec, build_graph(spec, (), ()), book, LONGEST)
    templates = writer.write(())
    yield from (_ID.sub("", fault) for fault in unresolved_slots(templates, spec))
    yield from (f"There is {fault}." for fault in missing_kinds(templates))


def _unreadable(spec: EnvironmentSpec, book: PhraseBook) -> Iterator[str]:
    nouns = [table.title for table in spec.tables]
    rows = {table.name: f"the {table.title}" for table in spec.tables}
    phrases: list[tuple[str, str]] = []
    sentences: list[tuple[str, str]] = []
    for name, tool in book.tools.items():
        words = _words(spec.tool(name), rows)
        phrases += _spoken(name, tool.requests, words)
        sentences += [(name, opener) for opener in tool.openers]
    for question in book.questions:
        words = _words(spec.tool(question.tool), rows)
        phrases += _spoken(question.tool, question.ask, words)
        sentences += [(question.tool, opener) for opener in question.openers]
        sentences += _spoken(question.tool, [question.answer], {**words, "answer": "24"})[:1]
    for table, descriptions in book.rows.items():
        words = {c.name: words_for(c) for tool in lookups_of(spec, table) for c in tool.returns.columns}
        phrases += _spoken(f"rows of {table}", descriptions, words)
    for request in book.unsupported:
        phrases += _spoken("unsupported", [request.ask], {})
        sentences.append(("unsupported", request.opener))
    yield from unreadable(phrases, nouns, sentences=False)
    yield from unreadable(sentences, nouns)


def _words(tool: Tool, rows: Mapping[str, str]) -> dict[str, Any]:
    return {**rows, **{each.name: words_for(each) for each in tool.parameters if not each.refers_to}}


def _spoken(where: str, texts: Iterable[str], words: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(where, spoken(text, words, speaker)) for text in texts for speaker in SPEAKERS]
