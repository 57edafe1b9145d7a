"""The checks of the rollouts find what is planted, and name it."""

from collections.abc import Iterator
from typing import cast

import dagster as dg
import pytest

from agentskiller_assets.rollouts.checks import fused_rollout_checks, rollout_checks, unheld
from tests.checks.planting import Case, Garden, Planted, altered, assert_found
from tests.fusion.pairs import pair
from tests.world import Clinic

garden = Garden()


@garden.plants(rollout_checks, "prompted")
def a_conversation_without_its_policy(world: Clinic) -> Planted:
    first = world.rollouts[0]
    return Planted(
        {"rollouts": altered(world.rollouts, 0, messages=first.messages[1:])}, f"{first.id} has no system prompt"
    )


@garden.plants(rollout_checks, "prompted")
def a_conversation_without_tools(world: Clinic) -> Planted:
    return Planted({"rollouts": altered(world.rollouts, 2, tools=())}, f"{world.rollouts[2].id} has no tools")


@garden.plants(rollout_checks, "prompted")
def a_conversation_that_the_user_ends(world: Clinic) -> Planted:
    first = world.rollouts[0]
    cut = next(i for i in range(len(first.messages) - 1, 0, -1) if first.messages[i].role == "user")
    rollouts = altered(world.rollouts, 0, messages=first.messages[: cut + 1])
    return Planted({"rollouts": rollouts}, f"{first.id} ends with the user")


@garden.plants(rollout_checks, "different")
def the_same_conversation_with_another_name(world: Clinic) -> Planted:
    first, second = world.rollouts[:2]
    copied = tuple(
        m.model_copy(update={"content": m.content.replace("Dr. ", "Mr. ") if m.content else None})
        for m in first.messages
    )
    rollouts = altered(world.rollouts, 1, messages=copied)
    return Planted({"rollouts": rollouts}, f"{second.id} is {first.id} with other names")


@garden.plants(rollout_checks, "held")
def a_query_that_nobody_talked_about(world: Clinic) -> Planted:
    return Planted({"rollouts": world.rollouts[1:]}, f"{world.rollouts[0].query} has 0 of 1 conversations")


@garden.plants(rollout_checks, "held")
def a_conversation_about_no_query(world: Clinic) -> Planted:
    return Planted({"rollouts": altered(world.rollouts, 0, query="query_made_up")}, "query_made_up is no query")


@pytest.mark.parametrize("case", garden.cases, ids=str)
def test_what_is_planted_is_found(case: Case) -> None:
    assert_found(case)


def test_conversations_of_a_pair_pass_the_same_checks() -> None:
    results = cast(
        "Iterator[dg.AssetCheckResult]",
        fused_rollout_checks(fused_rollouts=pair().rollouts, fused_queries=pair().queries),
    )
    assert {result.check_name: result.description for result in results} == dict.fromkeys(
        ("prompted", "different", "held"), "nothing at fault"
    )
    assert unheld([], []) == ["there are no conversations"]
