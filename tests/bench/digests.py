"""Digests of what a warehouse holds, by domain and pair, compared with those of the great backfill.

`python -m tests.bench.digests FOLDER` says where a project's folder differs from `docs/scale-digests.json`. It may hold
all of it or a part: any machine can make a few of these domains and pairs again, with as many tasks, and must come to
the same. `--write` makes the file anew from the folder instead.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

from agentskiller_assets.core.canonical import digest
from tests.cli.project import Project

FILE = Path(__file__).parents[2] / "docs" / "scale-digests.json"
_LINE = re.compile(r"^(\w{32})  (\w+)/(\S+)$", re.MULTILINE)


def digests_of(project: Project) -> dict[str, str]:
    """By domain or pair, a digest over the data versions of all its assets."""
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for version, asset, partition in _LINE.findall(project.run("digests", seconds=3600)):
        versions[partition].append(f"{asset} {version}")
    return {partition: digest(sorted(found))[:16] for partition, found in sorted(versions.items())}


def compared(found: dict[str, str]) -> dict[str, list[str]]:
    """Domains and pairs that are made otherwise, those that the file has not, and those that are only there."""
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return {
        "different": [name for name in found if name in known and known[name] != found[name]],
        "unknown": [name for name in found if name not in known],
        "not_made": [name for name in known if name not in found],
    }


def unlike(project: Project) -> list[str]:
    """Domains and pairs of a project that are made otherwise than the file says, or are not in it."""
    comparison = compared(digests_of(project))
    return [*comparison["different"], *comparison["unknown"]]


def write(found: dict[str, str]) -> None:
    """Makes the file."""
    FILE.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


def main() -> None:
    """Compares or writes; ends with an error where a domain or pair is made otherwise."""
    found = digests_of(Project(Path(sys.argv[1]).absolute()))
    if "--write" in sys.argv:
        write(found)
    comparison = compared(found)
    numbers = {what: len(names) for what, names in comparison.items()}
    print(f"{len(found)} domains and pairs: {numbers}")
    if comparison["different"]:
        sys.exit(f"made otherwise: {', '.join(comparison['different'])}")


if __name__ == "__main__":
    main()
