"""Planted faults: what a module of checks must find, and the record that it must name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, TypeVar, cast

import dagster as dg

from agentskiller_assets.core.records import Record
from tests.world import Clinic, clinic

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Planted:
    """Assets with a fault in them, and what the check's answer must name."""

    assets: dict[str, Any]
    named: str


Plant = Callable[[Clinic], Planted]


@dataclass(frozen=True)
class Case:
    """One fault that one check must find."""

    definition: dg.AssetChecksDefinition
    check: str
    plant: Plant

    @property
    def key(self) -> str:
        """The check, as `asset:check`."""
        return f"{_asset_of(self.definition)}:{self.check}"

    def __str__(self) -> str:
        return f"{self.key}: {self.plant.__name__}"


class Garden:
    """The planted faults of one module of tests."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def plants(self, definition: dg.AssetChecksDefinition, check: str) -> Callable[[Plant], Plant]:
        """Registers a fault for a check of an asset."""
        return partial(self._add, definition, check)

    def _add(self, definition: dg.AssetChecksDefinition, check: str, plant: Plant) -> Plant:
        self.cases.append(Case(definition, check, plant))
        return plant


def declared(module: ModuleType) -> dict[str, dg.AssetChecksDefinition]:
    """Every check of a module, as `asset:check`, with the definition that runs it."""
    definitions = [each for each in vars(module).values() if isinstance(each, dg.AssetChecksDefinition)]
    return {f"{_asset_of(each)}:{spec.name}": each for each in definitions for spec in each.check_specs}


def answers(definition: dg.AssetChecksDefinition, assets: dict[str, Any]) -> dict[str, dg.AssetCheckResult]:
    """The result of every check of the definition on the clinic, with some assets replaced."""
    spec = next(iter(definition.check_specs))
    keys = [_asset_of(definition), *(dep.asset_key.to_user_string() for dep in spec.additional_deps)]
    inputs = {key: assets[key] if key in assets else clinic().asset(key) for key in keys}
    assert set(assets) <= set(inputs), "the fault is planted in an asset that the check does not see"
    results = cast("Iterator[dg.AssetCheckResult]", definition(**inputs))
    return {str(result.check_name): result for result in results}


def assert_found(case: Case) -> None:
    """The check fails on the planted fault, blocks, and names the record."""
    planted = case.plant(clinic())
    result = answers(case.definition, planted.assets)[case.check]
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert planted.named in str(result.description)


def altered(records: Sequence[R], index: int, **changes: Any) -> list[R]:
    """The records with one of them changed."""
    return [each.model_copy(update=changes) if position == index else each for position, each in enumerate(records)]


def _asset_of(definition: dg.AssetChecksDefinition) -> str:
    return next(iter(definition.check_specs)).asset_key.to_user_string()
