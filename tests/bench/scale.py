"""`make scale`: a backfill of many domains and pairs through the daemon, its dataset, and all of it verified again.

`python -m tests.bench.scale FOLDER DOMAINS PAIRS TASKS_PER_DOMAIN TASKS_PER_PAIR` writes `docs/scale.json`, and holds
every domain and pair to its digest in `docs/scale-digests.json`; without that file it makes it. What an earlier call
that was cut off has measured in the folder (`figures.json`) is not measured again.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench import backfill, digests
from tests.bench.machine import machine
from tests.cli.project import Project

RESULTS = Path(__file__).parents[2] / "docs" / "scale.json"
_HOURS = 3600.0


def main() -> None:
    """Measures, compares and stores; ends with an error where something is at fault or different."""
    folder, sizes = Path(sys.argv[1]).absolute(), [int(each) for each in sys.argv[2:6]]
    project = Project(folder)
    figures = _so_far(folder) or _noted(folder, {"machine": machine(), **backfill.measure(folder, *sizes)})
    failed = sum(figures[name]["failed"] for name in ("domains_backfill", "pairs_backfill") if name in figures)
    if failed:
        sys.exit(f"{failed} runs of the backfills failed; `agentskiller status` in {folder} says why")
    if "dataset" not in figures:
        figures = _noted(folder, {**figures, "dataset": _dataset(project, *sizes)})
    if "verify_s" not in figures:
        figures = _noted(folder, {**figures, **_verified(project)})
    found = digests.digests_of(project)
    if not digests.FILE.exists():
        digests.write(found)
    comparison = digests.compared(found)
    figures |= {"partitions": len(found), **{what: len(names) for what, names in comparison.items()}}
    RESULTS.write_text(json.dumps(_noted(folder, figures), indent=2) + "\n", encoding="utf-8")
    if figures["faults"] or comparison["different"]:
        sys.exit(f"{figures['faults']} faults; made otherwise: {comparison['different']}")


def _noted(folder: Path, figures: dict[str, Any]) -> dict[str, Any]:
    """The figures so far, printed and kept: what follows takes an hour and may fail."""
    text = json.dumps(figures, indent=2)
    (folder / "figures.json").write_text(text, encoding="utf-8")
    print(text, flush=True)
    return figures


def _so_far(folder: Path) -> dict[str, Any]:
    """What was noted in the folder before."""
    path = folder / "figures.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _dataset(project: Project, domains: int, pairs: int, of_domain: int, of_pair: int) -> dict[str, Any]:
    """The dataset of what is there: nothing else may be left to make."""
    started = time.monotonic()
    wanted = ("--count", str(domains), "--pairs", str(pairs))
    printed = project.run(
        *("run", *wanted, "--tasks-per-domain", str(of_domain), "--tasks-per-pair", str(of_pair)), seconds=_HOURS
    )
    examples = re.search(r"dataset: ([\d,]+) examples", printed)
    assert examples, printed[-2000:]
    assert " assets after " not in printed, f"the backfill left something to make: {printed[:2000]}"
    return {"seconds": round(time.monotonic() - started, 1), "examples": int(examples[1].replace(",", ""))}


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


def _lines(project: Project, *arguments: str) -> str:
    return project.run(*arguments, seconds=_HOURS)


if __name__ == "__main__":
    main()
