"""The conversations that are looked at, with their cases."""

from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Rollout
from tests.fusion.pairs import pair
from tests.world import clinic

KINDS = ("single", "fused")


def held(kind: str) -> list[tuple[Case, Rollout]]:
    """Every case with its conversation."""
    world = clinic() if kind == "single" else pair()
    return list(zip(world.cases, world.rollouts, strict=True))


def said_before(rollout: Rollout, index: int, role: str) -> list[str]:
    """What one side had said before a message."""
    return [m.content for m in rollout.messages[:index] if m.role == role and m.content]


def said(rollout: Rollout, role: str) -> list[str]:
    """What one side said."""
    return said_before(rollout, len(rollout.messages), role)
