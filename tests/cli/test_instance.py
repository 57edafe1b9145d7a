"""What is at fault with Dagster's folder, its settings or its history is one line."""

import pickle
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentskiller_assets.cli.instance import InstanceError, opened_instance
from tests.cli.project import Project
from tests.cli.test_faults import mount

CLUSTER = Path(__file__).parents[2] / "dagster_home" / "cluster" / "dagster.yaml"
COMMANDS = [("status",), ("clean",), ("run", "--domains", "clinic_appointments")]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path, arguments: tuple[str, ...]):
    (tmp_path / "file").write_text("in the way")
    project = Project(tmp_path, {"DAGSTER_HOME": str(tmp_path / "file")})
    printed = project.run(*arguments, code=1)
    assert printed == (
        f"DAGSTER_HOME={tmp_path}/file: it cannot be written: File exists. "
        "Set DAGSTER_HOME to a folder that you may write to\n"
    )


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "read_only"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_read_only_folder_is_named(tmp_path: Path, read_only: Path, arguments: tuple[str, ...]):
    printed = Project(tmp_path, {"DAGSTER_HOME": str(read_only)}).run(*arguments, code=1)
    assert f"DAGSTER_HOME={read_only}: it cannot be written: Read-only file system" in printed


def test_a_folder_that_became_read_only_is_named(read_only: Path, monkeypatch: pytest.MonkeyPatch):
    mount("-o", "remount,rw", str(read_only))
    _set(monkeypatch, read_only, "telemetry:\n  enabled: false\n", {})
    mount("-o", "remount,ro", str(read_only))
    with pytest.raises(InstanceError, match="Read-only file system"), opened_instance():
        pass


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_faulty_setting_is_named_by_every_command(tmp_path: Path, arguments: tuple[str, ...]):
    project = Project(tmp_path)
    (tmp_path / "dagster_home").mkdir()
    (tmp_path / "dagster_home" / "dagster.yaml").write_text("a: [\n")
    printed = project.run(*arguments, code=1)
    assert f"{tmp_path}/dagster_home/dagster.yaml: Dagster cannot be opened with it: " in printed


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        ("a: [\n", {}, "line 2, column 1"),
        ("- a\n", {}, "to parse to dictionary"),
        ("nothing_known: 1\n", {}, 'Received unexpected config entry "nothing_known" at the root'),
        ("run_monitoring:\n  enabled: nope\n", {}, "at path root:run_monitoring:enabled"),
        (CLUSTER.read_text(), {}, 'environment variable "AGENTSKILLER_POSTGRES" which is not set'),
        (CLUSTER.read_text(), {"AGENTSKILLER_POSTGRES": "nonsense"}, "Could not parse SQLAlchemy URL"),
    ],
)
def test_faulty_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str], said: str
):
    _set(monkeypatch, tmp_path, text, variables)
    with (
        pytest.raises(InstanceError, match="Dagster cannot be opened with it: ") as found,
        opened_instance(),
    ):
        pass
    assert said in str(found.value)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 600


def test_a_history_out_of_reach_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dagster_postgres.utils.time.sleep", lambda _: None)
    address = "postgresql+psycopg2://dagster:secret@127.0.0.1:1/dagster"
    broker = {"AGENTSKILLER_BROKER": "redis://127.0.0.1:1/0"}
    _set(monkeypatch, tmp_path, CLUSTER.read_text(), {"AGENTSKILLER_POSTGRES": address, **broker})
    with pytest.raises(InstanceError, match="Connection refused") as found, opened_instance():
        pass
    assert "secret" not in str(found.value)


def test_an_error_of_a_worker_is_the_same_error_here():
    error = InstanceError("dagster.yaml", "it is empty", "Fill it")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.fix) == (InstanceError, str(error), "Fill it")


def _set(monkeypatch: pytest.MonkeyPatch, home: Path, text: str, variables: dict[str, str]) -> None:
    (home / "dagster.yaml").write_text(text)
    for name in ("AGENTSKILLER_POSTGRES", "AGENTSKILLER_BROKER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"DAGSTER_HOME": str(home), **variables}.items():
        monkeypatch.setenv(name, value)
