"""`make bench`: planning, pairs, sessions, HTTP serving and model calls, measured in one run and written as JSON."""

import json
import sys
from pathlib import Path

from tests.bench import llm, pairs, planning, rollouts, serving
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
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
