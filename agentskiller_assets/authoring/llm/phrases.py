"""How customers of a service ask: one answer for all tools, rows and questions."""

from collections.abc import Iterable

from agentskiller_assets.authoring.drafts import PhraseBook, Question, ToolPhrases, Unsupported
from agentskiller_assets.authoring.llm.phrase_checks import phrase_faults
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.slots import columns_of, described_tables, slots_of
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec


class ToolAnswer(Model):
    tool: str
    requests: tuple[str, ...]
    openers: tuple[str, ...]


class RowAnswer(Model):
    table: str
    descriptions: tuple[str, ...]


class PhrasesAnswer(Model):
    """A phrase book as lists, so that servers can hold a model to its form."""

    tools: tuple[ToolAnswer, ...]
    rows: tuple[RowAnswer, ...]
    questions: tuple[Question, ...]
    unsupported: tuple[Unsupported, ...]

    def book(self) -> PhraseBook:
        """The phrase book."""
        return PhraseBook(
            tools={each.tool: ToolPhrases(requests=each.requests, openers=each.openers) for each in self.tools},
            questions=self.questions,
            rows={each.table: each.descriptions for each in self.rows},
            unsupported=self.unsupported,
        )


PHRASES = PromptFile("tasks/phrases", "textual", PhrasesAnswer, "task_templates")


def write_phrases(scribe: Scribe, seed: int, spec: EnvironmentSpec) -> Written[PhraseBook]:
    """Ways to ask for everything that the service does, and for some things that it does not."""
    prompt = PHRASES.to_ask(
        spec.domain,
        spec=spec,
        role=spec.table(spec.core_entity),
        writes=[tool for tool in spec.tools if tool.access == "write"],
        reads=[tool for tool in spec.tools if tool.access == "read" and not tool.authorizes and not tool.returns.many],
        slots={tool.name: slots_of(tool) for tool in spec.tools},
        rows={table: columns_of(spec, table) for table in described_tables(spec)},
        titles={table.name: table.title for table in spec.tables},
    )

    def sound(answer: PhrasesAnswer) -> Iterable[str]:
        names = [*(each.tool for each in answer.tools), *(each.table for each in answer.rows)]
        return phrase_faults(spec, answer.book(), names)

    answered = scribe.ask(PHRASES, prompt, seed, sound)
    return Written(answered.value.book(), answered.call_ids)
