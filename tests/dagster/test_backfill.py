"""A real webserver with its daemon, driven through GraphQL: new domains, backfills of all of them, and repairs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.authoring import procedural
from tests.dagster.instance import TemporaryInstance, catalog
from tests.dagster.server import LOCATION, REPOSITORY, Server, running
from tests.dagster.small import (
    CLINIC,
    MUSIC,
    PER_DOMAIN,
    PHARMACY,
    RIDES,
    catalog_config,
    eventually,
    pipeline_config,
)

PACKS = Path(procedural.__file__).parent / "packs"
SELECTOR = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY}
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}
PARTITIONS = """
query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode { partitionKeys
  partitionStats { numPartitions numMaterialized numFailed } } } }
"""
LAUNCH_RUN = """
mutation ($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) { __typename
  ... on LaunchRunSuccess { run { id } } ... on PythonError { message } } }
"""
LAUNCH_BACKFILL = """
mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
REEXECUTE = """
mutation ($params: ReexecutionParams!) { reexecutePartitionBackfill(reexecutionParams: $params) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
BACKFILL = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) { __typename ... on PartitionBackfill { status
  error { message }
  runs { id status tags { key value } stepStats { stepKey status } } } } }
"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
FAILURES = """
query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
  ... on ExecutionStepFailureEvent { stepKey error { message errorChain { error { message } } } } } } } }
"""


class Fleet:
    """The webserver as a user sees it: domains, runs and backfills."""

    def __init__(self, server: Server, place: TemporaryInstance, packs: Path) -> None:
        self.server, self.place, self.packs = server, place, packs

    def domains(self) -> list[str]:
        """Partitions of an asset of the domains."""
        return self._asset()["partitionKeys"]

    def counts(self) -> dict[str, int]:
        """Partitions of `queries`, by state."""
        return self._asset()["partitionStats"]

    def make_catalog(self, domains: int) -> str:
        """Materializes the catalog; the status in which that run ended."""
        selector = {**SELECTOR, "pipelineName": "catalog"}
        params = {"selector": selector, "mode": "default", "runConfigData": catalog_config(domains)}
        launched = self.server.ask(LAUNCH_RUN, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched

        def status() -> str | None:
            found = self.server.ask(RUN, id=launched["run"]["id"])["runOrError"]["status"]
            return found if found in FINISHED else None

        return eventually("the catalog is made", status, seconds=120)

    def backfill(self, domains: list[str]) -> str:
        """Starts the whole pipeline for these domains."""
        params = {
            "selector": {"repositorySelector": SELECTOR, "partitionSetName": "domain_pipeline_partition_set"},
            "partitionNames": domains,
            "runConfigData": pipeline_config(),
        }
        launched = self.server.ask(LAUNCH_BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return launched["backfillId"]

    def repeat_what_failed(self, backfill: str) -> str:
        """Re-executes a backfill from failure."""
        params = {"parentRunId": backfill, "strategy": "FROM_FAILURE"}
        launched = self.server.ask(REEXECUTE, params=params)["reexecutePartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return launched["backfillId"]

    def result(self, backfill: str) -> tuple[str, dict[str, dict[str, Any]]]:
        """Status of a backfill that has ended, and its runs by domain."""

        def ended() -> dict[str, Any] | None:
            found = self.server.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]
            assert found["__typename"] == "PartitionBackfill", found
            return found if found["status"].startswith(("COMPLETED", "FAILED", "CANCELED")) else None

        found = eventually("the backfill ends", ended, seconds=300)
        assert not found["error"], found["error"]
        runs = {{tag["key"]: tag["value"] for tag in run["tags"]}["dagster/partition"]: run for run in found["runs"]}
        return found["status"], runs

    def failures(self, run: str) -> dict[str, str]:
        """Messages of the errors of a run's failed steps."""
        events = self.server.ask(FAILURES, id=run)["logsForRun"]["events"]
        return {
            event["stepKey"]: "\n".join([event["error"]["message"], *_chain(event["error"])])
            for event in events
            if event.get("error")
        }

    def _asset(self) -> dict[str, Any]:
        return self.server.ask(PARTITIONS, key={"path": ["queries"]})["assetNodeOrError"]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("backfill")
    packs = folder / "packs"
    shutil.copytree(PACKS, packs)
    place = TemporaryInstance(folder, {"AGENTSKILLER_PACKS": str(packs)})
    place.make(catalog(2))
    with running(place) as server:
        yield Fleet(server, place, packs)


def test_domains_grow_and_are_backfilled_and_a_broken_pack_fails_only_its_own(fleet: Fleet) -> None:
    assert fleet.domains() == [CLINIC, MUSIC]

    everything = fleet.backfill(fleet.domains())
    assert fleet.make_catalog(4) == "SUCCESS"
    grown = eventually("new partitions, with no button pressed", lambda: fleet.domains()[2:], seconds=60)
    assert grown == [RIDES, PHARMACY]

    status, runs = fleet.result(everything)
    assert (status, _statuses(runs)) == ("COMPLETED_SUCCESS", {CLINIC: "SUCCESS", MUSIC: "SUCCESS"})
    assert fleet.counts() == {"numPartitions": 4, "numMaterialized": 2, "numFailed": 0}

    pack = fleet.packs / "cycling.yaml"
    sound = pack.read_text(encoding="utf-8")
    pack.write_text(sound.replace("prefix: RDR", "prefix: [RDR]"), encoding="utf-8")
    line = 1 + sound[: sound.index("prefix: RDR")].count("\n")
    missing = fleet.backfill(grown)
    status, runs = fleet.result(missing)
    assert (status, _statuses(runs)) == ("COMPLETED_FAILED", {RIDES: "FAILURE", PHARMACY: "SUCCESS"})
    assert steps(runs[RIDES], "FAILURE") == {"domain_topics"}
    told = fleet.failures(runs[RIDES]["id"])
    assert f"{pack}:{line}: `role.prefix`: " in told["domain_topics"]
    assert "Correct the value on that line." in told["domain_topics"]

    pack.write_text(sound, encoding="utf-8")
    made = {domain: fleet.place.warehouse.materialization("queries", domain) for domain in (CLINIC, MUSIC, PHARMACY)}
    status, runs = fleet.result(fleet.repeat_what_failed(missing))
    assert (status, _statuses(runs)) == ("COMPLETED_SUCCESS", {RIDES: "SUCCESS"})
    assert steps(runs[RIDES], "SUCCESS") == {step for asset in PER_DOMAIN for step in (asset, f"{asset}_checks")}
    assert {domain: fleet.place.warehouse.materialization("queries", domain) for domain in made} == made
    assert fleet.counts() == {"numPartitions": 4, "numMaterialized": 4, "numFailed": 0}


def steps(run: dict[str, Any], status: str) -> set[str]:
    """Steps of a run that ended in this way."""
    return {step["stepKey"] for step in run["stepStats"] if step["status"] == status}


def _statuses(runs: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {domain: run["status"] for domain, run in runs.items()}


def _chain(error: dict[str, Any]) -> list[str]:
    return [link["error"]["message"] for link in error["errorChain"]]
