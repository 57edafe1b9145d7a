"""Task templates: every goal that the graph, the rules and the author's phrases allow, without data."""

from collections.abc import Iterator, Sequence
from itertools import count

from agentskiller_assets.authoring.drafts import PhraseBook, Question, Storyline
from agentskiller_assets.core import sql
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from agentskiller_assets.tasks.graph import providers
from agentskiller_assets.tasks.models import Goal, TaskKind, TaskTemplate, ToolGraph


class TemplateWriter:
    """Writes the templates of one domain. `longest` bounds the number of tool calls of a trajectory."""

    def __init__(self, spec: EnvironmentSpec, graph: ToolGraph, phrases: PhraseBook, longest: int) -> None:
        self.spec = spec
        self.graph = graph
        self.phrases = phrases
        self.longest = longest
        self.server_digest = digest(spec)
        self._positions = count()

    def write(self, storylines: Sequence[Storyline]) -> list[TaskTemplate]:
        """All templates, in a stable order: single writes, storylines, questions, refusals, dead ends."""
        found = [
            *self._fulfil([(tool.name,) for tool in self._writes()]),
            *self._fulfil(self._chains(storylines)),
            *(self._inform(question) for question in self.phrases.questions),
            *self._refuse(),
            *self._insufficient(),
        ]
        return [template for template in found if len(template.trajectory) <= self.longest]

    def _writes(self) -> list[Tool]:
        return [tool for tool in self.spec.tools if tool.access == "write" and tool.name in self.phrases.tools]

    def _chains(self, storylines: Sequence[Storyline]) -> list[tuple[str, ...]]:
        """Storylines, and pairs of them that meet in one tool."""
        lines = [line.tools for line in storylines]
        longer = [(*a, *b[1:]) for a in lines for b in lines if a[-1] == b[0] and len(set(a + b)) == len(a + b) - 1]
        return list(dict.fromkeys([*lines, *longer]))

    def _fulfil(self, chains: Sequence[tuple[str, ...]]) -> Iterator[TaskTemplate]:
        for chain in chains:
            goals: list[Goal] = []
            for tool in chain:
                made = {e.parameter for e in self.graph.edges if e.source in chain and e.target == tool and e.column}
                goals.append(self._goal(self.spec.tool(tool), made))
            yield self.template("fulfil", goals)

    def _inform(self, question: Question) -> TaskTemplate:
        tool = self.spec.tool(question.tool)
        goal = Goal(
            tool=tool.name,
            column=question.column,
            lookups=self._lookups(tool, set()),
            requests=question.ask,
            openers=question.openers,
            answer=question.answer,
            answer_noun=question.answer_noun,
        )
        return self.template("inform", [goal])

    def _refuse(self) -> Iterator[TaskTemplate]:
        for tool in self._writes():
            for rule in tool.rules:
                yield self.template("refuse", [self._goal(tool, set())], refusal=rule.code)

    def _insufficient(self) -> Iterator[TaskTemplate]:
        for request in self.phrases.unsupported:
            yield self.template("insufficient", [Goal(tool=None, requests=(request.ask,), openers=(request.opener,))])
        for tool in self._writes():
            own = [bind.table for bind in tool.binds if "me" in sql.names_in(bind.where)]
            if own and all(parameter.refers_to or not parameter.required for parameter in tool.parameters):
                yield self.template("insufficient", [self._goal(tool, set())], missing_row=own[0])

    def _goal(self, tool: Tool, made: set[str | None]) -> Goal:
        phrases = self.phrases.tools[tool.name]
        return Goal(
            tool=tool.name, lookups=self._lookups(tool, made), requests=phrases.requests, openers=phrases.openers
        )

    def lookups_of(self, tool: str, parameter: str) -> tuple[str, ...]:
        """Reads that yield one key of a tool, each after those that yield its own."""
        reads = providers(self.spec, self.graph, tool, parameter)
        return (*self._lookups(self.spec.tool(reads[0]), set()), reads[0]) if reads else ()

    def _lookups(self, tool: Tool, made: set[str | None]) -> tuple[str, ...]:
        """Reads that yield the tool's keys."""
        found: list[str] = []
        for parameter in tool.parameters:
            if parameter.refers_to and parameter.required and parameter.name not in made:
                found += self.lookups_of(tool.name, parameter.name)
        return tuple(dict.fromkeys(found))

    def _gate(self, tool: str) -> str:
        """The tool that identifies the caller for another one."""
        return self.spec.authorizer_of(self.spec.role_of(self.spec.tool(tool))).name

    def template(
        self, kind: TaskKind, goals: list[Goal], refusal: str | None = None, missing_row: str | None = None
    ) -> TaskTemplate:
        calls: list[str] = []
        for goal in goals:
            tools = [goal.tool] if goal.tool and kind in ("fulfil", "inform") else []
            needed = [read for read in goal.lookups if read not in calls]
            opened = [*filter(None, [goal.tool]), *([] if refusal == NOT_AUTHORIZED.code else needed)]
            gates = [self._gate(tool) for tool in opened]
            calls += [gate for gate in dict.fromkeys(gates) if gate not in calls]
            calls += [*needed, *tools]
        calls = calls or [self.graph.root]
        identity = [
            self.server_digest,
            kind,
            calls,
            [(g.tool, g.column, g.requests) for g in goals],
            refusal,
            missing_row,
        ]
        return TaskTemplate(
            id=TaskTemplate.make_id(*identity),
            parents=(self.graph.id,),
            position=next(self._positions),
            domain=self.spec.domain,
            task_kind=kind,
            goals=tuple(goals),
            trajectory=tuple(calls),
            refusal=refusal,
            missing_row=missing_row,
            server_digest=self.server_digest,
        )
