"""The IO managers tie Dagster's runs to the warehouse. Also pins what they lean on in Dagster itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.errors import StorageError
from agentskiller_assets.partitions import domains_to_pairs
from io_managers.databases import DatabaseIOManager
from io_managers.records import RecordsIOManager
from resources.storage.catalog import CATALOG
from resources.storage.sidecars import Parent
from resources.storage.warehouse import Warehouse
from resources.warehouse import WarehouseResource
from tests.storage.library import Book, Chapter, book, environment

DOMAINS = dg.StaticPartitionsDefinition(["lending_library", "music", "zoo"])
PAIRS = dg.StaticPartitionsDefinition(["lending_library--zoo"])
TO_PAIRS = domains_to_pairs(PAIRS.get_partition_keys())


class Settings(dg.Config):
    seed: int = 7


@dg.asset(code_version="p1")
def people(config: Settings) -> list[Book]:
    return [book(f"Ada {config.seed}")]


@dg.asset(partitions_def=DOMAINS, code_version="t1")
def topics(context: dg.AssetExecutionContext, people: list[Book]) -> list[Book]:
    return [book(context.partition_key, parents=(people[0].id,))]


@dg.asset(partitions_def=DOMAINS)
def outline(topics: list[Book]) -> Chapter:
    return Chapter(id=f"chapter_{topics[0].title}", position=0, title=topics[0].title, parents=(topics[0].id,))


@dg.asset(partitions_def=DOMAINS, io_manager_key="database_io", deps=[people])
def databases(outline: Chapter) -> EnvironmentRows:
    return environment().model_copy(update={"parents": (outline.id,), "row_parents": {}})


@dg.asset(partitions_def=DOMAINS)
def tasks(databases: EnvironmentRows) -> list[Book]:
    return [book("Lend", parents=(databases.id,), pages=len(databases.rows["books"]))]


@dg.asset(partitions_def=PAIRS, ins={"outline": dg.AssetIn(partition_mapping=TO_PAIRS)})
def fused(outline: dict[str, Chapter]) -> list[Book]:
    return [book("+".join(outline), parents=tuple(chapter.id for chapter in outline.values()))]


@dg.asset(partitions_def=PAIRS, io_manager_key="database_io", ins={"databases": dg.AssetIn(partition_mapping=TO_PAIRS)})
def fused_databases(databases: dict[str, EnvironmentRows]) -> EnvironmentRows:
    first, second = databases.values()
    return first.model_copy(update={"parents": (first.id, second.id)})


@dg.asset
def overview(topics: dict[str, list[Book]]) -> list[Book]:
    return [book("; ".join(topics))]


ASSETS = [people, topics, outline, databases, tasks, fused, fused_databases, overview]


class Dagster:
    """An instance and a warehouse; `make` materializes assets as a run would."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        self.warehouse, self.instance = Warehouse(root), instance
        resource = WarehouseResource(root=str(root))
        self.resources = {
            "io_manager": RecordsIOManager(warehouse=resource),
            "database_io": DatabaseIOManager(warehouse=resource),
        }

    def make(self, *assets: Any, partition: str | None = None, **options: Any) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            ASSETS,
            selection=list(assets),
            partition_key=partition,
            instance=self.instance,
            resources=self.resources,
            **options,
        )

    def event(self, asset: str, partition: str | None = None) -> dg.AssetMaterialization:
        keys = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition] if partition else None)
        found = self.instance.fetch_materializations(keys, limit=1).records[0].asset_materialization
        assert found is not None
        return found

    def note(self, asset: str, partition: str | None = None) -> Any:
        return self.warehouse.materialization(asset, partition)


@pytest.fixture
def dagster(tmp_path: Path) -> Iterator[Dagster]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Dagster(tmp_path / "warehouse", instance)


def test_a_graph_is_stored_with_versions_settings_and_parents(dagster: Dagster) -> None:
    run = dagster.make(people, run_config={"ops": {"people": {"config": {"seed": 9}}}})
    dagster.make(topics, outline, databases, tasks, partition="lending_library")
    home = "lending_library"
    assert dagster.warehouse.read_records("people", Book, None) == [book("Ada 9")]
    assert dagster.warehouse.read_records("tasks", Book, home) == [book("Lend", parents=("database_lib",), pages=3)]
    assert dagster.warehouse.read_database(home).parents == ("chapter_lending_library",)
    note = dagster.note("people")
    assert (note.run_id, note.code_version, note.settings) == (run.run_id, "p1", {"seed": 9})
    assert note.author == "procedural"

    def parent(asset: str, partition: str | None = home) -> Parent:
        return Parent(asset=asset, partition=partition, data_version=dagster.note(asset, partition).data_version)

    assert dagster.note("topics", home).parents == (parent("people", None),)
    assert dagster.note("topics", home).code_version == "t1"
    assert dagster.note("databases", home).parents == (parent("outline"), parent("people", None))
    assert dagster.note("tasks", home).parents == (parent("databases"),)
    assert dagster.warehouse.query("SELECT count(*) FROM tasks")[1] == [(1,)]


def test_a_pair_loads_both_its_domains_and_an_overview_all(dagster: Dagster) -> None:
    dagster.make(people)
    for domain in DOMAINS.get_partition_keys():
        dagster.make(topics, outline, partition=domain)
    dagster.make(fused, partition="lending_library--zoo")
    dagster.make(overview)
    (pair,) = dagster.warehouse.read_records("fused", Book, "lending_library--zoo")
    assert pair.title == "lending_library+zoo"
    assert dagster.note("fused", "lending_library--zoo").parents == tuple(
        Parent(asset="outline", partition=domain, data_version=dagster.note("outline", domain).data_version)
        for domain in ("lending_library", "zoo")
    )
    assert dagster.warehouse.read_records("overview", Book, None)[0].title == "lending_library; music; zoo"


def test_a_pair_loads_the_databases_of_both_its_domains(dagster: Dagster) -> None:
    dagster.make(people)
    for domain in ("lending_library", "zoo"):
        dagster.make(topics, outline, databases, partition=domain)
    dagster.make(fused_databases, partition="lending_library--zoo")
    rows = dagster.warehouse.read_database("lending_library--zoo", "fused_databases")
    assert rows.rows == environment().rows
    parents = dagster.note("fused_databases", "lending_library--zoo").parents
    assert [(p.asset, p.partition) for p in parents] == [("databases", "lending_library"), ("databases", "zoo")]


def test_after_a_run_the_catalog_knows_what_it_stored_also_if_a_later_step_failed(dagster: Dagster) -> None:
    def views() -> set[str]:
        with duckdb.connect(str(dagster.warehouse.root / CATALOG), read_only=True) as client:
            client.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal")
            return {name for (name,) in client.fetchall()}

    dagster.make(people)
    assert "people" in views()
    run = dagster.make(topics, overview, partition="zoo", raise_on_error=False)
    assert not run.success, "the overview wants every domain"
    assert views() >= {"people", "topics", "lineage_edges"}


def test_a_pair_without_one_of_its_domains_says_which_and_how_to_make_it(dagster: Dagster) -> None:
    dagster.make(people)
    dagster.make(topics, outline, databases, partition="lending_library")
    said = "[zoo]: is not stored. Run `agentskiller run --domains zoo` to make it"
    for asset, upstream in ((fused, "outline"), (fused_databases, "databases")):
        run = dagster.make(asset, partition="lending_library--zoo", raise_on_error=False)
        assert f"{upstream}{said}" in failure(run)
    with pytest.raises(StorageError, match="Run `agentskiller run --pairs lending_library\\+zoo` to make it"):
        dagster.warehouse.read_records("fused", Book, "lending_library--zoo")


def test_dagster_honours_our_data_version_and_shows_what_was_stored(dagster: Dagster) -> None:
    """`io_managers.stamps.report` leans on `set_data_version` of the step context."""
    dagster.make(people)
    first = dagster.event("people")
    dagster.make(people)
    second = dagster.event("people")
    version = dagster.note("people").data_version
    for event in (first, second):
        assert event.tags is not None
        assert event.tags["dagster/data_version"] == version
        assert event.tags["dagster/data_version_is_user_provided"] == "true"
    path = dagster.warehouse.data_path("people", None)
    assert {name: value.value for name, value in second.metadata.items()} == {
        "dagster/row_count": 1,
        "path": str(path),
        "data_version": version,
        "size": path.stat().st_size,
        "parents": "none",
        "settings": "| setting | used | before |\n| --- | --- | --- |\n| seed | 7 |  |",
    }


def test_dagster_asks_for_exactly_the_partitions_a_run_maps_to(tmp_path: Path) -> None:
    """`io_managers.records.RecordsIOManager.load_input` leans on `asset_partition_keys`."""
    asked: list[tuple[str, list[str]]] = []

    class Asked(dg.IOManager):
        def handle_output(self, context: dg.OutputContext, obj: object) -> None:
            pass

        def load_input(self, context: dg.InputContext) -> Any:
            asked.append((context.asset_key.to_user_string(), list(context.asset_partition_keys)))
            return {} if context.asset_key == fused.key else [book("x")]

    dg.materialize(
        ASSETS,
        selection=[outline],
        partition_key="music",
        resources={"io_manager": Asked(), "database_io": Asked()},
    )
    assert asked == [("topics", ["music"])]


def test_upstream_made_again_while_a_step_runs_is_recorded_as_it_was_read(dagster: Dagster) -> None:
    @dg.asset
    def slow(people: list[Book]) -> list[Book]:
        note = dagster.note("people")
        dagster.warehouse.write_records("people", None, Book, [book("Someone else")], note.model_copy())
        return people

    dagster.make(people)
    read = dagster.note("people").data_version
    dg.materialize([*ASSETS, slow], selection=[slow], instance=dagster.instance, resources=dagster.resources)
    assert dagster.note("slow").parents == (Parent(asset="people", data_version=read),)
    assert dagster.note("people").data_version != read


def failure(run: dg.ExecuteInProcessResult) -> str:
    (event,) = run.get_step_failure_events()
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    assert error is not None
    assert error.cls_name == StorageError.__name__
    return error.message


def test_a_missing_upstream_partition_fails_with_what_to_run(dagster: Dagster) -> None:
    run = dagster.make(outline, partition="zoo", raise_on_error=False)
    assert "topics[zoo]: is not stored. Run `agentskiller run --domains zoo` to make it" in failure(run)


def test_outputs_and_inputs_that_are_no_records_are_refused(dagster: Dagster) -> None:
    @dg.asset
    def number() -> int:
        return 1

    @dg.asset
    def reader(people: Any) -> list[Book]:
        return people

    def run(asset: dg.AssetsDefinition) -> str:
        return failure(
            dg.materialize(
                [*ASSETS, asset],
                selection=[asset],
                instance=dagster.instance,
                resources=dagster.resources,
                raise_on_error=False,
            )
        )

    assert "number: cannot be stored or loaded as <class 'int'>" in run(number)
    assert "people: cannot be stored or loaded as typing.Any" in run(reader)


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_several_partitions_in_one_run_are_refused(dagster: Dagster) -> None:
    dagster.make(people)
    tags = {"dagster/asset_partition_range_start": "music", "dagster/asset_partition_range_end": "zoo"}

    @dg.asset(partitions_def=DOMAINS, backfill_policy=dg.BackfillPolicy.single_run())
    def batch(people: list[Book]) -> list[Book]:
        return people

    run = dg.materialize(
        [*ASSETS, batch],
        selection=[batch],
        instance=dagster.instance,
        resources=dagster.resources,
        tags=tags,
        raise_on_error=False,
    )
    assert "batch: one run asks for 2 partitions at once" in failure(run)


def test_the_author_comes_from_the_environment(dagster: Dagster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSKILLER_AUTHOR", "llm")
    dagster.make(people)
    assert dagster.note("people").author == "llm"


def test_the_root_comes_from_the_environment_or_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENTSKILLER_WAREHOUSE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert WarehouseResource().open().root == tmp_path / "warehouse"
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path / "other"))
    assert WarehouseResource().open().root == tmp_path / "other"


def test_a_partitioned_check_reads_its_own_partition_alone(dagster: Dagster) -> None:
    """Without `partitions_def` the IO manager would be asked for every partition of the asset."""

    @dg.asset_check(asset=topics, partitions_def=DOMAINS)
    def named(topics: list[Book]) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=[topic.title for topic in topics] == ["music"])

    dagster.make(people)
    run = dg.materialize(
        [*ASSETS, named],
        selection=dg.AssetSelection.assets(topics),
        partition_key="music",
        instance=dagster.instance,
        resources=dagster.resources,
    )
    assert [evaluation.passed for evaluation in run.get_asset_check_evaluations()] == [True]


def test_several_assets_of_one_step_are_stored_each_with_its_own_parents(dagster: Dagster) -> None:
    @dg.multi_asset(
        outs={"left": dg.AssetOut(code_version="l1"), "right": dg.AssetOut(code_version="r1")},
        internal_asset_deps={"left": {people.key}, "right": {people.key}},
    )
    def both(people: list[Book]) -> tuple[list[Book], list[Book]]:
        return people, people

    dagster.make(people)
    dg.materialize([*ASSETS, both], selection=[both], instance=dagster.instance, resources=dagster.resources)
    assert (dagster.note("left").code_version, dagster.note("right").code_version) == ("l1", "r1")
    assert [parent.asset for parent in dagster.note("right").parents] == ["people"]
