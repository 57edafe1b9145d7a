"""What planning works with: an environment, its graph, and how values are drawn and rows described."""

import re
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
