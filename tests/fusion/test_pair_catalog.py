"""The catalog of pairs is an asset: it writes the registry, and its checks name what is wrong with a pair."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest

from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.fusion.pair_catalog import domain_pair_catalog, pair_catalog_checks
from agentskiller_assets.ontology.assets import domain_catalog, population
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.registry import read_registry
from io_managers.records import RecordsIOManager
from resources.author import AuthorResource
from resources.llm import LLMResource
from resources.warehouse import Warehouse, WarehouseResource
from tests.dagster.small import catalog_config

CATALOG = [population, domain_catalog, domain_pair_catalog]


class Made:
    """A warehouse with catalogs of six domains and six pairs, and the run that made them."""

    def __init__(self, root: Path) -> None:
        self.warehouse, resource = Warehouse(root), WarehouseResource(root=str(root))
        self.run = dg.materialize(
            [*CATALOG, pair_catalog_checks],
            run_config=catalog_config(6),
            resources={
                "records": RecordsIOManager(warehouse=resource),
                "author": AuthorResource(llm=LLMResource(warehouse=resource)),
                "warehouse": resource,
            },
            raise_on_error=False,
        )

    @property
    def pairs(self) -> list[PairEntry]:
        return self.warehouse.read_records("domain_pair_catalog", PairEntry, None)

    @property
    def domains(self) -> list[CatalogEntry]:
        return self.warehouse.read_records("domain_catalog", CatalogEntry, None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("pairs"))


def found(made: Made, pairs: Sequence[PairEntry], domains: Sequence[CatalogEntry]) -> dict[str, str]:
    """What the checks say of these pairs, by check; nothing of those that pass."""
    inputs: dict[str, Any] = {"domain_pair_catalog": list(pairs), "domain_catalog": list(domains)}
    author = AuthorResource(llm=LLMResource(warehouse=WarehouseResource()))
    results = cast("Iterator[dg.AssetCheckResult]", pair_catalog_checks(**inputs, author=author))
    return {str(each.check_name): str(each.description) for each in results if not each.passed}


def test_the_catalog_is_stored_shown_and_registered(made: Made) -> None:
    assert made.run.success
    assert [pair.position for pair in made.pairs] == list(range(6))
    assert [pair.key for pair in made.pairs] == list(read_registry(made.warehouse.root).pairs)
    (event,) = made.run.asset_materializations_for_node("domain_pair_catalog")
    assert {"pairs", "pairs_added", "domains", "scores", "preview", "settings"} <= set(event.metadata)
    assert event.metadata["pairs"].value == "6 of 6"
    assert made.pairs[0].reason in str(event.metadata["preview"].value) or "…" in str(event.metadata["preview"].value)


def test_its_checks_pass_and_block(made: Made) -> None:
    assert {each.check_name: each.passed for each in made.run.get_asset_check_evaluations()} == {
        "keys_unique": True,
        "domains_exist": True,
        "bridged": True,
    }
    assert all(spec.blocking and spec.partitions_def is None for spec in pair_catalog_checks.check_specs)


def test_a_pair_that_is_there_twice_is_found(made: Made) -> None:
    first, second, *rest = made.pairs
    twin = second.model_copy(update={"key": first.key, "first": first.first, "second": first.second})

    said = found(made, [first, twin, *rest], made.domains)

    assert set(said) == {"keys_unique"}
    assert f"{twin.id}: {first.key!r} is there 2 times" in said["keys_unique"]


def test_a_key_that_is_not_that_of_the_domains_is_found(made: Made) -> None:
    first, *rest = made.pairs
    wrong = first.model_copy(update={"key": "--".join(reversed(first.key.split("--")))})

    assert f"{wrong.id}: {wrong.key!r} is not the key" in found(made, [wrong, *rest], made.domains)["keys_unique"]


def test_a_domain_that_is_not_in_the_catalog_is_found(made: Made) -> None:
    missing = made.pairs[0].first
    domains = [entry for entry in made.domains if entry.domain != missing]

    assert f"{made.pairs[0].id}: {missing!r} is not in" in found(made, made.pairs, domains)["domains_exist"]


def test_a_pair_that_nothing_leads_across_is_found(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentskiller_assets.authoring.procedural.author import ProceduralAuthor

    monkeypatch.setattr(ProceduralAuthor, "bridge", lambda *_: ())

    said = found(made, made.pairs, made.domains)

    assert set(said) == {"bridged"}
    assert f"{made.pairs[0].id}: nothing leads from {made.pairs[0].first}" in said["bridged"]
