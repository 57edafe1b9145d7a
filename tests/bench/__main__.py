"""`make bench`: planning, pairs, sessions, HTTP serving, model calls, the demo and a small backfill, in one run.

Written as JSON. `make scale` measures the backfill of 300 domains and 1,000 pairs.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import backfill, llm, pairs, planning, rollouts, serving
from tests.bench.machine import machine
from tests.cli.project import Project

RESULTS = Path(__file__).parents[2] / "docs" / "bench.json"


def main() -> None:
    """Measures, prints and stores."""
    tasks_per_domain = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    results = {
        "machine": machine(),
        "planning": planning.measure(tasks_per_domain),
        "pairs": pairs.measure(),
        "rollouts": rollouts.measure(),
        "sessions": serving.measure_sessions(),
        "http": serving.measure_http(),
        "llm": llm.measure(),
        "demo_s": _demo(),
        "backfill": _backfill(),
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


def _demo() -> float:
    """Seconds of what `make demo` does once it is set up: six domains and six pairs, to the training dataset."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        Project(Path(folder)).run("run", "--count", "6", "--pairs", "6")
        return round(time.monotonic() - started, 1)


def _backfill() -> dict[str, object]:
    """30 domains and 10 pairs, with as many tasks as in the great backfill."""
    with tempfile.TemporaryDirectory() as folder:
        return backfill.measure(Path(folder), 30, 10, 40, 10)


if __name__ == "__main__":
    main()
