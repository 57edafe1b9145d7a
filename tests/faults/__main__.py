"""`python -m tests.faults DOMAINS FOLDER`: an undisturbed run, a disturbed backfill, and what differs between them.

Two backfills over the same domains run at once, at first on a disk that is soon full. Meanwhile run processes are
killed at random, then the whole server with its daemon, several times; between two of these, stored files are damaged.
In the end `agentskiller run` makes what is left, `verify` must find nothing, and every data version must be that of the
undisturbed run. Needs the right to mount a file system.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.backfill import launch
from tests.browser.webserver import dagster_server
from tests.cli.project import Project

SEED, SESSIONS, TASKS = 7, 3, 10
_SESSION_S, _FIRST_SESSION_S = 40.0, 300.0
"""The first one lasts until the disk is full, and no longer than this."""
_PAUSE_S = (2.0, 6.0)
_RECOVERY_S = 900.0
_TOO_SMALL, _LARGE_ENOUGH = "8m", "4g"
"""A domain takes some 0.9 MB."""
_DISTURBANCES = ("runs_killed", "servers_killed", "writes_refused", "files_damaged")


def main() -> None:
    """Runs both, and ends with an error if they differ, or if one was not disturbed in every way."""
    domains, folder = int(sys.argv[1]), Path(sys.argv[2]).absolute()
    quiet, loud = Project(folder / "quiet"), Project(folder / "loud")
    for project in (quiet, loud):
        project.root.mkdir(parents=True)
        project.run("domains", "expand", "--count", str(domains), seconds=3600)
    names = ",".join(_domains(quiet))
    quiet.run("run", "--domains", names, "--tasks-per-domain", str(TASKS), seconds=3600)
    with _small_disk(loud) as enlarge:
        _compare(quiet, loud, names, {"domains": domains, **_disturb(loud, domains, enlarge)})


def _compare(quiet: Project, loud: Project, names: str, figures: dict[str, Any]) -> None:
    """Makes what is left, verifies it, and prints the figures; an error if anything is at fault or different."""
    started = time.monotonic()
    loud.run("run", "--domains", names, "--tasks-per-domain", str(TASKS), seconds=3600)
    figures["repair_s"] = round(time.monotonic() - started, 1)
    loud.run("verify", seconds=3600)  # ends in an error if anything is at fault
    expected, found = (_versions(project, names) for project in (quiet, loud))
    different = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    figures |= {"data_versions": len(expected), "different": different, "left_over": _left_over(loud)}
    figures["did_not_happen"] = [name for name in _DISTURBANCES if not figures[name]]
    print(json.dumps(figures, indent=2))
    if different or figures["did_not_happen"]:
        sys.exit(1)


@contextmanager
def _small_disk(project: Project) -> Iterator[Callable[[], None]]:
    """What the project has so far on a disk of its own with little room, until the function that is given is called."""
    found = shutil.move(project.warehouse, project.root / "before")
    project.warehouse.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_TOO_SMALL}", "tmpfs", str(project.warehouse)], check=True)
    try:
        shutil.copytree(found, project.warehouse, dirs_exist_ok=True)
        yield lambda: _mount_again(project)
    finally:
        subprocess.run(["umount", str(project.warehouse)], check=True)


def _mount_again(project: Project) -> None:
    subprocess.run(["mount", "-o", f"remount,size={_LARGE_ENOUGH}", str(project.warehouse)], check=True)


def _disturb(project: Project, domains: int, enlarge: Callable[[], None]) -> dict[str, Any]:
    """Fills the disk, kills and damages, then waits for Dagster to come to an end by itself; how often it did what."""
    draw = random.Random(SEED)
    killed = damaged = full = 0
    config = {"ops": {"instance_combos": {"config": {"tasks_per_domain": TASKS}}}}
    for session in range(SESSIONS):
        with contextlib.suppress(OSError), dagster_server(project) as server:
            for _ in range(2 if session == 0 else 0):
                launch(server, "domain_pipeline", "queries", domains, config)
            started = time.monotonic()
            while _goes_on(project, session, time.monotonic() - started):
                time.sleep(draw.uniform(*_PAUSE_S))
                killed += _kill_some_run(project, draw)
            _kill_server(project)
        full = full or _refused_for_room(project)
        enlarge()
        damaged += _damage(project, draw)
    with dagster_server(project):
        seconds = _wait_until_idle(project)
    disturbed = {"runs_killed": killed, "servers_killed": SESSIONS, "writes_refused": full, "files_damaged": damaged}
    return {**disturbed, "recovery_s": seconds}


def _goes_on(project: Project, session: int, seconds: float) -> bool:
    """Whether a session is to last longer: it has its time, and the first one ends no earlier than the room."""
    waits = session == 0 and seconds < _FIRST_SESSION_S and not _refused_for_room(project)
    return seconds < _SESSION_S or waits


def _domains(project: Project) -> list[str]:
    found = json.loads(project.run("sql", "SELECT domain FROM domain_catalog ORDER BY position", "--format", "json"))
    return [row["domain"] for row in found]


def _kill_some_run(project: Project, draw: random.Random) -> int:
    alive = sorted((project.root / "dagster_home" / "runs_alive").glob("*"))
    if not alive:
        return 0
    with contextlib.suppress(ValueError, OSError):
        os.kill(int(draw.choice(alive).read_text()), signal.SIGKILL)
        return 1
    return 0


def _refused_for_room(project: Project) -> int:
    """How often a run said that there is no room."""
    return (project.root / "server.log").read_text(errors="replace").count("No space left on device")


def _kill_server(project: Project) -> None:
    """Everything that was started for this project, at once and without a word."""
    home = str(project.root / "dagster_home").encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if b"DAGSTER_HOME=" + home in environment.read_bytes() and int(environment.parent.name) != os.getpid():
                os.kill(int(environment.parent.name), signal.SIGKILL)


def _damage(project: Project, draw: random.Random) -> int:
    """Turns a byte of one stored file, and cuts another one short."""
    files = sorted(path for path in project.warehouse.glob("*/*.parquet") if path.parent.name != "domain_catalog")
    files = [path for path in files if path.stem != "all"]
    if len(files) < 2:
        return 0
    turned, cut = draw.sample(files, 2)
    content = bytearray(turned.read_bytes())
    content[len(content) // 2] ^= 0xFF
    turned.write_bytes(bytes(content))
    cut.write_bytes(cut.read_bytes()[:100])
    return 2


def _wait_until_idle(project: Project) -> float:
    """Seconds until no run is queued or under way any more."""
    import dagster as dg

    busy = [dg.DagsterRunStatus[name] for name in ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING")]
    started, idle_since = time.monotonic(), None
    with dg.DagsterInstance.from_config(str(project.root / "dagster_home")) as instance:
        while time.monotonic() - started < _RECOVERY_S:
            if instance.get_runs(dg.RunsFilter(statuses=busy), limit=1):
                idle_since = None
            else:
                idle_since = idle_since or time.monotonic()
                if time.monotonic() - idle_since > 45:  # a backfill looks for more to do every half minute
                    break
            time.sleep(1)
    return round(time.monotonic() - started, 1)


def _versions(project: Project, names: str) -> dict[str, str]:
    printed = project.run("digests", "--domains", names, seconds=600)
    return {name: version for version, name in (line.split() for line in printed.splitlines() if "/" in line)}


def _left_over(project: Project) -> int:
    """Temporary files of processes that were killed; `agentskiller clean` removes them after an hour."""
    return len(list(project.warehouse.rglob(".*.tmp*")))


if __name__ == "__main__":
    main()
