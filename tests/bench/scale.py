"""`make scale`: a backfill of many domains and pairs through the daemon, its dataset, and all of it verified again.

`python -m tests.bench.scale FOLDER DOMAINS PAIRS TASKS_PER_DOMAIN TASKS_PER_PAIR` writes `docs/scale.json`, with a
digest over all that was made.
If that file is there, of an equal number of domains, pairs and tasks, the digest must be the one in it.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench import backfill
from tests.bench.machine import machine
from tests.cli.project import Project

RESULTS = Path(__file__).parents[2] / "docs" / "scale.json"
_HOURS = 3600.0
_SIZE = ("domains", "pairs", "tasks_per_domain", "tasks_per_pair")


def main() -> None:
    """Measures, compares and stores; ends with an error where something is at fault or different."""
    folder, sizes = Path(sys.argv[1]).absolute(), [int(each) for each in sys.argv[2:6]]
    figures = {"machine": machine(), **backfill.measure(folder, *sizes)}
    project = Project(folder)
    figures |= {"dataset": _dataset(project, *sizes), **_verified(project), **_digest(project)}
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    comparable = all(before.get(name) == figures[name] for name in _SIZE)
    if comparable:
        figures["same_as_before"] = before["digest"] == figures["digest"]
    print(json.dumps(figures, indent=2))
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if figures["faults"] or (comparable and not figures["same_as_before"]):
        sys.exit(1)


def _dataset(project: Project, domains: int, pairs: int, of_domain: int, of_pair: int) -> dict[str, Any]:
    """The dataset of what is there: nothing else may be left to make."""
    started = time.monotonic()
    wanted = ("--count", str(domains), "--pairs", str(pairs))
    printed = project.run(
        *("run", *wanted, "--tasks-per-domain", str(of_domain), "--tasks-per-pair", str(of_pair)), seconds=_HOURS
    )
    examples = re.search(r"dataset: (\d+) examples", printed)
    assert examples, printed[-2000:]
    assert " assets after " not in printed, f"the backfill left something to make: {printed[:2000]}"
    return {"seconds": round(time.monotonic() - started, 1), "examples": int(examples[1])}


def _verified(project: Project) -> dict[str, Any]:
    """What fresh processes find when they certify every task, and make every conversation, again."""
    started = time.monotonic()
    certified = re.findall(r"^\S+: (\d+) tasks certified again, (\d+) faults$", _lines(project, "verify"), re.MULTILINE)
    made = re.findall(
        r"^\S+: (\d+) conversations and \d+ examples made again, (\d+) faults$",
        _lines(project, "verify", "--rollouts"),
        re.MULTILINE,
    )
    return {
        "certified_again": sum(int(number) for number, _ in certified),
        "conversations_made_again": sum(int(number) for number, _ in made),
        "faults": sum(int(faults) for _, faults in (*certified, *made)),
        "verify_s": round(time.monotonic() - started, 1),
    }


def _digest(project: Project) -> dict[str, Any]:
    versions = _lines(project, "digests").splitlines()
    return {"data_versions": len(versions) - 1, "digest": versions[-1].split()[0]}


def _lines(project: Project, *arguments: str) -> str:
    return project.run(*arguments, seconds=_HOURS)


if __name__ == "__main__":
    main()
