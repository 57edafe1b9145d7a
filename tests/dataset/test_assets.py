"""The assets of the dataset in Dagster: from whatever is stored, with lineage, and the same every time."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from agentskiller_assets.dataset import assets as dataset_assets
from agentskiller_assets.dataset import checks as dataset_checks
from agentskiller_assets.dataset.models import DatasetReport, Example, Selection
from agentskiller_assets.dataset.origins import DESCRIBING
from agentskiller_assets.dataset.stored import OF_DOMAINS, OF_PAIRS, Stored
from agentskiller_assets.metadata import PAIRS, PARTITIONS
from io_managers.records import RecordsIOManager
from resources.storage.warehouse import Warehouse
from resources.warehouse import WarehouseResource
from tests.dataset.kit import evaluated, store
from tests.world import DOMAIN

DATASET = ("dataset_selection", "training_dataset", "dataset_report")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Conversations of one domain; others are registered and not made."""
    return store(tmp_path_factory.mktemp("warehouse"), evaluated())


@pytest.fixture(scope="module")
def result(warehouse: Warehouse) -> Iterator[dg.ExecuteInProcessResult]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield _make(warehouse.root, instance)


def _make(root: Path, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    resource = WarehouseResource(root=str(root))
    of_domains, of_pairs = (
        [each for each in DESCRIBING if each.startswith("fused") == fused] for fused in (False, True)
    )
    upstream = [_stub(asset, PARTITIONS) for asset in (*OF_DOMAINS, *of_domains)]
    upstream += [_stub(asset, PAIRS) for asset in (*OF_PAIRS, *of_pairs)]
    definitions = dg.Definitions(
        assets=[*dg.load_assets_from_modules([dataset_assets]), *upstream],
        asset_checks=dg.load_asset_checks_from_modules([dataset_checks]),
        jobs=[dg.define_asset_job("dataset", dg.AssetSelection.groups("dataset"))],
        resources={"warehouse": resource, "records": RecordsIOManager(warehouse=resource)},
    )
    return definitions.resolve_job_def("dataset").execute_in_process(instance=instance, raise_on_error=False)


def _stub(name: str, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """An asset with these partitions that nobody makes here."""

    @dg.asset(name=name, partitions_def=partitions)
    def made() -> None: ...

    return made


def test_what_is_registered_and_not_made_is_simply_absent(result: dg.ExecuteInProcessResult, warehouse: Warehouse):
    assert result.success
    assert {str(each.step_key) for each in result.get_asset_materialization_events()} == set(DATASET)
    assert all(each.passed for each in result.get_asset_check_evaluations())
    assert len(result.get_asset_check_evaluations()) == 10
    selected = warehouse.read_records("dataset_selection", Selection, None)
    kept = warehouse.read_records("training_dataset", Example, None)
    assert [each.rollout for each in selected] == [each.id for each in evaluated().rollouts]
    assert {each.domain for each in kept} == {DOMAIN}
    assert len(kept) == sum(each.decision == "kept" for each in selected) > 30


def test_the_dataset_depends_on_all_domains_and_pairs_and_knows_what_it_was_made_from(
    result: dg.ExecuteInProcessResult, warehouse: Warehouse
):
    assert result.success
    note = warehouse.materialization("dataset_selection", None)
    assert note is not None
    made = warehouse.materialization("rollouts", DOMAIN)
    assert made is not None
    parents = {(parent.asset, parent.partition): parent.data_version for parent in note.parents}
    assert parents["rollouts", DOMAIN] == made.data_version
    assert {p for asset, p in parents if asset == "rollouts"} == set(PARTITIONS.get_partition_keys())
    assert note.settings["near_threshold"] == 0.9


def test_the_report_has_the_settings_and_the_inputs_of_the_selection(
    result: dg.ExecuteInProcessResult, warehouse: Warehouse
):
    assert result.success
    (report,) = warehouse.read_records("dataset_report", DatasetReport, None)
    examples = warehouse.materialization("training_dataset", None)
    assert examples is not None
    assert report.digest == examples.data_version
    assert [source.name for source in report.sources] == [f"evaluations[{DOMAIN}]", f"rollouts[{DOMAIN}]"]
    assert "| `near_threshold` | 0.9 |" in report.card


def test_made_again_it_has_the_same_data_version(result: dg.ExecuteInProcessResult, warehouse: Warehouse):
    assert result.success
    before = {asset: warehouse.materialization(asset, None) for asset in DATASET}
    with dg.DagsterInstance.ephemeral() as instance:
        assert _make(warehouse.root, instance).success
    after = {asset: warehouse.materialization(asset, None) for asset in DATASET}
    assert [each.data_version for each in after.values() if each] == [
        each.data_version for each in before.values() if each
    ]
    assert len([each for each in after.values() if each]) == len(DATASET)


@pytest.mark.parametrize("asset", OF_DOMAINS)
def test_what_failed_a_check_is_left_out(warehouse: Warehouse, asset: str):
    warehouse.note_checks(asset, DOMAIN, ["complete"])
    try:
        (found,) = list(Stored(warehouse))
        assert (len(found.rollouts), found.evaluations) == (len(evaluated().rollouts), {})
    finally:
        warehouse.note_checks(asset, DOMAIN, [])
    assert next(iter(Stored(warehouse))).evaluations
