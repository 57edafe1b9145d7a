"""Checks of the rollouts."""

from collections.abc import Sequence

from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.metadata import PAIRS
from agentskiller_assets.rollouts.figures import alike
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED
from agentskiller_assets.tasks.models import Query

_PROMPTED = "Every conversation has the policy as its system prompt, the tools, and an agent's message at its end."
_DIFFERENT = "No two scripted conversations are the same but for names and numbers."
_HELD = "Every query has its conversations, as many as every other."


@checks_of("rollouts", prompted=_PROMPTED, different=_DIFFERENT, held=_HELD)
def rollout_checks(rollouts: list[Rollout], queries: list[Query]) -> Faults:
    return _faults(rollouts, queries)


@checks_of("fused_rollouts", partitions=PAIRS, prompted=_PROMPTED, different=_DIFFERENT, held=_HELD)
def fused_rollout_checks(fused_rollouts: list[Rollout], fused_queries: list[Query]) -> Faults:
    return _faults(fused_rollouts, fused_queries)


def _faults(rollouts: Sequence[Rollout], queries: Sequence[Query]) -> Faults:
    return {"prompted": unprompted(rollouts), "different": repeated(rollouts), "held": unheld(rollouts, queries)}


def unprompted(rollouts: Sequence[Rollout]) -> list[str]:
    """Conversations that lack what a training example needs."""
    faults = []
    for rollout in rollouts:
        if rollout.messages[0].role != "system" or not rollout.messages[0].content:
            faults.append(f"{rollout.id} has no system prompt")
        if not rollout.tools:
            faults.append(f"{rollout.id} has no tools")
        if rollout.messages[-1].role == "user":
            faults.append(f"{rollout.id} ends with the user")
    return faults


def repeated(rollouts: Sequence[Rollout]) -> list[str]:
    """Scripted conversations that are the same but for names and numbers."""
    scripted = [rollout for rollout in rollouts if (rollout.agent, rollout.user) == (SCRIPTED, SCRIPTED)]
    return [f"{second} is {first} with other names" for first, second in alike(scripted)]


def unheld(rollouts: Sequence[Rollout], queries: Sequence[Query]) -> list[str]:
    """Queries without a conversation, or with fewer than others."""
    held = {query.id: sorted(r.repeat for r in rollouts if r.query == query.id) for query in queries}
    most = max((len(each) for each in held.values()), default=0)
    faults = [f"{query} has {len(each)} of {most} conversations" for query, each in held.items() if len(each) < most]
    strange = sorted({rollout.query for rollout in rollouts} - set(held))
    return faults + [f"{query} is no query" for query in strange] + ([] if most else ["there are no conversations"])
