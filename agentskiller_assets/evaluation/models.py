"""Records of evaluations: a score for each part, why, and the product of all."""

from typing import ClassVar, Literal

from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.tasks.models import TaskKind

PartName = Literal["action", "environment", "communication", "policy", "judge"]


class Part(Model):
    """One part of an evaluation. A score below 1 has a reason for everything that is wrong."""

    name: PartName
    score: float
    reasons: tuple[str, ...] = ()


class Evaluation(Record):
    """Whether one rollout did its task. `score` is the product of the parts; only 1.0 passes."""

    kind: ClassVar[str] = "evaluation"

    position: int
    domain: str
    rollout: str
    query: str
    task: str
    task_kind: TaskKind
    repeat: int
    agent: str
    parts: tuple[Part, ...]
    score: float
    passed: bool
    redundant: tuple[str, ...] = ()
    """Ids of calls of a passing rollout that can be left out: without them it was made again and passes too."""

    def part(self, name: PartName) -> Part:
        """The part of that name."""
        return next(part for part in self.parts if part.name == name)
