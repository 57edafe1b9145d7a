"""Exported folders of the tests' worlds, and who uses them: Python with a stand-in of tau2, without this project."""

import json
import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from agentskiller_assets.tau2.content import Content
from agentskiller_assets.tau2.folder import tau2_files
from agentskiller_assets.tau2.models import Tau2Task
from agentskiller_assets.tau2.tasks import write_tasks
from tests.fusion.pairs import pair, population
from tests.world import SEED, clinic

HERE = Path(__file__).parent
CLINIC, PAIR = "clinic_appointments", "clinic_appointments__pharmacy_orders"


@cache
def clinic_content() -> Content:
    """What is stored of the clinic."""
    world = clinic()
    return Content(
        rows=world.databases,
        policy=world.policies,
        templates=world.task_templates,
        tasks=world.validated_tasks,
        queries=world.queries,
        population=world.population,
        seed=SEED,
    )


@cache
def pair_content() -> Content:
    """What is stored of the clinic together with the pharmacy."""
    both = pair()
    return Content(
        rows=both.rows,
        policy=both.policy,
        templates=both.templates,
        tasks=both.tasks,
        queries=both.queries,
        population=population(),
        seed=both.blueprint.seed,
    )


@cache
def content_of(name: str) -> Content:
    """What is stored of one of the two."""
    return {CLINIC: clinic_content, PAIR: pair_content}[name]()


@cache
def tasks_of(name: str) -> list[Tau2Task]:
    """The exported tasks of one of the two."""
    return write_tasks(content_of(name))


def write_export(name: str, folder: Path) -> Path:
    """The exported folder, written."""
    for path, content in tau2_files(content_of(name), tasks_of(name)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def data_of(folder: Path, name: str, file: str) -> Any:
    """The content of one of the data files."""
    return json.loads((folder / "data" / "tau2" / "domains" / name / file).read_text(encoding="utf-8"))


def visit(folder: Path, name: str, question: str, given: Any = None) -> Any:
    """What `visitor.py` answers in a process that has the folder and the stand-in, but not this project."""
    ran = elsewhere(folder, str(HERE / "visitor.py"), f"tau2_{name}", question, told=json.dumps(given))
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def elsewhere(
    folder: Path, *arguments: str, told: str = "", with_tau2: bool = True, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Python with the same packages but without this project, in the folder."""
    places = [str(folder), *([str(HERE / "standin")] if with_tau2 else []), sysconfig.get_path("purelib")]
    environment = {"PYTHONPATH": os.pathsep.join(places), "PATH": os.environ["PATH"], **settings}
    # the base interpreter reads no .pth files of a PYTHONPATH: the project, installed by one, is not to be found
    base = Path(sys.base_prefix) / "bin" / "python3"
    return subprocess.run(
        [str(base), *arguments],
        cwd=folder,
        env=environment,
        input=told,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
