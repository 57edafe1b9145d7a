"""The author that asks models, in Dagster's runs: what it costs, where lineage ends, and how a partition fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from agentskiller_assets.definitions import defs
from agentskiller_assets.tasks.models import Query
from resources.author import AuthorResource, author_of, open_author
from resources.lineage import Lineage
from resources.llm import LLMResource
from resources.storage.warehouse import Warehouse
from resources.warehouse import WarehouseResource
from tests.authoring.llm.bad import BadModel, hallucinated_columns, tools
from tests.authoring.llm.careless import CarelessModel
from tests.authoring.llm.kit import Answering, served
from tests.dagster.instance import TemporaryInstance
from tests.dagster.small import CLINIC, GROUPS, PER_DOMAIN, UNPARTITIONED, catalog_config, pipeline_config
from tests.dagster.test_materialize import Refused, raise_failure
from tests.llm.kit import KEY, VARIABLE
from tests.llm.server import ModelServer

ASKING = {"entities", "entity_graph", "blueprints", "databases", "policies", "tool_graphs", "task_templates", "queries"}
"""Assets of a domain that cannot do without the author's own words."""


@dataclass(frozen=True)
class Library:
    """An instance in which a model writes the clinic."""

    place: TemporaryInstance
    instance: dg.DagsterInstance
    server: ModelServer
    first: dg.ExecuteInProcessResult

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.place.root)

    def run(self, *assets: str, **author: Any) -> dg.ExecuteInProcessResult:
        """The clinic's assets again, or some of them, with these settings of the author."""
        return _clinic(self.instance, assets or PER_DOMAIN, author)

    def versions(self) -> dict[str, str | None]:
        """Data versions of the clinic's assets."""
        notes = {asset: self.warehouse.materialization(asset, CLINIC) for asset in PER_DOMAIN}
        return {asset: note.data_version if note else None for asset, note in notes.items()}

    def metadata(self, asset: str) -> dict[str, Any]:
        """What the first run shows of an asset."""
        (event,) = [e for e in self.first.get_asset_materialization_events() if e.asset_key == dg.AssetKey(asset)]
        return {name: value.value for name, value in event.materialization.metadata.items()}


def _run(instance: dg.DagsterInstance, job: str, assets: tuple[str, ...], **more: Any) -> dg.ExecuteInProcessResult:
    keys = [dg.AssetKey(asset) for asset in assets]
    return defs.resolve_job_def(job).execute_in_process(
        instance=instance, asset_selection=keys, raise_on_error=False, **more
    )


def _clinic(
    instance: dg.DagsterInstance, assets: tuple[str, ...], author: dict[str, Any] | None = None
) -> dg.ExecuteInProcessResult:
    ops = {name: config for name, config in pipeline_config()["ops"].items() if name in assets}
    config = {"ops": ops, "resources": {"author": {"config": author or {}}}}
    return _run(instance, "domain_pipeline", assets, partition_key=CLINIC, run_config=config)


@pytest.fixture(scope="module")
def library(environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with opened(tmp_path_factory.mktemp("asking"), CarelessModel()) as library:
        yield library


@contextmanager
def opened(folder: Path, answering: Answering) -> Iterator[Library]:
    """An instance in which this model has written the clinic, as far as it could."""
    place = TemporaryInstance(folder)
    with (
        served(answering) as server,
        pytest.MonkeyPatch.context() as patch,
        dg.DagsterInstance.local_temp(str(place.home)) as instance,
    ):
        for name, value in {
            "AGENTSKILLER_WAREHOUSE": str(place.root),
            "AGENTSKILLER_AUTHOR": "llm",
            "AGENTSKILLER_BASE_URL": server.url,
            "AGENTSKILLER_TEXTUAL_MODEL": "writer",
            "AGENTSKILLER_CODING_MODEL": "coder",
            "AGENTSKILLER_KEY_VARIABLE": VARIABLE,
        }.items():
            patch.setenv(name, value)
        assert _run(instance, "catalog", UNPARTITIONED[:2], run_config=catalog_config(1)).success
        yield Library(place, instance, server, _clinic(instance, PER_DOMAIN))


def test_a_domain_is_made_and_passes_every_check(library: Library) -> None:
    assert library.first.success
    assert all(each.passed for each in library.first.get_asset_check_evaluations())
    assert {library.warehouse.condition(asset, CLINIC) for asset in PER_DOMAIN} == {"stored"}


def test_sidecars_name_the_author_and_the_calls(library: Library) -> None:
    notes = {asset: library.warehouse.materialization(asset, CLINIC) for asset in PER_DOMAIN}
    calls = {asset: note.call_ids for asset, note in notes.items() if note and note.call_ids}

    assert {note.author for note in notes.values() if note} == {"llm"}
    assert set(calls) >= ASKING
    assert set(calls) & {"domain_topics", "tool_lists", "validated_tasks", "mcp_servers"} == set()


def test_usage_is_shown_for_every_asset_and_for_a_certified_task(library: Library) -> None:
    shown = library.metadata("queries")
    asked = [library.metadata(asset) for asset in ASKING]
    paid = sum(each["llm_calls"] - each["llm_calls_from_cassette"] for each in asked)
    catalog = library.warehouse.materialization("domain_catalog", None)

    assert catalog is not None
    assert paid + len(catalog.call_ids) == len(library.server.answered)
    assert shown["llm_calls_per_task"] == round(paid / shown["dagster/row_count"], 2)
    assert shown["llm_tokens_per_task"] == round(16 * paid / shown["dagster/row_count"])
    assert "llm_calls" not in library.metadata("tool_lists")


def test_the_lineage_of_a_query_ends_at_prompts_and_answers(library: Library) -> None:
    query = library.warehouse.read_records("queries", Query, CLINIC)[0]
    nodes = Lineage(library.warehouse).up(query.id).nodes
    ends = [node.label for node in nodes.values() if node.kind == "call"]

    assert {label.partition(",")[0] for label in ends} >= {
        "ontology/topic", "ontology/entities", "blueprint/tool", "databases/table", "tasks/phrases", "tasks/query",
    }  # fmt: skip
    assert any(query.first_message[:30] in label for label in ends if label.startswith("tasks/query"))


def test_a_second_run_asks_nobody_and_keeps_every_data_version(library: Library) -> None:
    before, asked = library.versions(), len(library.server.requests)

    again = library.run()

    assert again.success
    assert library.versions() == before
    assert len(library.server.requests) == asked


def test_offline_everything_is_made_again_from_what_was_recorded(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = library.versions()
    monkeypatch.setenv("AGENTSKILLER_OFFLINE", "1")
    monkeypatch.setenv("AGENTSKILLER_BASE_URL", "http://127.0.0.1:9/v1")

    assert library.run("entities", "entity_graph", "blueprints", "policies").success
    assert library.versions() == before


def test_one_asset_can_have_another_author(library: Library) -> None:
    made = library.run("policies", author_of={"policies": "procedural"})
    note = library.warehouse.materialization("policies", CLINIC)

    assert made.success
    assert note is not None
    assert (note.author, note.call_ids) == ("procedural", ())
    assert author_of(made.run_id, "policies", CLINIC) == "procedural"
    assert library.run("policies").success


def test_the_key_is_nowhere(library: Library) -> None:
    files = [path for path in library.place.folder.rglob("*") if path.is_file()]
    events = [str(event) for event in library.first.all_events]

    assert len(files) > 100
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert not any(KEY in event for event in events)


def test_a_bad_model_fails_its_partition_with_the_reason_and_emits_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, BadModel(tools(hallucinated_columns))) as library:
        with pytest.raises(Refused, match=r"prompt 'blueprint/tool'.*satisfaction_score") as caught:
            raise_failure(library.first)
        stored = {asset for asset in PER_DOMAIN if library.warehouse.condition(asset, CLINIC) == "stored"}
        last = str(caught.value).rpartition("the whole talk is in ")[2].partition(".")[0]
        found = library.warehouse.locate_calls([last])
        files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert stored == {"domain_topics", *GROUPS["ontology"][3:]}
    assert list(found) == [last]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_an_author_that_does_not_exist_says_which_do() -> None:
    with pytest.raises(Exception, match=r"AUTHOR=poet: there is no such author. Use `procedural` or `llm`"):
        open_author("poet")


def test_without_a_model_the_author_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AGENTSKILLER_TEXTUAL_MODEL", "AGENTSKILLER_CODING_MODEL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Exception, match=r"no model is named. Set AGENTSKILLER_TEXTUAL_MODEL"):
        open_author("llm")


def test_settings_of_the_author_decide_its_fingerprint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTSKILLER_TEXTUAL_MODEL", "writer")
    llm = LLMResource(warehouse=WarehouseResource(root=str(tmp_path)), script="tests.authoring.llm.good:good_answer")
    found = {
        AuthorResource(llm=llm, author="llm", temperature=temperature, rounds=rounds).open().fingerprint(CLINIC)
        for temperature, rounds in ((0.7, 3), (0.0, 3), (0.7, 1), (0.7, 3))
    }

    assert len(found) == 3
