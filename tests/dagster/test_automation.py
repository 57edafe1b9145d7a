"""A changed pack marks exactly its own domains as stale, and the automation sensor makes exactly those again."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor
from dagster._core.definitions.observe import observe

from agentskiller_assets.authoring.procedural.author import HERE, ProceduralAuthor
from agentskiller_assets.dataset.stored import OF_DOMAINS
from agentskiller_assets.definitions import defs
from agentskiller_assets.jobs import CATALOG_ASSETS
from agentskiller_assets.ontology.catalog import UNREADABLE, fingerprints
from resources.author import AUTHOR_SOURCES

CLINIC, LESSONS = "clinic_appointments", "music_lessons"
DATASET = ("dataset_selection", "training_dataset", "dataset_report")
MADE = ("domain_topics", "entities", "entity_graph", "blueprints", "tool_lists")


@dataclass
class Place:
    """An instance with two domains made as far as their tools, from packs of its own."""

    instance: dg.DagsterInstance
    packs: Path

    def run(self, assets: tuple[str, ...], partition: str | None = None) -> None:
        keys = [dg.AssetKey(asset) for asset in assets]
        job = "catalog" if partition is None else "domain_pipeline"
        made = defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            asset_selection=keys,
            partition_key=partition,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        assert made.success

    def observe(self) -> None:
        source = defs.resolve_asset_graph().assets_def_for_key(dg.AssetKey(AUTHOR_SOURCES))
        assert observe([source], instance=self.instance).success

    def report(self, asset: str, version: str) -> None:
        """As if the asset of the first domain, or of all, had been made with this content."""
        tags = {"dagster/data_version": version}
        partition = None if asset in DATASET else CLINIC
        made = dg.AssetMaterialization(asset_key=asset, partition=partition, tags=tags)
        self.instance.report_runless_asset_event(made)

    def evaluate(
        self, cursor: AssetDaemonCursor | None = None, assets: tuple[str, ...] = MADE
    ) -> dg.EvaluateAutomationConditionsResult:
        selected = dg.AssetSelection.assets(*assets)
        return dg.evaluate_automation_conditions(defs, self.instance, asset_selection=selected, cursor=cursor)

    def requested(
        self, result: dg.EvaluateAutomationConditionsResult, assets: tuple[str, ...] = MADE
    ) -> dict[str, set[str]]:
        found = {asset: result.get_requested_partitions(dg.AssetKey(asset)) for asset in assets}
        return {asset: {str(each) for each in partitions} for asset, partitions in found.items() if partitions}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    packs = Path(shutil.copytree(HERE / "packs", tmp_path / "packs"))
    monkeypatch.setenv("AGENTSKILLER_PACKS", str(packs))
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path / "warehouse"))
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield Place(instance, packs)


def test_a_changed_pack_has_its_own_domains_made_again_and_no_other(place: Place) -> None:
    place.run(CATALOG_ASSETS)
    for domain in (CLINIC, LESSONS):
        place.run(MADE, domain)
    place.observe()
    first = place.evaluate()
    assert place.requested(first) == {}, "what was never made, or is as it was, is left alone"
    place.observe()
    second = place.evaluate(first.cursor)
    assert place.requested(second) == {}, "the same packs have the same versions"

    pack = place.packs / "healthcare.yaml"
    text = pack.read_text(encoding="utf-8")
    assert text.count("with the doctors of a practice.") == 1
    pack.write_text(text.replace("with the doctors of a practice.", "with the doctors of a group practice."))
    place.observe()

    third = place.evaluate(second.cursor)
    assert place.requested(third) == {asset: {CLINIC} for asset in MADE}
    place.run(MADE, CLINIC)
    assert place.requested(place.evaluate(third.cursor)) == {}, "what was made is not asked for again"


def test_a_pack_that_cannot_be_read_is_a_change_too(place: Place) -> None:
    found = fingerprints(ProceduralAuthor(packs=place.packs), [CLINIC, LESSONS])
    (place.packs / "healthcare.yaml").write_text("sector: [", encoding="utf-8")

    broken = fingerprints(ProceduralAuthor(packs=place.packs), [CLINIC, LESSONS])

    assert found[CLINIC] != broken[CLINIC] == UNREADABLE
    assert found[LESSONS] == broken[LESSONS]


def test_the_dataset_is_made_again_of_what_there_is(place: Place) -> None:
    """Music lessons are registered, too, and never made."""
    made = (*OF_DOMAINS, "queries", *DATASET)
    place.run(CATALOG_ASSETS)
    for asset in made:
        place.report(asset, "first")
    first = place.evaluate(assets=made)
    assert place.requested(first, made) == {}
    place.report("evaluations", "first")
    place.report("queries", "second")
    again = place.evaluate(first.cursor, assets=made)
    assert place.requested(again, made) == {}, "the same content wakes nobody, nor do queries without conversations"

    place.report("evaluations", "second")
    changed = place.evaluate(again.cursor, assets=made)
    assert set(place.requested(changed, made)) == set(DATASET)


def test_the_freshness_of_the_dataset_is_looked_at_every_hour(place: Place) -> None:
    place.run(CATALOG_ASSETS)
    place.report("training_dataset", "first")
    check = dg.AssetCheckKey(dg.AssetKey("training_dataset"), "up_to_date")

    def asked(at: datetime, cursor: AssetDaemonCursor | None = None) -> dg.EvaluateAutomationConditionsResult:
        selected = dg.AssetSelection.checks(check)
        return dg.evaluate_automation_conditions(
            defs, place.instance, asset_selection=selected, cursor=cursor, evaluation_time=at
        )

    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    first = asked(noon - timedelta(minutes=20))
    second = asked(noon - timedelta(minutes=10), first.cursor)
    third = asked(noon + timedelta(minutes=1), second.cursor)
    assert [each.total_requested for each in (second, third)] == [0, 1]
