"""Pairs on the command line: domains first, then the pairs; listed, added, verified, and stale with their domains."""

import json
import re
import shutil
from pathlib import Path

import pytest

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.procedural.author import HERE, ProceduralAuthor
from agentskiller_assets.cli.choice import choose, most_pairs
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.errors import PackError
from resources.author import open_author
from resources.storage.warehouse import Warehouse
from tests.bench import digests
from tests.cli.project import Project

CLINIC, MUSIC, RIDES = "clinic_appointments", "music_lessons", "guided_rides"
FIRST, SECOND = f"{CLINIC}--{MUSIC}", f"{CLINIC}--{RIDES}"
PAIRS = f"{CLINIC}+{MUSIC},{RIDES}+{CLINIC}"
ASSETS = 12
SIZE = ("--tasks-per-domain", "40", "--tasks-per-pair", "10")
"""As in the great backfill."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two pairs, made once for all tests of this module with the three domains that they need."""
    made = Project(tmp_path_factory.mktemp("project"))
    printed = made.run("run", "--pairs", "2", *SIZE)
    assert "3 of 3 domains and 2 of 2 pairs" in printed
    assert re.search(rf"{FIRST} .* 10 ", printed)
    return made


def test_what_is_made_here_is_what_the_great_backfill_made_elsewhere(project: Project):
    assert digests.unlike(project) == []


def test_the_first_pairs_of_the_catalog_are_made_after_the_domains_that_they_need(project: Project):
    notes = project.warehouse / "_materializations"
    assert {note.stem for note in notes.glob("databases/*.json")} == {CLINIC, MUSIC, RIDES}
    assert {note.stem for note in notes.glob("fused_databases/*.json")} == {FIRST, SECOND}
    for pair in (FIRST, SECOND):
        assert len(list(notes.glob(f"*/{pair}.json"))) == ASSETS


def test_a_second_run_finds_pairs_fresh_however_they_are_named(project: Project):
    for pairs in ("2", PAIRS, f"{FIRST},{SECOND}"):
        assert f"Fresh already: {FIRST}, {SECOND}" in project.run("run", "--pairs", pairs, *SIZE)


def test_the_sidecar_of_a_pair_names_both_domains_as_they_are(project: Project):
    note = json.loads((project.warehouse / "_materializations" / "fused_databases" / f"{FIRST}.json").read_text())
    databases = {each["partition"]: each["data_version"] for each in note["parents"] if each["asset"] == "databases"}
    assert databases == {domain: project.versions(domain)["databases"] for domain in (CLINIC, MUSIC)}


def test_pairs_are_verified_and_digested_with_the_domains_and_alone(project: Project):
    printed = project.run("verify")
    for name in (CLINIC, MUSIC, RIDES, FIRST, SECOND):
        assert re.search(rf"^{name}: \d+ tasks certified again, 0 faults$", printed, re.MULTILINE)
    looked_at, of_pair = project.run("verify", "--pairs", f"{CLINIC}+{MUSIC}").splitlines()
    assert looked_at == f"{ASSETS} materializations looked at, 0 faults"
    assert of_pair.startswith(f"{FIRST}: ")
    digests = project.run("digests", "--pairs", f"{MUSIC}+{CLINIC}").splitlines()
    assert len(digests) == ASSETS + 1
    assert all(line.endswith(f"/{FIRST}") for line in digests[:-1])


def test_pairs_are_listed_with_what_speaks_for_them(project: Project):
    printed = project.run("pairs", "list")
    rows = {line.split()[1]: line for line in printed.splitlines() if line.startswith("│")}
    assert re.search(r"made +│ \d+ of the 300 people", rows[FIRST])
    assert "not made" in rows[f"{CLINIC}--pharmacy_orders"]
    assert "4 of 6 are not made. Next: `agentskiller run --pairs clinic_appointments+pharmacy_orders," in printed


def test_lineage_of_a_query_of_a_pair_reaches_both_domains(project: Project):
    statement = f"SELECT id FROM fused_queries WHERE partition = '{FIRST}' ORDER BY position LIMIT 1"
    query = json.loads(project.run("sql", statement, "--format", "json"))[0]["id"]
    nodes = json.loads(project.run("lineage", query, "--format", "json"))["nodes"].values()
    assert {CLINIC, MUSIC, FIRST} <= {node["partition"] for node in nodes}


def test_making_a_domain_otherwise_marks_exactly_its_pairs_stale_and_making_them_mends_it(project: Project):
    project.run("run", "--domains", MUSIC, "--tasks-per-domain", "50")
    printed = project.run("status")
    assert f"{SECOND}: {ASSETS} fresh" in printed
    first = printed[printed.index(f"{FIRST}: ") : printed.index(f"{SECOND}: ")]
    assert f"is stale: upstream validated_tasks[{MUSIC}] changed" in first
    project.run("run", "--stale")
    assert project.run("status", "--pairs", f"{CLINIC}+{MUSIC},{CLINIC}+{RIDES}").splitlines() == [
        f"{FIRST}: {ASSETS} fresh",
        f"{SECOND}: {ASSETS} fresh",
    ]


def test_a_pair_is_added_with_its_domains_once(tmp_path: Path):
    project = Project(tmp_path)
    assert f"added home_care_orders--{MUSIC}. Next: `agentskiller run --pairs home_care_orders+{MUSIC}`" in project.run(
        "pairs", "add", MUSIC, "home_care_orders"
    )
    assert "is registered already" in project.run("pairs", "add", "home_care_orders", MUSIC)
    printed = project.run("pairs", "list")
    assert len([line for line in printed.splitlines() if line.startswith("│")]) == 7
    assert "home_care_orders" in project.run("domains", "list")
    assert f"home_care_orders--{MUSIC}: {ASSETS} missing" in project.run("status")


def test_a_run_keeps_the_catalog_of_pairs_that_was_made_for_more(tmp_path: Path):
    """Made with another limit for each domain, it would hold other pairs, and all that is made of them be stale."""
    project = Project(tmp_path)
    assert "; 20 pairs" in project.run("domains", "expand", "--count", "9", "--pairs", "20")
    note = json.loads((project.warehouse / "_materializations/domain_pair_catalog/all.json").read_text())["settings"]
    assert note["most_pairs_per_domain"] == most_pairs(20, 9) == 7
    seed, warehouse = int(note["seed"]), Warehouse(project.warehouse)
    choices = [
        choose(open_author(), warehouse, RunSettings(seed=seed, target_domains=9), None, 9, pairs)
        for pairs in ("3", "20", None)
    ]
    assert {(each.target_pairs, each.most_pairs_per_domain) for each in choices} == {(20, 7)}
    assert [len(each.pairs) for each in choices] == [3, 20, 0]


def test_more_pairs_than_all_domains_bring_are_an_error_that_says_how_many_there_are(tmp_path: Path):
    packs = tmp_path / "packs"
    packs.mkdir()
    for name in ("healthcare", "music_education"):
        shutil.copy(HERE / "packs" / f"{name}.yaml", packs)
    said = Project(tmp_path, {"AGENTSKILLER_PACKS": str(packs)}).run("run", "--pairs", "999", code=1)
    assert re.search(r"--pairs 999: all domains together bring \d+ pairs, with at most 100 for a domain", said)
    assert "--most-pairs-per-domain" not in said, "more than 100 cannot be allowed"


@pytest.mark.parametrize(("pairs", "most"), [(6, 4), (14, 5)])
def test_with_few_domains_each_is_in_as_many_pairs_as_it_takes(tmp_path: Path, pairs: int, most: int):
    class Few(ProceduralAuthor):
        def expand_domains(self, count: int, seed: int) -> tuple[TopicDraft, ...]:
            if count > 10:
                raise PackError("target_domains", "the packs have only 10 services", "Ask for fewer.")
            return super().expand_domains(count, seed)

        def most_domains(self, seed: int) -> int:
            return 10

    chosen = choose(Few(), Warehouse(tmp_path), RunSettings(seed=7, target_domains=1), None, None, str(pairs))
    assert (len(chosen.pairs), chosen.target_pairs, chosen.most_pairs_per_domain) == (pairs, pairs, most)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "--pairs", "0"), 2, "ask for at least one pair"),
        (("run", "--pairs", ""), 2, "names nothing"),
        (("run", "--pairs", CLINIC), 2, "is no pair"),
        (("run", "--pairs", f"{CLINIC}+{CLINIC}"), 2, "is no pair"),
        (("run", "--pairs", f"{CLINIC}+nowhere"), 1, "domain 'nowhere': no sector pack has it"),
        (("pairs", "add", CLINIC, CLINIC), 2, "is no pair"),
        (("pairs", "try", "--pairs", f"{CLINIC}+nowhere"), 1, "domain 'nowhere': no sector pack has it"),
        (("pairs", "add", CLINIC, "nowhere"), 1, "domain 'nowhere': no sector pack has it"),
        (("status", "--pairs", f"{CLINIC}+nowhere"), 1, f"pair '{CLINIC}--nowhere': is not registered"),
        (("verify", "--pairs", f"{CLINIC}+nowhere"), 1, "has no stored fused_validated_tasks"),
    ],
)
def test_wrong_input_is_one_clear_line_and_no_traceback(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
):
    assert said in re.sub(r"[\s│]+", " ", Project(tmp_path).run(*arguments, code=code))


def test_a_pair_is_tried_in_memory_and_nothing_is_stored(tmp_path: Path):
    project = Project(tmp_path)
    assert (
        project.run("pairs", "try", "--pairs", PAIRS.split(",", maxsplit=1)[0], "--jobs", "1")
        == f"{FIRST}: nothing at fault\n"
    )
    assert not project.warehouse.exists()
