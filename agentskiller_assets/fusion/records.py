"""Records of pairs: the fused blueprint with its bridges and resolutions, and the trajectories that were weighed."""

from typing import ClassVar, Literal

from agentskiller_assets.authoring.drafts import BridgeDraft, Governance
from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.environment.models import Blueprint

Decision = Literal["kept", "concatenation", "infeasible"]


class Resolution(Model):
    """What holds where the two services contradict each other: who is identified, and who is told what."""

    subject: Literal["identity", "sharing"]
    first: str
    second: str
    resolved: str
    """The sentence that the policy adds to those of both."""
    how: Literal["stricter"]
    reason: str
    enforced_by: str
    """The code with which the server refuses what the resolution forbids."""


class FusedBlueprint(Blueprint):
    """The specification of two services in one; `domain` is the pair."""

    kind: ClassVar[str] = "fusedblueprint"

    first: str
    """The domain that conversations begin with."""
    second: str
    seed: int
    role: str
    """What the two call the people they serve."""
    names: tuple[str, ...]
    """Every table, tool and code of both domains, in its name space."""
    bridges: tuple[BridgeDraft, ...]
    governance: Governance
    resolutions: tuple[Resolution, ...]


class FusedTrajectory(Record):
    """A sequence of tools over both services, and whether a task can come of it."""

    kind: ClassVar[str] = "trajectory"

    position: int
    domain: str
    task_kind: str
    tools: tuple[str, ...]
    goals: tuple[str, ...]
    template: str
    """Id of the template that it becomes."""
    links: tuple[tuple[str, str, str], ...]
    """Values that cross from one service into the other: providing tool, receiving tool, parameter."""
    decision: Decision
    reason: str
