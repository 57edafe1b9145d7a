"""`agentskiller export tau2`: from the warehouse to a folder."""

from pathlib import Path
from typing import Any

import pytest

from resources.storage.sidecars import Stamp
from resources.storage.warehouse import Warehouse
from tests.cli.project import Project
from tests.fusion.pairs import PAIR as PAIR_KEY
from tests.fusion.pairs import pair
from tests.tau2.exported import CLINIC, PAIR, clinic_content, data_of, elsewhere, pair_content, tasks_of
from tests.world import clinic

STAMP = Stamp(run_id="run-1", code_version="c1", settings={"seed": 7})
BOTH = pytest.mark.parametrize(("key", "name"), [(CLINIC, CLINIC), (PAIR_KEY, PAIR)])


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """A warehouse with the clinic, and one with the clinic and the pharmacy as a pair."""
    found = {key: Project(tmp_path_factory.mktemp("project")) for key in (CLINIC, PAIR_KEY)}
    one, two = (Warehouse(project.warehouse) for project in found.values())
    content, both = clinic_content(), pair_content()
    _store(one, None, population=content.population)
    _store(one, CLINIC, domain_topics=[clinic().domain_topics], policies=content.policy)
    _store(one, CLINIC, task_templates=content.templates, validated_tasks=content.tasks, queries=content.queries)
    one.write_database(CLINIC, content.rows, STAMP)
    _store(two, None, population=both.population)
    _store(two, PAIR_KEY, fused_blueprints=[pair().blueprint], fused_policies=both.policy)
    _store(two, PAIR_KEY, fused_templates=both.templates)
    _store(two, PAIR_KEY, fused_validated_tasks=both.tasks, fused_queries=both.queries)
    two.write_database(PAIR_KEY, both.rows, STAMP, "fused_databases")
    return found


def _store(warehouse: Warehouse, partition: str | None, **assets: Any) -> None:
    for asset, records in assets.items():
        warehouse.write_records(asset, partition, type(records[0]), records, STAMP)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@BOTH
def test_a_folder_is_exported_that_runs_with_tau2_alone(
    projects: dict[str, Project], tmp_path: Path, key: str, name: str
):
    folder = tmp_path / "new" / "folder"
    printed = projects[key].run("export", "tau2", key, str(folder))
    splits = data_of(folder, name, "split_tasks.json")
    train, test = len(splits["train"]), len(splits["test"])
    count = len(tasks_of(name))
    assert f"{count} tasks ({train} train, {test} test) in {len(_bytes(folder))} files in {folder}\n" in printed
    assert f"run_tau2.py run --domain {name}\n" in printed
    ran = elsewhere(folder, "run_tau2.py", "run", "--domain", name)
    assert ran.stdout == f"{name}: {count} tasks of base\n", ran.stderr


@BOTH
def test_two_exports_are_the_same_bytes(projects: dict[str, Project], tmp_path: Path, key: str, name: str):
    for folder in ("one", "two"):
        projects[key].run("export", "tau2", key, str(tmp_path / folder))
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    assert f"tau2_{name}/tools.py" in _bytes(tmp_path / "one")


def test_requirements_name_what_the_folder_imports_and_not_the_tau2_of_the_index(
    projects: dict[str, Project], tmp_path: Path
):
    folder = tmp_path / "clinic"
    projects[CLINIC].run("export", "tau2", CLINIC, str(folder))
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert [line.split("<")[0] for line in wanted] == ["jsonschema-rs", "pydantic"]
    assert "git+https://github.com/sierra-research/tau2-bench" in "\n".join(lines)


def test_an_export_overwrites_nothing(projects: dict[str, Project], tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    printed = projects[CLINIC].run("export", "tau2", CLINIC, str(tmp_path), code=1)
    assert "there is something in it. Name a new or an empty folder." in printed
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_is_not_stored_is_named(projects: dict[str, Project], tmp_path: Path):
    printed = projects[CLINIC].run("export", "tau2", "nowhere", str(tmp_path / "out"), code=1)
    assert "databases[nowhere]: is not stored. Run `agentskiller run --domains nowhere`" in printed
    assert not (tmp_path / "out").exists()


def test_a_domain_without_certified_tasks_is_not_exported(tmp_path: Path):
    empty = Project(tmp_path)
    warehouse, content = Warehouse(empty.warehouse), clinic_content()
    rejected = [task.model_copy(update={"rejection": "two replays differ"}) for task in content.tasks]
    _store(warehouse, None, population=content.population)
    _store(warehouse, CLINIC, domain_topics=[clinic().domain_topics], policies=content.policy)
    _store(warehouse, CLINIC, task_templates=content.templates, validated_tasks=rejected, queries=content.queries)
    warehouse.write_database(CLINIC, content.rows, STAMP)
    printed = empty.run("export", "tau2", CLINIC, str(tmp_path / "out"), code=1)
    assert f"queries[{CLINIC}]: there is no certified task with a query." in printed
    assert not (tmp_path / "out").exists()
