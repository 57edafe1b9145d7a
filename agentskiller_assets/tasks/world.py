"""What planning works with: an environment, its graph, and how values are drawn and rows described."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from agentskiller_assets.authoring.drafts import PhraseBook
from agentskiller_assets.authoring.plans import SamplePlans
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.models import ToolGraph

_SLOT = re.compile(r"\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)")


class World:
    """One environment to plan in."""

    def __init__(
        self, environment: Environment, graph: ToolGraph, plans: SamplePlans, phrases: PhraseBook, seed: int
    ) -> None:
        self.environment = environment
        self.spec: EnvironmentSpec = environment.spec
        self.graph = graph
        self.plans = plans
        self.phrases = phrases
        self.seed = seed
        self._base: dict[str, frozenset[str]] = {}
        self._people: dict[str, dict[str, str]] = {}

    def roles_of(self, tools: Iterable[str]) -> tuple[str, ...]:
        """The roles in which these tools are called, the first first."""
        roles = [self.spec.role_of(self.spec.tool(tool)) for tool in tools]
        return tuple(dict.fromkeys(roles)) or (self.spec.core_entity,)

    def customers(self, roles: Sequence[str]) -> list[str]:
        """Keys, in the first role, of everybody who has all of these roles."""
        first, *others = roles
        return sorted(
            key for person, key in self._keys(first).items() if all(person in self._keys(other) for other in others)
        )

    def key_of(self, role: str, person: str) -> str | None:
        """The row of a person in a role; None for somebody who does not have it."""
        return self._keys(role).get(person)

    def _keys(self, role: str) -> dict[str, str]:
        """The row of everybody who has a role, by person."""
        if role not in self._people:
            key = self.spec.table(role).key
            with self.environment.fork() as session:
                rows = session.query(f"SELECT person_id, {key} FROM {role} ORDER BY {key}", {})
            self._people[role] = dict(rows)
        return self._people[role]

    def base_keys(self, table: str) -> frozenset[str]:
        """Keys of the rows that the table has before any call."""
        if table not in self._base:
            with self.environment.fork() as session:
                rows = session.query(f"SELECT {self.spec.table(table).key} FROM {table}", {})
            self._base[table] = frozenset(row[0] for row in rows)
        return self._base[table]


@lru_cache(maxsize=4096)
def slot_names(template: str) -> frozenset[str]:
    """Names of the `{{ slots }}` of a phrase."""
    return frozenset(_SLOT.findall(template))
