"""The planner: from templates to instances, by search over a live session.

At each goal the candidates are queried from the session's current state (see `candidates`); the lookups that yield
their keys are then made, and a candidate is dropped when no lookup returns it or no description singles it out.
The same search serves one domain and a pair.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentskiller_assets.authoring.plans import ExistingValue
from agentskiller_assets.authoring.samplers import ColumnSampler
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import Column, Parameter
from agentskiller_assets.tasks.attempt import Attempt, Dropped
from agentskiller_assets.tasks.candidates import Candidate, CandidateQueries
from agentskiller_assets.tasks.models import TaskInstance, TaskTemplate
from agentskiller_assets.tasks.world import World

ATTEMPTS = 40
"""Candidates tried for one template before it is given up."""
EXISTING = 8
"""How many times as many values are drawn from what is on record: one must meet a bound row to matter."""
ENOUGH = 64
"""Candidates that one query looks for."""


@dataclass(frozen=True)
class Effort:
    """How many customers, bound rows and values of each sampler one query looks at."""

    customers: int
    rows: int
    values: int


EFFORTS = (Effort(40, 12, 2), Effort(120, 30, 4), Effort(100_000, 60, 6))


class Planner:
    """Plans instances of templates in one world. Not shared between threads: it owns a session."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queries = {role: CandidateQueries(world.spec.as_role(role)) for role in world.spec.roles}
        self.session = world.environment.fork()
        self.dropped: Counter[str] = Counter()
        self._used: Counter[str] = Counter()
        self._keys = {table.name: self._all_keys(table.name, table.key) for table in world.spec.tables}
        self._starts: dict[tuple[str, str | None, Effort, tuple[str, ...]], list[Candidate]] = {}
        self._samples: dict[tuple[str, str, int], list[Any]] = {}

    def close(self) -> None:
        """Gives the session back."""
        self.session.close()

    def plan(self, template: TaskTemplate, wanted: int) -> list[TaskInstance]:
        """Up to `wanted` instances, for different customers where possible."""
        draw = rng(self.world.seed, "plan", template.domain, template.id)
        found: list[TaskInstance] = []
        seen: set[str] = set()
        for effort in EFFORTS:
            for candidate in self._first(template, effort, draw)[:ATTEMPTS]:
                if len(found) == wanted:
                    return found
                instance = self._attempt(template, candidate, draw)
                if instance and instance.id not in seen:
                    seen.add(instance.id)
                    self._used[instance.me] += 1
                    found.append(instance)
            if len(found) == wanted:
                return found
        return found

    def _attempt(self, template: TaskTemplate, candidate: Candidate, draw: random.Random) -> TaskInstance | None:
        try:
            attempt = Attempt(self.world, self.session, template, candidate.me, draw)
            for index, goal in enumerate(template.goals):
                if index == 0 or goal.tool is None:
                    attempt.reach(index, candidate)
                else:
                    attempt.reach(index, self._next(goal.tool, attempt, draw))
            return attempt.instance()
        except Dropped as reason:
            self.dropped[f"{'+'.join(g.tool or 'nothing' for g in template.goals)}: {reason}"] += 1
            return None

    def _first(self, template: TaskTemplate, effort: Effort, draw: random.Random) -> list[Candidate]:
        self.session.reset()
        goal = template.goals[0]
        roles = self.world.roles_of(template.trajectory)
        customers = self.world.customers(roles)
        if goal.tool is None:
            return [Candidate(me=me, rows=(), values=()) for me in draw.sample(customers, 4 * effort.values)]
        # who cannot be identified with a service asks for nothing that would be refused for another reason
        violated = None if template.unidentified else template.refusal
        found = self._at_start(goal.tool, violated, effort, roles)
        draw.shuffle(found)
        if template.missing_row and not template.unidentified:
            found = [replace(each, owner=each.me, me=draw.choice(customers)) for each in found]
        return sorted(found, key=lambda candidate: self._used[candidate.me])

    def _at_start(self, tool: str, violated: str | None, effort: Effort, roles: tuple[str, ...]) -> list[Candidate]:
        """Candidates in the untouched environment: the same for every template that begins with this tool."""
        own = self.world.roles_of([tool])
        roles = (*own, *(role for role in roles if role not in own))
        key = (tool, violated, effort, roles)
        if key not in self._starts:
            draw = rng(self.world.seed, "start", self.world.spec.domain, tool, str(violated), effort.customers)
            customers = self.world.customers(roles)
            few = draw.sample(customers, min(len(customers), effort.customers))
            self._starts[key] = self._candidates(tool, violated, effort, few, draw)
        return list(self._starts[key])

    def _next(self, tool: str, attempt: Attempt, draw: random.Random) -> Candidate:
        """A candidate for a later goal, in the state that the earlier ones left; rows just made or used come first."""
        me = attempt.key_in(self.world.roles_of([tool])[0])
        for effort in EFFORTS[1:]:
            found = self._candidates(tool, None, effort, [me], draw)
            if found:
                draw.shuffle(found)
                return max(found, key=lambda c: sum(attempt.familiarity(table, key) for table, key in c.rows))
        raise Dropped("nothing is left to do it on")

    def _candidates(
        self, tool: str, violated: str | None, effort: Effort, customers: Sequence[str], draw: random.Random
    ) -> list[Candidate]:
        (role,) = self.world.roles_of([tool])
        compiled = self.queries[role].compiled(tool, violated)
        wide = [table for table, _ in compiled.keyed if table not in compiled.owned]
        keys = {table: draw.sample(self._keys[table], min(effort.rows, len(self._keys[table]))) for table in wide}
        values = {name: self._values(tool, name, effort.values) for name in compiled.sampled}
        samples = {name: draw.sample(found, len(found)) for name, found in values.items()}
        found = compiled.run(self.session.query, customers, keys, samples, ENOUGH)
        idle = {name: self._values(tool, name, effort.values) for name in compiled.idle}
        return [
            replace(each, values=(*each.values, *((name, draw.choice(values)) for name, values in idle.items())))
            for each in found
        ]

    def _values(self, tool: str, name: str, count: int) -> list[Any]:
        """Values for a free parameter: `count` from each of its samplers, or all values of an enumeration."""
        key = (tool, name, count)
        if key not in self._samples:
            parameter = self.world.spec.tool(tool).parameter(name)
            assert parameter is not None
            self._samples[key] = self._draw(tool, parameter, count)
        return self._samples[key]

    def _draw(self, tool: str, parameter: Parameter, count: int) -> list[Any]:
        if parameter.type == "enum":
            return list(parameter.values)
        if parameter.type == "boolean":
            return [0, 1]
        bounds = parameter.model_dump(include={"name", "type", "description", "values", "minimum", "maximum"})
        values: list[Any] = []
        for index, sampler in enumerate(self.world.plans.parameters.get(tool, {}).get(parameter.name, ())):
            draw = rng(self.world.seed, "parameter", self.world.spec.domain, tool, parameter.name, index)
            column = ColumnSampler(Column(**bounds), draw, self.world.spec.simulation_time, self._base_query, {})
            values += column.sample(sampler, [{}] * (count * EXISTING if isinstance(sampler, ExistingValue) else count))
        return list(dict.fromkeys(values))

    def _base_query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.world.environment.fork() as session:
            return [tuple(row) for row in session.query(sql, {"now": self.world.spec.simulation_time})]

    def _all_keys(self, table: str, key: str) -> list[str]:
        return [row[0] for row in self.session.query(f"SELECT {key} FROM {table} ORDER BY {key}", {})]
