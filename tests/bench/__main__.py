"""`make bench`: planning, pairs, sessions, HTTP serving, model calls and a small backfill, measured in one run.

Written as JSON. `make scale` measures the backfill of 300 domains and 1,000 pairs.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.bench import backfill, llm, pairs, planning, rollouts, serving
from tests.bench.machine import machine

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
        "backfill": _backfill(),
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


def _backfill() -> dict[str, object]:
    """30 domains and 10 pairs, with as many tasks as in the great backfill."""
    with tempfile.TemporaryDirectory() as folder:
        return backfill.measure(Path(folder), 30, 10, 40, 10)


if __name__ == "__main__":
    main()
