"""The command line, from an empty folder to evaluated conversations and back to the seed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from agentskiller_assets.authoring.procedural.author import HERE
from tests.bench import digests
from tests.cli.project import Project

DOMAIN, OTHER, RIDES = "clinic_appointments", "music_lessons", "guided_rides"
ASSETS = 15
SIZE = ("--tasks-per-domain", "40")
"""As in the great backfill."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two domains, made once for all tests of this module."""
    made = Project(tmp_path_factory.mktemp("project"))
    printed = made.run("run", "--domains", f"{DOMAIN},{OTHER}", *SIZE)
    assert "2 of 2 domains" in printed
    assert "next: `make ui`, `agentskiller lineage query_" in printed
    return made


def run_ids(project: Project, domain: str) -> dict[str, str]:
    notes = (project.warehouse / "_materializations").glob(f"*/{domain}.json")
    return {note.parent.name: json.loads(note.read_text())["run_id"] for note in notes}


def test_a_second_run_finds_everything_fresh(project: Project):
    before = run_ids(project, DOMAIN)
    assert f"Fresh already: {DOMAIN}, {OTHER}" in project.run("run", "--domains", f"{DOMAIN},{OTHER}", *SIZE)
    assert run_ids(project, DOMAIN) == before
    assert len(before) == ASSETS


def test_what_is_made_here_is_what_the_great_backfill_made_elsewhere(project: Project):
    assert digests.unlike(project) == []


def test_only_what_is_missing_is_made_again_with_the_settings_of_then_and_comes_out_the_same(project: Project):
    before, versions = run_ids(project, DOMAIN), project.versions(DOMAIN)
    (project.warehouse / "validated_tasks" / f"{DOMAIN}.parquet").unlink()
    assert f"{DOMAIN}: " in project.run("status", "--domains", DOMAIN)
    assert "validated_tasks is unfinished" in project.run("status", "--domains", DOMAIN)
    assert f"validated_tasks[{DOMAIN}]: its files are not those" in project.run("verify", code=1)
    assert f"Fresh already: {OTHER}" in project.run("run", "--stale")
    after = run_ids(project, DOMAIN)
    assert {asset for asset in after if after[asset] != before[asset]} == {"validated_tasks"}
    assert project.versions(DOMAIN) == versions


def test_every_stored_task_is_certified_again_in_a_fresh_process(project: Project):
    printed = project.run("verify")
    assert f"{DOMAIN}: 40 tasks certified again, 0 faults" in printed
    assert f"{OTHER}: 40 tasks certified again, 0 faults" in printed


def test_a_domain_meets_the_figures_it_promises(project: Project):
    counts = "SELECT count(*) AS n FROM tool_lists WHERE domain = 'clinic_appointments'"
    assert json.loads(project.run("sql", counts, "--format", "json"))[0]["n"] >= 10
    kinds = json.loads(
        project.run(
            "sql",
            "SELECT domain, count(*) AS n, count(DISTINCT task_kind) AS kinds FROM validated_tasks "
            "WHERE rejection IS NULL GROUP BY domain",
            "--format",
            "json",
        )
    )
    assert all(row["n"] >= 10 and row["kinds"] >= 3 for row in kinds)
    rows = "SELECT table_name, count(*) AS n FROM database_rows WHERE table_name <> '_environment' GROUP BY ALL"
    per_table = json.loads(project.run("sql", rows, "--format", "json"))
    assert {row["n"] % 300 for row in per_table} == {0}
    rules = (
        "SELECT partition, string_agg(text, '|' ORDER BY text) AS rules FROM policies WHERE tool IS NOT NULL GROUP BY 1"
    )
    found = [row["rules"] for row in json.loads(project.run("sql", rules, "--format", "json"))]
    assert len(set(found)) == len(found) == 2


def test_a_catalog_has_every_registered_domain_made_or_not(project: Project):
    printed = project.run("domains", "list")
    rows = {line.split()[1]: line.split()[-2] for line in printed.splitlines() if line.startswith("│")}
    assert [rows[DOMAIN], rows[OTHER]] == ["made", "made"]
    assert f"4 of 6 are not made. Next: `agentskiller run --domains {RIDES}," in printed
    assert json.loads(project.run("sql", "SELECT count(*) AS n FROM domain_catalog", "--format", "json")) == [{"n": 6}]


def test_a_new_folder_of_dagster_has_the_settings_of_the_checkout(project: Project):
    """No telemetry, no sign-up dialog, two runs at a time: in a project that `agentskiller run` began, too."""
    checkout = Path(__file__).parents[2] / "dagster_home" / "dagster.yaml"
    assert (project.root / "dagster_home" / "dagster.yaml").read_bytes() == checkout.read_bytes()


def test_domains_of_a_pack_that_is_gone_are_listed_as_such(tmp_path: Path):
    packs = tmp_path / "packs"
    packs.mkdir()
    shutil.copy(HERE / "packs" / "healthcare.yaml", packs)
    printed = Project(tmp_path, {"AGENTSKILLER_PACKS": str(packs)}).run("domains", "list")
    assert "no sector pack has it" in next(line for line in printed.splitlines() if OTHER in line)


def test_lineage_of_a_query_reaches_everything_it_was_made_from(project: Project):
    query = json.loads(project.run("sql", "SELECT id FROM queries LIMIT 1", "--format", "json"))[0]["id"]
    graph = json.loads(project.run("lineage", query, "--format", "json"))
    assets = {node["asset"] for node in graph["nodes"].values()}
    assert assets == {
        "queries", "validated_tasks", "instance_combos", "task_templates", "tool_graphs", "policies", "mcp_servers",
        "databases", "blueprints", "entity_graph", "entities", "domain_topics", "domain_catalog", "population",
    }  # fmt: skip
    assert all(node["run_id"] and node["data_version"] and node["code_version"] for node in graph["nodes"].values())
    entity = next(node["id"] for node in graph["nodes"].values() if node["asset"] == "entities")
    assert query in project.run("lineage", entity, "--down")
    assert project.run("lineage", query, "--format", "mermaid").startswith("flowchart")
    assert query in project.run("show", query)


def test_a_broken_pack_fails_its_own_domain_and_mending_it_makes_only_what_is_missing(project: Project, tmp_path: Path):
    packs = shutil.copytree(HERE / "packs", tmp_path / "packs")
    sound = (packs / "music_education.yaml").read_text()
    (packs / "music_education.yaml").write_text(sound.replace("resource: teacher", "resource: nobody", 1))
    mending = Project(project.root, {"AGENTSKILLER_PACKS": str(packs)})
    (project.warehouse / "queries" / f"{OTHER}.parquet").unlink()
    before = run_ids(project, OTHER)
    printed = mending.run("run", "--domains", f"{DOMAIN},{OTHER}", *SIZE, code=1)
    assert f"Fresh already: {DOMAIN}" in printed
    assert f"{OTHER} failed:" in printed
    assert "music_education.yaml:" in printed
    assert "'nobody'" not in printed.split(f"{OTHER} failed:")[0]
    assert "nobody" in mending.run("status", "--domains", OTHER)
    (packs / "music_education.yaml").write_text(sound)
    assert "1 of 1 domains" in mending.run("run", "--domains", OTHER, *SIZE)
    after = run_ids(project, OTHER)
    assert {asset for asset in after if after[asset] != before.get(asset)} == {"queries"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "--domains", "nowhere"), 1, "domain 'nowhere': no sector pack has it. The closest are "),
        (("run", "--count", "999"), 1, "the packs have only"),
        (("run",), 2, "give either --domains or --count, or --pairs"),
        (("run", "--count", "0"), 2, "Invalid value for"),
        (("run", "--count", "1", "--rows-per-table", "100"), 2, "give at least 150"),
        (("run", "--stale", "--tasks-per-domain", "40"), 2, "leave out --tasks-per-domain"),
        (("status", "--domains", "nowhere"), 1, "is not registered"),
        (("show", "query_0000000000000000"), 1, "no stored record has this id"),
        (("lineage", "query_0000000000000000"), 1, "no stored record has this id"),
        (("sql", "DELETE FROM queries"), 1, "exactly one SELECT"),
        (("sql", "SELECT * FROM nothing"), 1, "nothing"),
        (("verify", "--domains", "nowhere"), 1, "has no stored validated_tasks"),
        (("domains", "add", "nowhere"), 1, "no sector pack has it"),
        (("packs", "check", "/nowhere.yaml"), 1, "/nowhere.yaml: No such file"),
        (("packs", "try", "/nowhere.yaml"), 1, "/nowhere.yaml: No such file"),
        (("packs", "try", "--domains", "nowhere"), 1, "domain 'nowhere': no sector pack has it. The closest are "),
    ],
)
def test_wrong_input_is_one_clear_line_and_no_traceback(
    project: Project, arguments: tuple[str, ...], code: int, said: str
):
    assert said in project.run(*arguments, code=code)


def test_a_wrong_time_is_refused_before_anything_is_changed(project: Project):
    before = project.versions(DOMAIN)
    assert "--simulation-time" in project.run("run", "--domains", DOMAIN, "--simulation-time", "noon", code=2)
    assert project.versions(DOMAIN) == before


def test_a_warehouse_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    broken = Project(tmp_path, {"AGENTSKILLER_WAREHOUSE": str(tmp_path / "file" / "warehouse")})
    assert str(tmp_path / "file") in broken.run("run", "--count", "1", code=1)


def test_a_malformed_registry_is_named_with_its_line(tmp_path: Path):
    project = Project(tmp_path)
    project.warehouse.mkdir()
    (project.warehouse / "registry.yaml").write_text("domains:\n- Bad Name\n")
    assert "registry.yaml, line 2" in project.run("domains", "list", code=1)


def test_domains_and_packs_are_listed_added_and_checked(tmp_path: Path):
    project = Project(tmp_path)
    printed = project.run("domains", "list")
    assert DOMAIN in printed
    assert f"6 of 6 are not made. Next: `agentskiller run --domains {DOMAIN}," in printed
    expanded = project.run("domains", "expand", "--count", "9", "--pairs", "3")
    assert "9 domains in " in expanded
    assert "; 3 pairs" in expanded
    assert "9 of 9 are not made" in project.run("domains", "list") or "15 of 15" in project.run("domains", "list")
    assert "all of them are registered already" in project.run("domains", "add", DOMAIN)
    late = project.run("domains", "add", "spare_part_orders", DOMAIN)
    assert re.fullmatch(
        r"added spare_part_orders, and \d{3} domains that the catalog has before. "
        r"Next: `agentskiller run --domains spare_part_orders`\n",
        late,
    )
    assert "Healthcare" in project.run("packs", "list")
    sound = HERE / "packs" / "healthcare.yaml"
    assert f"{sound.name}: nothing at fault" in project.run("packs", "check", str(sound))
    broken = tmp_path / "broken.yaml"
    broken.write_text((HERE / "packs" / "cycling.yaml").read_text().replace("pattern: booking", "pattern: boking", 1))
    printed = project.run("packs", "check", str(broken), code=1)
    assert "broken.yaml:" in printed
    assert "no pattern 'boking'. Use one of" in printed


def test_a_service_of_a_pack_is_tried_in_memory_with_every_fault_named_and_nothing_stored(tmp_path: Path):
    project, pack = Project(tmp_path), tmp_path / "music.yaml"
    sound = (HERE / "packs" / "music_education.yaml").read_text()
    pack.write_text(sound)
    arguments = ("packs", "try", str(pack), "--domains", "music_lessons", "--tasks", "10", "--jobs", "1")
    assert project.run(*arguments) == "music_lessons: nothing at fault\n"
    pack.write_text(sound.replace("share: 0.72", "share: 1.0", 1))
    assert "nothing at fault" in project.run("packs", "check", str(pack))
    printed = project.run(*arguments, code=1)
    assert printed.startswith("music_lessons: 1 at fault\n")
    assert "no row of music_teacher satisfies 'accepts_new_students = 0'" in printed
    assert not project.warehouse.exists()
