"""Figures over conversations: how long they are, how varied, and whether two are the same but for names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.records import Model
from agentskiller_assets.rollouts.models import Role, Rollout

_TOKEN = re.compile(r"[\w'-]+")
_NAME_OR_NUMBER = re.compile(r"\$?\d[\d,.:/-]*|\b[A-Z][\w'-]*")


class Figures(Model):
    """What a set of conversations is like."""

    conversations: int
    mean_turns: float
    mean_calls: float
    distinct_2_assistant: float
    """Different pairs of words in a row, as a share of all pairs."""
    distinct_2_user: float


def figures_of(rollouts: Sequence[Rollout]) -> Figures:
    """The figures; all 0 where there is no conversation."""
    return Figures(
        conversations=len(rollouts),
        mean_turns=fmean(rollout.turns for rollout in rollouts) if rollouts else 0.0,
        mean_calls=fmean(len(rollout.calls) for rollout in rollouts) if rollouts else 0.0,
        distinct_2_assistant=distinct_2(said_by(rollouts, "assistant")),
        distinct_2_user=distinct_2(said_by(rollouts, "user")),
    )


def said_by(rollouts: Iterable[Rollout], role: Role) -> list[str]:
    """Everything that one side said."""
    return [each.content for rollout in rollouts for each in rollout.messages if each.role == role and each.content]


def distinct_2(texts: Iterable[str]) -> float:
    """Different pairs of neighbouring words divided by all pairs; 0 where there are none."""
    pairs: Counter[tuple[str, str]] = Counter()
    for text in texts:
        words = _TOKEN.findall(text.lower())
        pairs.update(pairwise(words))
    return len(pairs) / pairs.total() if pairs else 0.0


def skeleton(rollout: Rollout) -> str:
    """Digest of a conversation without its names and numbers: equal for two that are the same but for these."""
    said = [
        [message.role, _NAME_OR_NUMBER.sub("_", message.content or ""), [call.name for call in message.tool_calls]]
        for message in rollout.messages
        if message.role in ("user", "assistant")
    ]
    return digest(said)


def alike(rollouts: Sequence[Rollout]) -> list[tuple[str, str]]:
    """Pairs of conversations that are the same but for names and numbers."""
    first: dict[str, str] = {}
    found = []
    for rollout in rollouts:
        key = skeleton(rollout)
        if key in first:
            found.append((first[key], rollout.id))
        first.setdefault(key, rollout.id)
    return found
