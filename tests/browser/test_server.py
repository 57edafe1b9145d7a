"""What a user does in the UI: materialize by click, backfill, see a failure, mend it, add domains."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentskiller_assets.authoring.procedural.author import HERE
from agentskiller_assets.registry import Registry, write_registry
from tests.browser.webserver import Server, dagster_server, wait_for
from tests.cli.project import Project
from tests.cli.test_cli import run_ids

SOUND, BROKEN = "guided_rides", "music_lessons"
BACKFILL_S = 900
"""It takes less than a minute; a machine that has a lot else to do may need more."""
CHROMIUM = Path("/usr/bin/chromium")
AGAIN = """
mutation ($id: String!) {
  reexecutePartitionBackfill(reexecutionParams: { parentRunId: $id, strategy: FROM_FAILURE }) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}"""
BACKFILL = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status partitionStatuses { results { partitionName runStatus runId } } }
} }"""
EVENTS = """
query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
  ... on ExecutionStepFailureEvent { stepKey error { message causes { message } } }
} } } }"""
SETTINGS = """
query ($partition: String!) { assetNodeOrError(assetKey: { path: ["instance_combos"] }) { ... on AssetNode {
  assetMaterializations(partitions: [$partition], limit: 1) { metadataEntries {
    label ... on MarkdownMetadataEntry { mdStr } } } } } }"""
PARTITIONS = '{ assetNodeOrError(assetKey: { path: ["queries"] }) { ... on AssetNode { partitionKeys } } }'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two registered domains, one of which has a broken pack."""
    root = tmp_path_factory.mktemp("server")
    packs = shutil.copytree(HERE / "packs", root / "packs")
    project = Project(root, {"AGENTSKILLER_PACKS": str(packs)})
    write_registry(project.warehouse, Registry(domains=(SOUND, BROKEN)))
    with dagster_server(project) as running:
        _run_catalog(running, 3)
        yield running


def _run_catalog(server: Server, domains: int) -> None:
    launch = """
mutation ($config: RunConfigData!, $repository: String!, $location: String!) {
  launchRun(executionParams: {
    selector: { jobName: "catalog", repositoryName: $repository, repositoryLocationName: $location }
    runConfigData: $config
  }) { __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message }
       ... on RunConfigValidationInvalid { errors { message } } }
}"""
    config = {"ops": {"domain_catalog": {"config": {"target_domains": domains}}}}
    run = server.ask(launch, config=config, **server.location())["launchRun"]["run"]["id"]
    status = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"

    def ended() -> str | None:
        found = server.ask(status, id=run)["runOrError"]["status"]
        return found if found in ("SUCCESS", "FAILURE") else None

    assert wait_for("the catalog", ended, 120) == "SUCCESS"


def _backfill(server: Server, backfill: str, seconds: float) -> dict[str, dict[str, str]]:
    """Status and run of every partition, once all of them have ended."""

    def ended() -> dict[str, dict[str, str]] | None:
        found = server.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]
        if found["status"] in ("REQUESTED", "IN_PROGRESS"):
            return None
        return {each["partitionName"]: each for each in found["partitionStatuses"]["results"]}

    return wait_for("the backfill", ended, seconds)


def _settings_note(server: Server, domain: str) -> list[str]:
    """The rows of the table of settings that the UI shows for the instances of a domain."""
    node = server.ask(SETTINGS, partition=domain)["assetNodeOrError"]
    entries = node["assetMaterializations"][0]["metadataEntries"]
    return next(entry["mdStr"] for entry in entries if entry["label"] == "settings").splitlines()[2:]


def test_runs_are_kept_in_the_folder_of_the_environment_and_nowhere_else(server: Server):
    assert str(server.project.root / "dagster_home") in server.ask("{ instance { info } }")["instance"]["info"]


def test_growing_the_catalog_makes_new_partitions_appear_by_itself(server: Server):
    def partitions() -> list[str]:
        return server.ask(PARTITIONS)["assetNodeOrError"]["partitionKeys"]

    assert partitions()[:2] == [SOUND, BROKEN]
    wait_for("the third domain", lambda: len(partitions()) == 3, 60)


def test_a_backfill_loses_only_the_broken_domain_and_mending_it_completes_the_rest(server: Server):
    pack = server.project.root / "packs" / "music_education.yaml"
    sound = pack.read_text()
    pack.write_text(sound.replace("resource: teacher", "resource: nobody", 1))
    config = {"ops": {"instance_combos": {"config": {"tasks_per_domain": 20}}}}
    launched = server.backfill("domain_pipeline", [SOUND, BROKEN], config)
    first = _backfill(server, launched, BACKFILL_S)
    assert {name: each["runStatus"] for name, each in first.items()} == {SOUND: "SUCCESS", BROKEN: "FAILURE"}
    events = server.ask(EVENTS, run=first[BROKEN]["runId"])["logsForRun"]["events"]
    failure = next(event["error"] for event in events if event.get("error") and event["error"]["causes"])
    reason = failure["causes"][0]["message"]
    assert "music_education.yaml:" in reason
    assert "`resource: nobody` is not one of the entities" in reason
    made = run_ids(server.project, SOUND)
    pack.write_text(sound)
    again = server.ask(AGAIN, id=launched)["reexecutePartitionBackfill"]
    second = _backfill(server, again["backfillId"], BACKFILL_S)
    assert {name: each["runStatus"] for name, each in second.items() if each["runId"]} == {BROKEN: "SUCCESS"}
    assert run_ids(server.project, SOUND) == made
    assert len(run_ids(server.project, BROKEN)) == len(made) == 15
    assert _settings_note(server, SOUND) == ["| tasks_per_domain | 20 |  |"]
    # Upstream behaviour that `io_managers.settings` answers to: a re-executed backfill of a job has lost its config.
    assert _settings_note(server, BROKEN) == ["| tasks_per_domain | 60 | **20** in the run that this one repeats |"]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium (apt-get install chromium)")
def test_in_the_browser_one_partition_is_materialized_by_click_and_its_checks_are_shown(server: Server, tmp_path: Path):
    from playwright.sync_api import expect, sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(60_000)
        page.goto(f"{server.address}/asset-groups")
        for group in ("ontology", "environment", "tasks"):
            expect(page.get_by_text(group, exact=True).first).to_be_visible(timeout=60_000)
        page.goto(f"{server.address}/assets/domain_topics?view=partitions&partition={SOUND}")
        before = run_ids(server.project, SOUND).get("domain_topics")
        page.get_by_role("button", name="Materialize").first.click()
        page.get_by_role("button", name="Launch 1 run").click()

        def made() -> bool:
            return run_ids(server.project, SOUND).get("domain_topics") not in (None, before)

        wait_for("the run that was launched by click", made, 120)
        page.goto(f"{server.address}/assets/domain_topics?view=checks")
        expect(page.get_by_text("well_named").first).to_be_visible(timeout=60_000)
        expect(page.get_by_text("Succeeded").first).to_be_visible(timeout=60_000)
        page.goto(f"{server.address}/assets/domain_topics?view=partitions&partition={SOUND}")
        expect(page.get_by_text("found_by").first).to_be_visible(timeout=60_000)
        page.screenshot(path=tmp_path / "topic.png")
        browser.close()
