"""A backfill through Dagster's daemon: wall time, memory, Dagster's share, size, and how fast the UI opens.

`python -m tests.bench.backfill FOLDER DOMAINS PAIRS TASKS_PER_DOMAIN TASKS_PER_PAIR` makes one in a folder of its own.
"""

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tests.browser.webserver import Server, dagster_server, wait_for
from tests.cli.project import Project

_COUNTS = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status partitionStatusCounts { runStatus count } }
} }"""
_PARTITIONS = """
query ($asset: String!) { assetNodeOrError(assetKey: { path: [$asset] }) { ... on AssetNode { partitionKeys } } }"""
_ENDED = ("SUCCESS", "FAILURE", "CANCELED")
_MARKS = (10, 30, 100, 300, 1000)
"""After so many partitions the time is noted: how it grows is seen in one backfill."""


def measure(folder: Path, domains: int, pairs: int, of_domain: int, of_pair: int) -> dict[str, Any]:
    """A backfill of so many domains, and then of pairs, with so many tasks planned for each of them."""
    folder.mkdir(parents=True, exist_ok=True)
    project = Project(folder)
    started = time.monotonic()
    print(project.run("domains", "expand", "--count", str(domains), "--pairs", str(max(pairs, 1)), seconds=3600))
    figures: dict[str, Any] = {"domains": domains, "pairs": pairs}
    figures |= {"tasks_per_domain": of_domain, "tasks_per_pair": of_pair}
    figures["catalogs_s"] = round(time.monotonic() - started, 1)
    with dagster_server(project) as server, _memory(figures):
        config = {"ops": {"instance_combos": {"config": {"tasks_per_domain": of_domain}}}}
        figures["domains_backfill"] = _backfill(server, "domain_pipeline", "queries", domains, config)
        if pairs:
            config = {"ops": {"fused_instance_combos": {"config": {"tasks_per_pair": of_pair}}}}
            figures["pairs_backfill"] = _backfill(server, "fusion", "fused_queries", pairs, config)
        figures["asset_page_s"] = _open_page(server)
    figures |= _inside(project)
    return {**figures, "share_of_time_between_runs": share_between_runs(figures)}


def growth(between: dict[str, float]) -> float | None:
    """How many times as long each of the last partitions took as each of those before them."""
    each = list(between.values())
    return round(each[-1] / each[-2], 2) if len(each) > 1 and each[-2] else None


def share_between_runs(figures: dict[str, Any]) -> float:
    """Of the time that there was for runs, what passed while Dagster queued, launched and ended them."""
    settings = yaml.safe_load((Path(__file__).parents[2] / "dagster_home" / "dagster.yaml").read_text("utf-8"))
    at_once = settings["concurrency"]["runs"]["max_concurrent_runs"]
    seconds = sum(figures[name]["seconds"] for name in ("domains_backfill", "pairs_backfill") if name in figures)
    return round(1 - figures["runs"] * figures["run_s_mean"] / (at_once * seconds), 3)


def launch(server: Server, job: str, asset: str, count: int, config: dict[str, Any]) -> str:
    """Starts a backfill over the first so many partitions of an asset; its id."""
    keys = server.ask(_PARTITIONS, asset=asset)["assetNodeOrError"]["partitionKeys"][:count]
    assert len(keys) == count, f"{len(keys)} partitions instead of {count}"
    return server.backfill(job, keys, config)


def _backfill(server: Server, job: str, asset: str, count: int, config: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    backfill = launch(server, job, asset, count, config)
    said = -1
    after: dict[int, float] = {}

    def ended() -> dict[str, int] | None:
        nonlocal said
        found = server.ask(_COUNTS, id=backfill)["partitionBackfillOrError"]["partitionStatusCounts"]
        counts = {each["runStatus"]: each["count"] for each in found}
        done = sum(counts.get(each, 0) for each in _ENDED)
        seconds = time.monotonic() - started
        after.update({mark: round(seconds, 1) for mark in _MARKS if mark <= done and mark not in after})
        if done // 10 != said:
            said = done // 10
            print(f"{job}: {done} of {count} after {seconds:.0f} s, {counts}", flush=True)
        return counts if done >= count else None

    counts = wait_for(f"the backfill of {job}", ended, 6 * 3600)
    seconds = time.monotonic() - started
    return {
        "seconds": round(seconds, 1),
        "seconds_each": round(seconds / count, 2),
        "seconds_after": after,
        "seconds_each_between": _between(after),
        "succeeded": counts.get("SUCCESS", 0),
        "failed": counts.get("FAILURE", 0),
    }


def _between(after: dict[int, float]) -> dict[str, float]:
    """Seconds for each partition from one mark to the next: equal ones mean that the time is linear."""
    marks = list(after.items())
    steps = itertools.pairwise(marks)
    return {f"{one}-{other}": round((end - start) / (other - one), 2) for (one, start), (other, end) in steps}


@contextmanager
def _memory(figures: dict[str, Any]) -> Iterator[None]:
    """The most that all processes of this session's children hold at once, in megabytes of their own pages."""
    over, most = threading.Event(), 0.0

    def watch() -> None:
        nonlocal most
        while not over.wait(2):
            most = max(most, sum(_own_mb(pid) for pid in _descendants(os.getpid())))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        figures["peak_mb"] = round(most)


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, before = {root}, 0
    while len(found) != before:
        before = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return sorted(found - {root})


def _own_mb(pid: int) -> float:
    """Proportional set size: shared pages count once over all who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _open_page(server: Server) -> float:
    """Seconds until a new browser shows the partitions of `queries`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        started = time.monotonic()
        page.goto(f"{server.address}/assets/queries?view=partitions")
        page.get_by_text("Materialized", exact=False).first.wait_for(timeout=120_000)
        seconds = time.monotonic() - started
        browser.close()
    return round(seconds, 1)


def _inside(project: Project) -> dict[str, Any]:
    """What the runs did, from Dagster's own events, and what they left."""
    import dagster as dg

    files = [path for path in project.warehouse.rglob("*") if path.is_file()]
    home = project.root / "dagster_home"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        records = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
        runs = [r for r in records if r.dagster_run.job_name in ("domain_pipeline", "fusion") and r.end_time]
        took = sum(float(r.end_time or 0) - float(r.start_time or 0) for r in runs)
        steps = sum(
            float(stats.end_time or 0) - float(stats.start_time or 0)
            for record in runs[:: max(1, len(runs) // 50)]
            for stats in instance.get_run_step_stats(record.dagster_run.run_id)
        )
        sampled = sum(float(r.end_time or 0) - float(r.start_time or 0) for r in runs[:: max(1, len(runs) // 50)])
    with duckdb.connect(str(project.warehouse / "warehouse.duckdb"), read_only=True) as views:
        tasks = dict(
            views.execute(
                "SELECT 'single', count(*) FROM validated_tasks WHERE rejection IS NULL"
                " UNION ALL SELECT 'fused', count(*) FROM fused_validated_tasks WHERE rejection IS NULL"
            ).fetchall()
        )
    return {
        "runs": len(runs),
        "run_s_mean": round(took / max(1, len(runs)), 2),
        "share_of_runs_outside_steps": round(1 - steps / sampled, 3) if sampled else None,
        "certified_tasks": tasks,
        "warehouse_files": len(files),
        "warehouse_mb": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "dagster_home_mb": round(sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) / 1e6, 1),
    }


if __name__ == "__main__":
    found = measure(Path(sys.argv[1]).absolute(), *(int(each) for each in sys.argv[2:6]))
    print(json.dumps(found, indent=2))
