"""From queries to rollouts: what the assets of the rollouts do, without Dagster."""

import asyncio
from collections.abc import Sequence

from agentskiller_assets.errors import AgentSkillerError, RolloutError
from agentskiller_assets.rollouts.actors import Cast
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.conversation import Limits, Sides, converse, rollout_id
from agentskiller_assets.rollouts.journal import Journal
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.runtime import Environment

_MOST_SHOWN = 3


def hold_conversations(
    cases: Sequence[Case],
    environment: Environment,
    agents: Cast,
    users: Cast,
    *,
    limits: Limits | None = None,
    concurrency: int = 8,
    journal: Journal | None = None,
) -> list[Rollout]:
    """One rollout for each case, in the order of the cases, at most `concurrency` at a time.

    A conversation that fails is not recorded. The others are still held, and kept in the journal if there is one;
    then `RolloutError` names the first that failed and why.
    """
    bounds = limits or Limits()
    settings = f"{agents.settings} {users.settings} {bounds.turns} {bounds.calls}"
    sides = Sides(agent=agents.name, user=users.name, settings=settings)
    found = asyncio.run(_hold_all(cases, environment, agents, users, sides, bounds, concurrency, journal))
    failed = [(case, each) for case, each in zip(cases, found, strict=True) if isinstance(each, BaseException)]
    if failed:
        raise _summary(failed, len(cases), journal)
    held = [each for each in found if isinstance(each, Rollout)]
    if journal is not None:
        journal.drop_others(each.id for each in held)
    return [each.model_copy(update={"position": position}) for position, each in enumerate(held)]


async def _hold_all(
    cases: Sequence[Case],
    environment: Environment,
    agents: Cast,
    users: Cast,
    sides: Sides,
    limits: Limits,
    concurrency: int,
    journal: Journal | None,
) -> list[Rollout | BaseException]:
    room = asyncio.Semaphore(concurrency)

    async def hold(case: Case) -> Rollout:
        async with room:
            known = journal.find(rollout_id(case, sides)) if journal else None
            if known is not None:
                return known
            rollout = await converse(case, environment, agents.join(case), users.join(case), sides, limits)
            if journal is not None:
                journal.keep(rollout)
            return rollout

    return list(await asyncio.gather(*(hold(case) for case in cases), return_exceptions=True))


def _summary(failed: Sequence[tuple[Case, BaseException]], total: int, journal: Journal | None) -> Exception:
    """One error for all conversations that failed. What is no conversation's fault is raised as it is."""
    for _, error in failed:
        if not isinstance(error, AgentSkillerError):
            raise error
    shown = "; ".join(f"{case.query.id}: {error}" for case, error in failed[:_MOST_SHOWN])
    domain = failed[0][0].query.domain
    kept = "What is finished is kept; run it again for the rest." if journal else "Mend it and run again."
    return RolloutError(domain, f"{len(failed)} of {total} conversations failed: {shown}", kept)
