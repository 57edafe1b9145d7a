"""What the authors of two services said, in the names of their fused specification."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentskiller_assets.authoring.drafts import BridgeDraft, PhraseBook, Question, Storyline, ToolPhrases
from agentskiller_assets.authoring.plans import ExistingValue, SamplePlans, Sampler
from agentskiller_assets.core import language
from agentskiller_assets.fusion.namespaces import Namespace

__all__ = ["Content", "fuse_content"]

_SLOT = re.compile(r"\{\{\s*(\w+)")


@dataclass(frozen=True)
class Content:
    """How people ask, how values are drawn, and what follows what, of one service or of two."""

    phrases: PhraseBook
    plans: SamplePlans
    storylines: tuple[Storyline, ...]


def fuse_content(parts: Sequence[tuple[Namespace, Content]], bridges: Sequence[BridgeDraft]) -> Content:
    """The content of both services; requests that a bridge leads to also say what it carries."""
    named = [_named(space, content) for space, content in parts]
    suffixes = _which_service(parts)
    for bridge in bridges:
        suffixes[bridge.tool] = suffixes.get(bridge.tool, "") + bridge.request_suffix
    phrases = PhraseBook(
        tools=_with_suffixes({name: each for c in named for name, each in c.phrases.tools.items()}, suffixes),
        questions=tuple(question for c in named for question in c.phrases.questions),
        rows={table: texts for c in named for table, texts in c.phrases.rows.items()},
        unsupported=tuple(request for c in named for request in c.phrases.unsupported),
    )
    plans = SamplePlans(columns={}, parameters={tool: each for c in named for tool, each in c.plans.parameters.items()})
    lines = tuple(line for c in named for line in c.storylines)
    return Content(phrases, plans, lines)


def _which_service(parts: Sequence[tuple[Namespace, Content]]) -> dict[str, str]:
    """For tools that both services have and people ask for in the same words, words that say which of them is meant."""
    (_, one), (_, other) = parts
    first, second = one.phrases.tools, other.phrases.tools
    alike = [name for name in first if name in second and first[name].requests == second[name].requests]
    return {
        space.name(name): f" for the {language.humanize(space.domain)} service" for space, _ in parts for name in alike
    }


def _with_suffixes(tools: Mapping[str, ToolPhrases], suffixes: Mapping[str, str]) -> dict[str, ToolPhrases]:
    return {
        name: each.model_copy(update={"requests": tuple(text + suffixes.get(name, "") for text in each.requests)})
        for name, each in tools.items()
    }


def _named(space: Namespace, content: Content) -> Content:
    phrases = PhraseBook(
        tools={
            space.name(tool): each.model_copy(update={"requests": _slots(space, each.requests)})
            for tool, each in content.phrases.tools.items()
        },
        questions=tuple(_question(space, each) for each in content.phrases.questions),
        rows={space.name(table): texts for table, texts in content.phrases.rows.items()},
        unsupported=content.phrases.unsupported,
    )
    parameters = {
        space.name(tool): {
            name: tuple(_sampler(space, each) for each in samplers) for name, samplers in each_tool.items()
        }
        for tool, each_tool in content.plans.parameters.items()
    }
    storylines = tuple(Storyline(tools=tuple(map(space.name, line.tools))) for line in content.storylines)
    return Content(phrases, SamplePlans(columns={}, parameters=parameters), storylines)


def _question(space: Namespace, question: Question) -> Question:
    return question.model_copy(update={"tool": space.name(question.tool), "ask": _slots(space, question.ask)})


def _slots(space: Namespace, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Texts whose slots that stand for a row are in the name space; parameters keep their names."""
    tables = {table.name for table in space.spec.tables}

    def rename(match: re.Match[str]) -> str:
        name = match[1]
        return match[0].replace(name, space.name(name)) if name in tables else match[0]

    return tuple(_SLOT.sub(rename, text) for text in texts)


def _sampler(space: Namespace, sampler: Sampler) -> Sampler:
    if not isinstance(sampler, ExistingValue):
        return sampler
    return sampler.model_copy(update={"column": space.path(sampler.column)})
