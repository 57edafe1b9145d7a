"""What is stored of one domain or pair, as far as it is exported."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.models import PolicyEntry
from agentskiller_assets.errors import StorageError
from agentskiller_assets.ontology.models import Person
from agentskiller_assets.runtime import Environment, Ok, state_digest
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask


@dataclass(frozen=True)
class Case:
    """One task with all that belongs to it."""

    task: ValidatedTask
    query: Query
    template: TaskTemplate
    person: Person
    """Whose way of speaking it is."""


@dataclass(frozen=True)
class Content:
    """Environment, policy and tasks of a domain or pair."""

    rows: EnvironmentRows
    policy: Sequence[PolicyEntry]
    templates: Sequence[TaskTemplate]
    tasks: Sequence[ValidatedTask]
    queries: Sequence[Query]
    population: Sequence[Person]
    seed: int

    @property
    def spec(self) -> EnvironmentSpec:
        """The specification of the service."""
        return self.rows.spec

    def clause(self, tool: str | None, code: str) -> str | None:
        """The sentence of the policy for a rule of a tool, or for a general subject."""
        found = (each.text for each in self.policy if each.entry == "clause" and (each.tool, each.code) == (tool, code))
        return next(found, None)

    def cases(self) -> list[Case]:
        """Certified tasks that have a query, in their order. `StorageError` for gold that does not do what the
        certificate says."""
        queries = {query.task: query for query in self.queries}
        templates = {template.id: template for template in self.templates}
        people = {person.id: person for person in self.population}
        certified = [task for task in self.tasks if task.certified and task.id in queries]
        _check_gold(open_environment(self.rows), certified)
        return [
            Case(
                task=task,
                query=queries[task.id],
                template=templates[task.instance.template],
                person=people[queries[task.id].persona],
            )
            for task in certified
        ]


def _check_gold(environment: Environment, tasks: Sequence[ValidatedTask]) -> None:
    """Every gold call, with the arguments as they are written, succeeds, and all of them leave the certified state."""
    for fault in _gold_faults(environment, tasks):
        raise StorageError(
            f"validated_tasks[{environment.spec.domain}]", fault, "Make the domain again with `agentskiller run`."
        )


def _gold_faults(environment: Environment, tasks: Sequence[ValidatedTask]) -> Iterator[str]:
    with environment.fork() as session:
        for task in tasks:
            session.reset()
            outcomes = [session.call(step.tool, step.values()) for step in task.instance.steps]
            if not all(isinstance(outcome, Ok) for outcome in outcomes):
                yield f"a gold call of {task.id} is not accepted on the stored records"
            elif state_digest(session.diff()) != task.gold_digest:
                yield f"the gold calls of {task.id} leave another state than was certified"
