"""`make bench`: planning, pairs, sessions, HTTP serving and model calls, measured in one run and written as JSON."""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from tests.bench import llm, pairs, planning, rollouts, serving

RESULTS = Path(__file__).parents[2] / "docs" / "bench.json"


def main() -> None:
    """Measures, prints and stores."""
    tasks_per_domain = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    results = {
        "machine": _machine(),
        "planning": planning.measure(tasks_per_domain),
        "pairs": pairs.measure(),
        "rollouts": rollouts.measure(),
        "sessions": serving.measure_sessions(),
        "http": serving.measure_http(),
        "llm": llm.measure(),
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


def _machine() -> dict[str, Any]:
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    main()
