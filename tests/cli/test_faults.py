"""A disk that is full or read-only, and a warehouse of an older version: said clearly, and nothing is lost."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.project import Project
from tests.cli.test_cli import run_ids

DOMAIN = "clinic_appointments"
TOO_SMALL, LARGE_ENOUGH = "700k", "64m"
"""A database alone has some 670 KB; what comes before it, some 200 KB."""


def mount(*arguments: str) -> None:
    """Runs `mount`; the test is skipped where that is not allowed."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose warehouse is a file system of its own, with room for less than a domain."""
    project = Project(tmp_path_factory.mktemp("small"))
    project.warehouse.mkdir()
    mount("-t", "tmpfs", "-o", f"size={TOO_SMALL}", "tmpfs", str(project.warehouse))
    try:
        yield project
    finally:
        subprocess.run(["umount", str(project.warehouse)], check=True)


def test_a_full_disk_is_named_what_is_stored_stays_and_the_next_run_makes_the_rest(small: Project):
    printed = small.run("run", "--domains", DOMAIN, code=1)
    assert f"databases/{DOMAIN}.duckdb: cannot write it: " in printed
    assert "Free some space on this disk" in printed
    before = run_ids(small, DOMAIN)
    assert {"domain_topics", "entities", "blueprints"} <= set(before)
    assert "databases" not in before
    assert not list(small.warehouse.rglob(".*.tmp*")), "what could not be written is gone"

    mount("-o", f"remount,size={LARGE_ENOUGH}", str(small.warehouse))
    assert "1 of 1 domains" in small.run("run", "--domains", DOMAIN)
    after = run_ids(small, DOMAIN)
    assert {asset: after[asset] for asset in before} == before
    assert "0 faults" in small.run("verify")


def test_a_read_only_warehouse_is_named_and_can_still_be_looked_at(small: Project):
    versions = small.versions(DOMAIN)
    mount("-o", "remount,ro", str(small.warehouse))
    try:
        printed = small.run("run", "--domains", DOMAIN, "--force", code=1)
        assert "Read-only file system. Make this folder writable, or set AGENTSKILLER_WAREHOUSE" in printed
        assert f"Fresh already: {DOMAIN}" in small.run("run", "--domains", DOMAIN)
        assert "0 faults" in small.run("verify")
        assert small.versions(DOMAIN) == versions
    finally:
        mount("-o", "remount,rw", str(small.warehouse))


def test_a_warehouse_of_an_older_version_says_which_field_differs_and_run_rebuilds_it(small: Project):
    versions = small.versions(DOMAIN)
    for asset, partition in (("domain_catalog", "all"), ("validated_tasks", DOMAIN)):
        _store_as_older(small.warehouse, asset, partition, required=True)

    printed = small.run("upgrade", code=1)
    assert f"validated_tasks[{DOMAIN}]: was stored for another shape of its records: field '" in printed
    assert "domain_catalog: was stored for another shape of its records: field '" in printed
    assert re.search(r"^0 of \d+ materializations are stored in the shapes of this version now$", printed, re.MULTILINE)
    printed = small.run("verify", code=1)
    assert f"validated_tasks[{DOMAIN}]: was stored for another shape of its records: field '" in printed
    assert f"Run `agentskiller run --domains {DOMAIN}` to rebuild it" in printed
    assert "1 of 1 domains" in small.run("run", "--domains", DOMAIN)
    assert small.versions(DOMAIN) == versions
    assert "0 faults" in small.run("verify")


def test_a_warehouse_that_lacks_an_optional_field_is_upgraded_without_making_anything_again(small: Project):
    versions, data = small.versions(DOMAIN), small.warehouse / "mcp_servers" / f"{DOMAIN}.parquet"
    before = data.read_bytes()
    _store_as_older(small.warehouse, "mcp_servers", DOMAIN, required=False)

    assert small.run("upgrade").startswith("1 of ")
    assert small.run("upgrade").startswith("0 of ")
    assert (small.versions(DOMAIN), data.read_bytes()) == (versions, before)
    assert re.search(rf"^{DOMAIN}: \d+ fresh$", small.run("status", "--domains", DOMAIN), re.MULTILINE)
    assert "0 faults" in small.run("verify")


def _store_as_older(warehouse: Path, asset: str, partition: str, *, required: bool) -> None:
    """As if an older version had stored it, whose records had one field less: one that is required now, or is not."""
    path = warehouse / "_materializations" / asset / f"{partition}.json"
    note = json.loads(path.read_text())
    schema = json.loads((warehouse / "_schemas" / f"{note['schema_fingerprint']}.json").read_text())
    fields = [name for name in schema["properties"] if name not in ("id", "parents")]
    del schema["properties"][next(name for name in fields if (name in schema["required"]) == required)]
    older = {**note, "schema_fingerprint": "0" * 32, "code_version": "older" if required else note["code_version"]}
    (warehouse / "_schemas" / f"{'0' * 32}.json").write_text(json.dumps(schema))
    path.write_text(json.dumps(older))
