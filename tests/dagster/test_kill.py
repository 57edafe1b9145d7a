"""A run that is killed leaves nothing that passes for data, and the run after it ends as if nothing had happened."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from agentskiller_assets.core.records import Record
from agentskiller_assets.errors import StorageError
from agentskiller_assets.ontology.models import DomainTopic, Entity
from agentskiller_assets.tasks.models import ValidatedTask
from resources.storage.sidecars import MATERIALIZATIONS, Condition
from tests.dagster.instance import TemporaryInstance, catalog, pipeline
from tests.dagster.runner import ended, start
from tests.dagster.small import CLINIC, PER_DOMAIN

DEATHS: list[tuple[str, str, type[Record] | None, Condition]] = [
    (f"domain_topics/{CLINIC}.parquet", "domain_topics", DomainTopic, "missing"),
    ("warehouse.duckdb", "domain_topics", DomainTopic, "stored"),
    (f"{MATERIALIZATIONS}/entities/{CLINIC}.json", "entities", Entity, "unfinished"),
    (f"databases/{CLINIC}.duckdb", "databases", None, "unfinished"),
]
"""Just before which rename a run dies, and what then becomes of which asset."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> TemporaryInstance:
    """A domain whose run came to its end."""
    place = TemporaryInstance(tmp_path_factory.mktemp("undisturbed"))
    place.make(catalog(6), pipeline(CLINIC))
    return place


def test_runs_killed_one_after_the_other_end_as_an_undisturbed_run(
    undisturbed: TemporaryInstance, tmp_path: Path
) -> None:
    haunted = TemporaryInstance(tmp_path)
    assert haunted.run(catalog(6, dies_before="registry.yaml")) == -signal.SIGKILL
    assert haunted.warehouse.condition("domain_catalog", None) == "missing"
    haunted.make(catalog(6))

    for path, asset, model, condition in DEATHS:
        assert haunted.run(pipeline(CLINIC, dies_before=path)) == -signal.SIGKILL
        assert haunted.warehouse.condition(asset, CLINIC) == condition, path
        assert leftovers(haunted), f"something was about to become {path}"
        assert_only_whole_data_is_read(haunted, asset, model, condition)

    haunted.make(pipeline(CLINIC))
    assert data_versions(haunted) == data_versions(undisturbed)
    assert parquet_files(haunted) == parquet_files(undisturbed)
    assert visible_files(haunted) == visible_files(undisturbed)
    assert records(haunted) == records(undisturbed)


def test_a_kill_while_a_partition_is_replaced_leaves_nothing_that_could_be_the_old_or_the_new_one(
    undisturbed: TemporaryInstance, tmp_path: Path
) -> None:
    place = TemporaryInstance(tmp_path)
    shutil.copytree(undisturbed.root, place.root, dirs_exist_ok=True)
    later = ("instance_combos", "validated_tasks", "queries")
    victim = f"{MATERIALIZATIONS}/validated_tasks/{CLINIC}.json"

    assert place.run(pipeline(CLINIC, *later, tasks=20, dies_before=victim)) == -signal.SIGKILL
    assert {asset: place.warehouse.condition(asset, CLINIC) for asset in later} == {
        "instance_combos": "stored",
        "validated_tasks": "unfinished",
        "queries": "stored",
    }
    assert_only_whole_data_is_read(place, "validated_tasks", ValidatedTask, "unfinished")
    assert place.run(pipeline(CLINIC, "queries")) == 1, "nothing is made from an unfinished write"
    assert f"is an unfinished write. Run `agentskiller run --domains {CLINIC}`" in place.log.read_text("utf-8")

    place.make(pipeline(CLINIC, *later))
    assert data_versions(place) == data_versions(undisturbed)
    assert parquet_files(place) == parquet_files(undisturbed)


def test_one_seed_gives_the_same_bytes_and_another_seed_others(undisturbed: TemporaryInstance, tmp_path: Path) -> None:
    same, other = TemporaryInstance(tmp_path / "same"), TemporaryInstance(tmp_path / "other")
    runs = [
        start(place.environment, place.log, [catalog(6, seed), pipeline(CLINIC)])
        for place, seed in ((same, 7), (other, 8))
    ]
    assert [ended(run) for run in runs] == [0, 0]

    first, second, third = (parquet_files(place) for place in (undisturbed, same, other))
    assert first == second
    assert set(third) == set(first)
    assert [path for path in first if first[path] == third[path]] == []


def assert_only_whole_data_is_read(
    place: TemporaryInstance, asset: str, model: type[Record] | None, condition: Condition
) -> None:
    """What is not stored whole says so when it is read, and no leftover is taken for a partition."""
    warehouse = place.warehouse
    for name in PER_DOMAIN:
        assert set(warehouse.partitions_of(name)) <= {CLINIC}
    if condition == "stored":
        assert model
        assert warehouse.read_records(asset, model, CLINIC)
        return
    fault = "is not stored" if condition == "missing" else "is an unfinished write"
    with pytest.raises(StorageError, match=f"{fault}. Run `agentskiller run --domains {CLINIC}`"):
        if model:
            warehouse.read_records(asset, model, CLINIC)
        else:
            warehouse.read_database(CLINIC)


def data_versions(place: TemporaryInstance) -> dict[str, str]:
    """By sidecar."""
    notes = (place.root / MATERIALIZATIONS).glob("*/[!.]*.json")
    return {f"{note.parent.name}/{note.stem}": json.loads(note.read_text("utf-8"))["data_version"] for note in notes}


def parquet_files(place: TemporaryInstance) -> dict[str, bytes]:
    """Their bytes."""
    return {str(path.relative_to(place.root)): path.read_bytes() for path in place.root.glob("*/[!.]*.parquet")}


def visible_files(place: TemporaryInstance) -> set[str]:
    """All files that are not hidden."""
    paths = (path.relative_to(place.root) for path in place.root.rglob("*") if path.is_file())
    return {str(path) for path in paths if not path.name.startswith(".")}


def leftovers(place: TemporaryInstance) -> list[str]:
    """Temporary files that a killed run left."""
    return [path.name for path in place.root.rglob(".*.tmp*")]


def records(place: TemporaryInstance) -> tuple[int, int]:
    """How many records the views show, and how many different ones."""
    _, ((count, different),) = place.warehouse.query("SELECT count(*), count(DISTINCT (asset, id)) FROM records")
    assert count == different
    return count, different
