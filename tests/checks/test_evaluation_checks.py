"""The checks of the evaluations find what is planted, and name it."""

from collections.abc import Iterator
from typing import Any, cast

import dagster as dg
import pytest

from agentskiller_assets.environment.builds import make_tool_list
from agentskiller_assets.evaluation.checks import evaluation_checks, fused_evaluation_checks, unexplained
from agentskiller_assets.evaluation.models import Evaluation, Part
from tests.checks.planting import Case, Garden, Planted, altered, assert_found
from tests.fusion.pairs import pair, population
from tests.world import Clinic, clinic

garden = Garden()


@garden.plants(evaluation_checks, "complete")
def a_conversation_that_nobody_evaluated(world: Clinic) -> Planted:
    return Planted({"evaluations": world.evaluations[1:]}, f"{world.rollouts[0].id} has 0 evaluations")


@garden.plants(evaluation_checks, "complete")
def a_conversation_that_was_evaluated_twice(world: Clinic) -> Planted:
    again = world.evaluations[0].model_copy(update={"id": "evaluation_again"})
    return Planted({"evaluations": [*world.evaluations, again]}, f"{world.rollouts[0].id} has 2 evaluations")


@garden.plants(evaluation_checks, "complete")
def an_evaluation_of_no_conversation(world: Clinic) -> Planted:
    found = altered(world.evaluations, 3, rollout="rollout_made_up")
    return Planted({"evaluations": found}, f"{found[3].id} is of no conversation")


@garden.plants(evaluation_checks, "complete")
def no_evaluations_at_all(_: Clinic) -> Planted:
    return Planted({"evaluations": []}, "there are no evaluations")


@garden.plants(evaluation_checks, "scores_have_reasons")
def a_score_that_is_not_the_product_of_its_parts(world: Clinic) -> Planted:
    parts = (Part(name="action", score=0.0, reasons=("nothing was done",)), *world.evaluations[1].parts[1:])
    found = altered(world.evaluations, 1, parts=parts)
    return Planted({"evaluations": found}, f"{found[1].id}: its score 1.0 is not the product of its parts")


@garden.plants(evaluation_checks, "scores_have_reasons")
def a_score_without_a_reason(world: Clinic) -> Planted:
    return _marked(world, Part(name="action", score=0.0), "action is 0.0 with 0 reasons")


@garden.plants(evaluation_checks, "scores_have_reasons")
def a_perfect_score_with_a_reason_against_it(world: Clinic) -> Planted:
    return _marked(world, Part(name="action", score=1.0, reasons=("hm",)), "action is 1.0 with 1 reasons")


@garden.plants(evaluation_checks, "scores_have_reasons")
def a_conversation_that_passes_with_less_than_everything(world: Clinic) -> Planted:
    part = Part(name="judge", score=0.9, reasons=("curt",))
    found = altered(world.evaluations, 0, parts=(*world.evaluations[0].parts, part), score=0.9)
    return Planted({"evaluations": found}, f"{found[0].id} has passed with a score of 0.9")


@garden.plants(evaluation_checks, "gold_passes")
def a_scripted_conversation_that_does_not_pass(world: Clinic) -> Planted:
    part = Part(name="policy", score=0.0, reasons=("nobody agreed",))
    found = altered(world.evaluations, 2, parts=(part,), score=0.0, passed=False)
    return Planted({"evaluations": found}, f"{found[2].id} of {found[2].rollout}: nobody agreed")


@garden.plants(evaluation_checks, "controls_fail")
def a_task_whose_answer_is_another_one(world: Clinic) -> Planted:
    """Whoever does it right tells the true answer, and then does not pass."""
    index = next(i for i, task in enumerate(world.validated_tasks) if task.task_kind == "inform")
    assert isinstance(world.validated_tasks[index].instance.answers[0][2], float)
    instance = world.validated_tasks[index].instance
    answers = tuple((goal, name, value + 1) for goal, name, value in instance.answers)
    tasks = altered(world.validated_tasks, index, instance=instance.model_copy(update={"answers": answers}))
    return Planted({"validated_tasks": tasks}, f"{tasks[index].id}: scripted agents score 0.0, because")


@pytest.mark.parametrize("case", garden.cases, ids=str)
def test_a_planted_fault_fails_its_check_which_names_the_record(case: Case) -> None:
    assert_found(case)


def test_evaluations_of_a_pair_pass_the_same_checks() -> None:
    inputs: dict[str, Any] = {
        "fused_evaluations": pair().evaluations,
        "fused_rollouts": pair().rollouts,
        "fused_blueprints": pair().blueprint,
        "fused_tool_lists": make_tool_list(pair().blueprint),
        "fused_policies": pair().policy,
        "fused_databases": pair().rows,
        "fused_templates": pair().templates,
        "fused_validated_tasks": pair().tasks,
        "fused_queries": pair().queries,
        "population": population(),
    }
    results = cast("Iterator[dg.AssetCheckResult]", fused_evaluation_checks(**inputs))

    assert {result.check_name: result.description for result in results} == dict.fromkeys(
        ("complete", "scores_have_reasons", "gold_passes", "controls_fail"), "nothing at fault"
    )


def test_a_model_that_fails_is_no_fault_of_the_evaluation() -> None:
    failed = Part(name="action", score=0.0, reasons=("cancel_appointment was not made",))
    evaluation = clinic().evaluations[0].model_copy(update={"parts": (failed,), "score": 0.0, "passed": False})

    assert unexplained([evaluation]) == []


def _marked(world: Clinic, part: Part, fault: str) -> Planted:
    """The first evaluation with another part in the place of its first one."""
    first: Evaluation = world.evaluations[0]
    found = altered(world.evaluations, 0, parts=(part, *first.parts[1:]), score=part.score, passed=part.score == 1.0)
    return Planted({"evaluations": found}, f"{found[0].id}: {fault}")
