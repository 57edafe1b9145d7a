"""One domain, materialized in this process: what its events tell, and how it says no."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from agentskiller_assets.authoring import procedural
from agentskiller_assets.definitions import defs
from agentskiller_assets.ontology.models import CatalogEntry
from resources.freshness import Wanted, assess
from resources.storage.sidecars import Stamp
from resources.storage.warehouse import Warehouse
from tests.dagster.instance import TemporaryInstance
from tests.dagster.small import CLINIC, MUSIC, PER_DOMAIN, RIDES, catalog_config, pipeline_config

PACKS = Path(procedural.__file__).parent / "packs"
SHOWN = {
    "domain_topics": {"title", "description", "found_by", "keywords"},
    "entities": {"preview", "attributes"},
    "entity_graph": {"graph", "relations", "edges"},
    "blueprints": {"tables", "tools", "rules", "preview"},
    "tool_lists": {"tools", "preview"},
    "databases": {"tables", "rows", "counts", "preview"},
    "policies": {"policy", "clauses", "words"},
    "mcp_servers": {"tests_passed", "tests_failed", "mutants_caught", "module"},
    "tool_graphs": {"graph", "edges"},
    "task_templates": {"kinds", "lengths", "preview"},
    "instance_combos": {"kinds", "dropped", "templates_used"},
    "validated_tasks": {"certified", "rejected", "kinds", "rejections"},
    "queries": {"kinds", "preview", "lineage"},
    "rollouts": {"conversations", "mean_turns", "mean_calls", "distinct_2_user", "endings", "first"},
    "evaluations": {"conversations", "passed", "pass_rate", "pass_hat_1", "part_action", "report"},
}
"""What every asset shows of its content."""
STORED = {"dagster/row_count", "path", "data_version", "size", "parents"}
"""What every asset shows of its storage."""


@dataclass(frozen=True)
class Library:
    """An instance with a catalog of two domains, of which the first is made."""

    instance: dg.DagsterInstance
    root: Path
    first: dg.ExecuteInProcessResult

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.root)

    def run(self, domain: str, *assets: str, **more: Any) -> dg.ExecuteInProcessResult:
        """A run of the pipeline for a domain, or of some of its assets."""
        return run(self.instance, "domain_pipeline", partition_key=domain, assets=assets, **more)

    def metadata(self, asset: str) -> dict[str, Any]:
        """Values of what the first run shows of an asset."""
        found = [e for e in self.first.get_asset_materialization_events() if e.asset_key == dg.AssetKey(asset)]
        return {name: value.value for name, value in found[0].materialization.metadata.items()}

    def versions(self) -> dict[str, str | None]:
        """Data versions of the first domain, as the warehouse has them."""
        notes = {asset: self.warehouse.materialization(asset, CLINIC) for asset in PER_DOMAIN}
        return {asset: note.data_version if note else None for asset, note in notes.items()}


def run(instance: dg.DagsterInstance, job: str, assets: tuple[str, ...] = (), **more: Any) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
        raise_on_error=False,
        **more,
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    place = TemporaryInstance(tmp_path_factory.mktemp("materialize"))
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.local_temp(str(place.home)) as instance:
        patch.setenv("AGENTSKILLER_WAREHOUSE", str(place.root))
        patch.delenv("AGENTSKILLER_PACKS", raising=False)
        assert run(instance, "catalog", run_config=catalog_config(2)).success
        first = run(instance, "domain_pipeline", partition_key=CLINIC, run_config=pipeline_config())
        yield Library(instance, place.root, first)


def test_a_domain_becomes_everything_from_topic_to_evaluated_conversations(library: Library) -> None:
    made = {str(event.step_key) for event in library.first.get_asset_materialization_events()}

    assert library.first.success
    assert made == set(PER_DOMAIN)
    assert all(each.passed for each in library.first.get_asset_check_evaluations())
    assert {each.partition for each in library.first.get_asset_check_evaluations()} == {CLINIC}
    assert {library.warehouse.condition(asset, CLINIC) for asset in PER_DOMAIN} == {"stored"}


@pytest.mark.parametrize("asset", PER_DOMAIN)
def test_every_asset_shows_its_content_and_where_it_is_stored(library: Library, asset: str) -> None:
    shown = library.metadata(asset)

    assert SHOWN[asset] | STORED <= set(shown)
    assert shown["dagster/row_count"] > 0
    assert Path(shown["path"]).is_file()
    assert all(value != "" for value in shown.values())


def test_previews_and_counts_are_tables_a_person_can_read(library: Library) -> None:
    counts = library.metadata("databases")["counts"].splitlines()

    assert counts[:2] == ["| table | rows |", "| --- | --- |"]
    assert {line.split("|")[2].strip() for line in counts[2:]} == {"150"}
    assert library.metadata("queries")["preview"].startswith("| task_kind | first_message | instruction |")
    assert len(library.metadata("validated_tasks")["kinds"].splitlines()) >= 5, "three kinds of certified tasks"
    assert library.metadata("validated_tasks")["certified"] >= 10


def test_graphs_are_shown_as_mermaid_diagrams(library: Library) -> None:
    for asset in ("entity_graph", "tool_graphs"):
        lines = library.metadata(asset)["graph"].splitlines()
        assert (lines[0], lines[-1]) == ("```mermaid", "```")
        assert any("-->" in line for line in lines)


def test_the_policy_and_the_server_are_shown_in_full(library: Library) -> None:
    policy, server = library.metadata("policies"), library.metadata("mcp_servers")

    assert len(policy["policy"].split()) == policy["words"] > 200
    assert "def build_server" in server["module"]
    assert (server["tests_passed"] > 10, server["tests_failed"]) == (True, 0)


def test_the_lineage_of_a_query_is_shown(library: Library) -> None:
    lineage = library.metadata("queries")["lineage"]

    assert [kind for kind in ("task", "template", "blueprint", "topic") if f"{kind}_" not in lineage] == []


def test_parents_are_links_with_the_data_version_that_was_read(library: Library) -> None:
    topic = library.versions()["domain_topics"]

    assert (
        f"- [domain_topics of {CLINIC}](/assets/domain_topics?partition={CLINIC}) `{topic}`"
        in library.metadata("blueprints")["parents"].splitlines()
    )


def test_an_asset_with_settings_shows_those_that_it_used(library: Library) -> None:
    assert library.metadata("databases")["settings"].splitlines()[2:] == ["| rows_per_table | 150 |  |"]
    assert "settings" not in library.metadata("policies")


def test_a_run_that_repeats_another_one_without_its_settings_says_so(library: Library) -> None:
    repeated = library.instance.create_run_for_job(
        defs.resolve_job_def("domain_pipeline"), run_config=pipeline_config(tasks=12)
    )
    again = run(
        library.instance,
        "domain_pipeline",
        ("instance_combos",),
        partition_key=CLINIC,
        run_config=pipeline_config(tasks=16),
        tags={"dagster/parent_run_id": repeated.run_id},
    )
    (made,) = again.get_asset_materialization_events()
    note = made.materialization.metadata["settings"].value

    assert "| tasks_per_domain | 16 | **12** in the run that this one repeats |" in str(note)


def test_dagster_has_the_data_versions_of_the_sidecars(library: Library) -> None:
    records = {
        asset: library.instance.get_latest_data_version_record(dg.AssetKey(asset), partition_key=CLINIC)
        for asset in PER_DOMAIN
    }
    told = {
        asset: record.asset_materialization.tags["dagster/data_version"]
        for asset, record in records.items()
        if record and record.asset_materialization and record.asset_materialization.tags
    }

    assert told == library.versions()
    assert None not in told.values()


def test_making_a_domain_again_keeps_every_data_version(library: Library) -> None:
    before = library.versions()
    again = library.run(CLINIC, run_config=pipeline_config())
    notes = [library.warehouse.materialization(asset, CLINIC) for asset in PER_DOMAIN]

    assert again.success
    assert library.versions() == before
    assert {note.run_id for note in notes if note} == {again.run_id}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"rows_per_table": 5}, r"rows_per_table\s+Input should be greater than or equal to 150"),
        ({"rows_per_table": "many"}, r'rows_per_table. Value "many" .* not valid for expected type "Int"'),
        ({"row_per_table": 300}, r'unexpected config entry "row_per_table".*Expected: .*rows_per_table'),
    ],
)
def test_a_wrong_setting_fails_and_says_which_and_why(library: Library, setting: dict[str, Any], message: str) -> None:
    before = library.warehouse.materialization("databases", CLINIC)
    config = {"ops": {"databases": {"config": setting}}}

    with pytest.raises((dg.DagsterInvalidConfigError, Refused), match=message):
        raise_failure(library.run(CLINIC, "databases", run_config=config))
    assert library.warehouse.materialization("databases", CLINIC) == before


def test_a_time_that_is_none_fails_and_says_how_to_write_one(library: Library) -> None:
    config = {"ops": {"domain_catalog": {"config": {"simulation_time": "tomorrow"}}}}

    with pytest.raises(Refused, match=r"simulation_time\s+String should match pattern"):
        raise_failure(run(library.instance, "catalog", assets=("domain_catalog",), run_config=config))


def test_more_domains_than_there_are_fail_and_say_how_many_there_are(library: Library) -> None:
    config = {"ops": {"domain_catalog": {"config": {"target_domains": 10_000}}}}

    with pytest.raises(Refused, match=r"target_domains=10000: the packs have only \d+ services. Ask for at most \d+"):
        raise_failure(run(library.instance, "catalog", assets=("domain_catalog",), run_config=config))
    assert len(library.warehouse.read_records("domain_catalog", CatalogEntry, None)) == 2


def test_a_partition_that_nobody_registered_is_refused(library: Library) -> None:
    with pytest.raises(dg.DagsterUnknownPartitionError, match="nowhere"):
        library.run("nowhere")


def test_a_registered_domain_that_the_catalog_lacks_says_how_to_add_it(library: Library) -> None:
    refused = library.run(RIDES)

    with pytest.raises(
        Refused,
        match=f"domain '{RIDES}': is not in the stored catalog .*--domains {RIDES}`, or",
    ):
        raise_failure(refused)
    assert executed(refused) == {"domain_topics"}


def test_a_malformed_pack_names_file_line_and_fix(library: Library, tmp_path: Path) -> None:
    pack = _changed_pack(tmp_path, "prefix: STU", "prefix: [STU]")
    refused = library.run(MUSIC, "domain_topics", run_config=_with_packs(tmp_path))

    line = next(n for n, text in enumerate(pack.read_text("utf-8").splitlines(), 1) if "prefix: [STU]" in text)
    with pytest.raises(Refused, match=rf"{pack}:{line}: `role.prefix`: .* Correct the value on that line"):
        raise_failure(refused)
    assert library.warehouse.condition("domain_topics", MUSIC) == "missing"


def test_a_failed_check_names_the_record_and_stops_all_that_is_built_on_it(library: Library, tmp_path: Path) -> None:
    _changed_pack(tmp_path, "years_of_teaching:", "teaching_data:")
    stopped = library.run(MUSIC, run_config=_with_packs(tmp_path))
    (failed,) = [each for each in stopped.get_asset_check_evaluations() if not each.passed]

    assert (failed.asset_key, failed.check_name, failed.partition) == (
        dg.AssetKey("entities"),
        "stable_attributes",
        MUSIC,
    )
    assert "teaching_data" in str(failed.description)
    assert executed(stopped) == {"domain_topics", "domain_topics_checks", "entities", "entities_checks"}
    assert library.warehouse.condition("entity_graph", MUSIC) == "missing"


def test_what_failed_a_check_is_stale_until_it_is_made_again_and_passes(library: Library, tmp_path: Path) -> None:
    code = defs.resolve_asset_graph().get(dg.AssetKey("entities")).code_version
    upstream = (("domain_topics", MUSIC),)
    wanted = Wanted(asset="entities", partition=MUSIC, upstream=upstream, code_version=code)

    def reasons() -> list[str]:
        return list(assess(library.warehouse, [wanted])[0].reasons)

    _changed_pack(tmp_path, "years_of_teaching:", "teaching_data:")
    library.run(MUSIC, run_config=_with_packs(tmp_path))
    assert reasons() == ["check stable_attributes failed"]
    library.run(MUSIC, "entity_graph")
    assert reasons() == ["check stable_attributes failed"], "a run of something else changes nothing"
    library.run(MUSIC, "domain_topics", "entities")
    assert reasons() == []


def test_a_fault_in_a_stored_catalog_is_found_before_anything_is_built_on_it(library: Library) -> None:
    catalog = library.warehouse.read_records("domain_catalog", CatalogEntry, None)
    spoilt = [
        entry.model_copy(update={"description": "Books a music_lesson."}) if entry.domain == MUSIC else entry
        for entry in catalog
    ]
    library.warehouse.write_records("domain_catalog", None, CatalogEntry, spoilt, Stamp(run_id="by hand"))
    try:
        stopped = library.run(MUSIC)
    finally:
        library.warehouse.write_records("domain_catalog", None, CatalogEntry, catalog, Stamp(run_id="by hand"))
    (failed,) = [each for each in stopped.get_asset_check_evaluations() if not each.passed]

    assert (failed.check_name, executed(stopped)) == ("well_named", {"domain_topics", "domain_topics_checks"})
    assert "music_lesson" in str(failed.description)


class Refused(Exception):
    """A run's step failed, with the messages of the errors behind it."""


def raise_failure(result: dg.ExecuteInProcessResult) -> None:
    """Raises `Refused` with what went wrong first."""
    for event in result.all_events:
        if event.is_step_failure:
            messages, error = [], event.step_failure_data.error
            while error:
                messages.append(error.message)
                error = error.cause
            raise Refused("\n".join(messages))


def executed(result: dg.ExecuteInProcessResult) -> set[str]:
    """Steps that were started."""
    return {str(event.step_key) for event in result.all_events if event.event_type_value == "STEP_START"}


def _with_packs(folder: Path) -> dict[str, Any]:
    return {"resources": {"author": {"config": {"packs": str(folder)}}}}


def _changed_pack(folder: Path, old: str, new: str) -> Path:
    """Copies the packs to a folder and changes one text in that of the music school."""
    shutil.copytree(PACKS, folder, dirs_exist_ok=True)
    pack = folder / "music_education.yaml"
    text = pack.read_text(encoding="utf-8")
    assert old in text
    pack.write_text(text.replace(old, new), encoding="utf-8")
    return pack
