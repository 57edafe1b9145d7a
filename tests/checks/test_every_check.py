"""Every check that is declared passes on a sound world, and has a planted fault that it must find."""

import dagster as dg
import pytest

import agentskiller_assets.environment.checks
import agentskiller_assets.evaluation.checks
import agentskiller_assets.ontology.checks
import agentskiller_assets.rollouts.checks
import agentskiller_assets.tasks.checks
from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.environment.models import PolicyEntry
from tests.checks import (
    test_environment_checks,
    test_evaluation_checks,
    test_ontology_checks,
    test_rollout_checks,
    test_task_checks,
)
from tests.checks.planting import answers, declared

DECLARED = {
    **declared(agentskiller_assets.ontology.checks),
    **declared(agentskiller_assets.environment.checks),
    **declared(agentskiller_assets.tasks.checks),
    **declared(agentskiller_assets.rollouts.checks),
    **declared(agentskiller_assets.evaluation.checks),
}
"""Those of pairs are the same functions, held against fused assets in their own tests."""
DECLARED = {key: each for key, each in DECLARED.items() if not key.startswith("fused_")}
CASES = [
    *test_ontology_checks.garden.cases,
    *test_environment_checks.garden.cases,
    *test_task_checks.garden.cases,
    *test_rollout_checks.garden.cases,
    *test_evaluation_checks.garden.cases,
]
DEFINITIONS = {key.partition(":")[0]: definition for key, definition in DECLARED.items()}


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS.keys())
def test_a_sound_world_passes(definition: dg.AssetChecksDefinition) -> None:
    found = {name: result.description for name, result in answers(definition, {}).items()}

    assert found == {spec.name: "nothing at fault" for spec in definition.check_specs}


def test_every_declared_check_has_a_planted_fault() -> None:
    assert {case.key for case in CASES} == set(DECLARED)


def test_every_check_blocks_what_is_built_on_its_asset() -> None:
    assert {spec.blocking for each in DEFINITIONS.values() for spec in each.check_specs} == {True}


def test_a_check_that_breaks_has_failed_with_all_that_stand_beside_it() -> None:
    @checks_of("policies", short="They are short.", kind="They are kind.")
    def broken(policies: list[PolicyEntry]) -> Faults:
        return {"short": [], "kind": [{}[clause.text] for clause in policies]}

    found = answers(broken, {})

    assert set(found) == {"short", "kind"}
    assert {result.passed for result in found.values()} == {False}
    assert all("the check broke: KeyError" in str(result.description) for result in found.values())
