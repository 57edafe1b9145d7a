"""`make scale`: a backfill of many domains and pairs through the daemon, its dataset, and all of it verified again.

`python -m tests.bench.scale FOLDER DOMAINS PAIRS TASKS_PER_DOMAIN TASKS_PER_PAIR` writes `docs/scale.json`, and holds
every domain and pair to its digest in `docs/scale-digests.json`; without that file it makes it. What an earlier call
that was cut off has measured in the folder (`figures.json`) is not measured again.

It ends with an error where a run or check failed, where what is stored cannot be proved again, where there are fewer
than 10,000 tasks and conversations, where time grows faster than the number of partitions, or where anything is made
otherwise than before.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentskiller_assets.dataset.checks import monotonous
from agentskiller_assets.dataset.models import DatasetReport
from resources.storage.warehouse import Warehouse
from tests.bench import backfill, digests
from tests.bench.machine import machine
from tests.cli.project import Project

RESULTS = Path(__file__).parents[2] / "docs" / "scale.json"
BACKFILLS = ("domains_backfill", "pairs_backfill")
ENOUGH, STEEPEST = 10_000, 1.2
"""Tasks and conversations at least, and by how much later partitions may take longer than earlier ones."""
_HOURS = 3600.0


def main() -> None:
    """Measures, compares and stores; ends with an error where something is at fault or different."""
    folder, sizes = Path(sys.argv[1]).absolute(), [int(each) for each in sys.argv[2:6]]
    project = Project(folder)
    figures = _so_far(folder, sizes) or _noted(folder, {"machine": machine(), **backfill.measure(folder, *sizes)})
    made = [name for name in BACKFILLS if name in figures]
    failed = sum(figures[name]["failed"] for name in made)
    if failed:
        sys.exit(f"{failed} runs of the backfills failed; `agentskiller status` in {folder} says why")
    if "dataset" not in figures:
        figures = _noted(folder, {**figures, "dataset": _dataset(project, *sizes)})
    if "verify_s" not in figures:
        figures = _noted(folder, {**figures, **_verified(project)})
    if "quality" not in figures:
        figures = _noted(folder, {**figures, "quality": _quality(project)})
    for name in made:
        figures[name]["growth"] = backfill.growth(figures[name]["seconds_each_between"])
    found = digests.digests_of(project)
    if not digests.FILE.exists():
        digests.write(found)
    comparison = digests.compared(found)
    figures |= {"partitions": len(found), **{what: len(names) for what, names in comparison.items()}}
    RESULTS.write_text(json.dumps(_noted(folder, figures), indent=2) + "\n", encoding="utf-8")
    faults = [*_missed(figures), *(f"{name}: made otherwise" for name in comparison["different"])]
    if comparison["unknown"]:
        faults.append(f"{len(comparison['unknown'])} are not in {digests.FILE}: add them by its `--write`")
    if faults:
        sys.exit("\n".join(faults))


def _missed(figures: dict[str, Any]) -> Iterator[str]:
    """What the figures must be, and are not."""
    certified = sum(figures["certified_tasks"].values())
    for name in ("certified_again", "conversations_made_again"):
        if figures[name] != certified or certified < ENOUGH:
            yield f"{name}: {figures[name]} of {certified} certified tasks, at least {ENOUGH} wanted"
    yield from figures["quality"]["monotonous"]
    for name in BACKFILLS:
        growth = figures.get(name, {}).get("growth")
        if growth and growth > STEEPEST:
            yield f"{name}: the last partitions took {growth} times as long as those before"


def _noted(folder: Path, figures: dict[str, Any]) -> dict[str, Any]:
    """The figures so far, printed and kept: what follows takes an hour and may fail."""
    text = json.dumps(figures, indent=2)
    (folder / "figures.json").write_text(text, encoding="utf-8")
    print(text, flush=True)
    return figures


def _so_far(folder: Path, sizes: list[int]) -> dict[str, Any]:
    """What was noted in the folder by a call that did not come to its end."""
    path = folder / "figures.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    measured = [found.get(name) for name in ("domains", "pairs", "tasks_per_domain", "tasks_per_pair")]
    if "different" in found or (folder.exists() and measured != sizes):
        sys.exit(f"{folder} holds another run: remove it to measure anew, or name another folder")
    return found


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


def _quality(project: Project) -> dict[str, Any]:
    """How varied it all is, and what the check of the dataset's variety says of it."""
    (report,) = Warehouse(project.warehouse).read_records("dataset_report", DatasetReport, None)
    kinds = sorted({count.task_kind for count in report.counts})
    return {
        **report.quality.model_dump(mode="json"),
        "task_kinds": {kind: sum(c.examples for c in report.counts if c.task_kind == kind) for kind in kinds},
        "monotonous": monotonous(report.quality),
    }


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
