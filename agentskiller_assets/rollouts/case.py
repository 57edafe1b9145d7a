"""A case: everything that one conversation is about, from its task's records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.models import PolicyEntry, ToolEntry, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.ontology.models import Person
from agentskiller_assets.rollouts.system_prompt import system_prompt
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask


@dataclass(frozen=True)
class Service:
    """What all conversations with one service have in common."""

    spec: EnvironmentSpec
    prompt: str
    """The agent's system prompt: how to go about it, and the policy."""
    tools: tuple[dict[str, Any], ...]
    """In OpenAI's function form."""


@dataclass(frozen=True)
class Case:
    """One conversation to be held. What scripted sides know of the gold steps, models never see."""

    service: Service
    query: Query
    task: ValidatedTask
    template: TaskTemplate
    person: Person
    role: str
    """What the service calls the people it serves."""
    seed: int
    repeat: int = 0

    @property
    def spec(self) -> EnvironmentSpec:
        """The specification of the service."""
        return self.service.spec


def make_cases(
    spec: EnvironmentSpec,
    policy: Sequence[PolicyEntry],
    tools: Sequence[ToolEntry],
    role: str,
    seed: int,
    queries: Sequence[Query],
    tasks: Sequence[ValidatedTask],
    templates: Sequence[TaskTemplate],
    population: Sequence[Person],
    repeats: int = 1,
) -> list[Case]:
    """Every query `repeats` times, in the order of the queries."""
    service = _service(spec, policy, tools)
    task_of: Mapping[str, ValidatedTask] = {task.id: task for task in tasks}
    template_of = {template.id: template for template in templates}
    person_of = {person.person_id: person for person in population}
    return [
        Case(
            service=service,
            query=query,
            task=task_of[query.task],
            template=template_of[task_of[query.task].instance.template],
            person=person_of[query.person],
            role=role,
            seed=seed,
            repeat=repeat,
        )
        for query in sorted(queries, key=lambda query: query.position)
        for repeat in range(repeats)
    ]


def _service(spec: EnvironmentSpec, policy: Sequence[PolicyEntry], tools: Sequence[ToolEntry]) -> Service:
    ordered = sorted(tools, key=lambda tool: tool.position)
    prompt = system_prompt(spec.title, visible_text(policy_text(list(policy))))
    return Service(spec=spec, prompt=prompt, tools=tuple(tool.function for tool in ordered))
