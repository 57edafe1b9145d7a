"""Input that cannot lead to anything is refused in a few lines, and before anything is made."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.project import Project

LARGE = "99999999999999999999999"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("wrong_input"))


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("run", "--count", "1", "--seed", LARGE), "--seed"),
        (("domains", "expand", "--count", "1", "--seed", LARGE), "--seed"),
        (("pairs", "try", "--seed", LARGE), "--seed"),
        (("run", "--count", "1", "--split-by", "foo"), "--split-by"),
        (("run", "--count", "1", "--simulation-time", "noon"), "--simulation-time"),
        (("run", "--count", "1", "--simulation-time", "2026-13-01 00:00:00"), "--simulation-time"),
        (("run", "--count", "1", "--simulation-time", "2026-3-1 00:00:00"), "--simulation-time"),
        (("run", "--count", "1", "--population-size", "100001"), "--population-size"),
        (("run", "--count", "1", "--rows-per-table", "20001"), "--rows-per-table"),
        (("run", "--count", "1", "--max-trajectory-length", "41"), "--max-trajectory-length"),
        (("run", "--count", "1", "--rollouts-per-query", "65"), "--rollouts-per-query"),
        (("run", "--count", "1", "--decontaminate-against", "nowhere.txt"), "--decontaminate-against"),
        (("domains", "expand", "--count", "6", "--pairs", "999999"), "--pairs"),
        (("domains", "expand", "--count", "6", "--most-pairs-per-domain", "101"), "--most-pairs-per-domain"),
        (("run", "--count", "10001"), "--count"),
        (("run", "--pairs", "9" * 400), "at most 100000 pairs"),
        (("domains", "expand", "--count", "10001"), "--count"),
        (("packs", "try", "--seed", LARGE), "--seed"),
        (("clean", "--runs-older-than", "36501"), "--runs-older-than"),
    ],
)
def test_what_no_asset_takes_is_refused_before_anything_is_made(
    project: Project, arguments: tuple[str, ...], option: str
):
    printed = project.run(*arguments, code=2)
    assert option in printed
    assert "http" not in printed
    assert not project.warehouse.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--domains", ""),
        ("run", "--domains", " , "),
        ("run", "--pairs", ","),
        ("status", "--domains", ""),
        ("status", "--pairs", ""),
        ("verify", "--domains", ""),
        ("verify", "--pairs", ""),
        ("digests", "--domains", ","),
        ("pairs", "try", "--pairs", ""),
    ],
)
def test_a_choice_of_nothing_is_refused(project: Project, arguments: tuple[str, ...]):
    assert "names nothing" in project.run(*arguments, code=2)


@pytest.mark.parametrize("seed", ["abc", LARGE])
def test_a_seed_of_the_environment_that_is_none_is_named(tmp_path: Path, seed: str):
    printed = Project(tmp_path, {"AGENTSKILLER_SEED": seed}).run("run", "--count", "1", code=1)
    assert printed == (
        f"AGENTSKILLER_SEED={seed}: it is no whole number of 64 bits. Set it to a number such as 7, or not at all\n"
    )


def test_a_digit_that_is_no_number_is_no_pair(project: Project):
    assert "is no pair" in project.run("run", "--pairs", "²", code=2)


def test_a_celery_worker_without_a_broker_says_so(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "agentskiller_assets.launching.celery_worker", "worker"],
        env=Project(tmp_path).environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert done.stderr.startswith("AGENTSKILLER_BROKER: it is not set. Set it to the address of a broker")
    assert "Traceback" not in done.stderr
