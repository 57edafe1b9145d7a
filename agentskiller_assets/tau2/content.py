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

_FIX = "Make the domain again with `agentskiller run`."


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
        """Certified tasks that have a query, in their order.

        `StorageError` for gold that does not do what the certificate says, and for what was made from other records.
        """
        queries = {query.task: query for query in self.queries}
        certified = [task for task in self.tasks if task.certified and task.id in queries]
        _check_gold(open_environment(self.rows), certified)
        return [self._case(task, queries[task.id]) for task in certified]

    def _case(self, task: ValidatedTask, query: Query) -> Case:
        template = next((each for each in self.templates if each.id == task.instance.template), None)
        person = next((each for each in self.population if each.id == query.persona), None)
        if template is None or person is None:
            fault = "it was made from a template or a population that is no longer stored"
            raise StorageError(query.id, fault, _FIX)
        return Case(task, query, template, person)


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
