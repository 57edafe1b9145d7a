"""`make clean` removes what was made, and nothing that was paid for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[1] / "Makefile"
PLAIN = {"PATH": os.environ["PATH"]}
"""Without what a `make` around the tests passes on, such as the folder of its own environment."""


@pytest.mark.parametrize("paid", [True, False])
def test_paid_answers_stay(tmp_path: Path, paid: bool) -> None:
    shutil.copy(MAKEFILE, tmp_path)
    answer = tmp_path / "warehouse" / "_calls" / "0a" / "0a1b.json"
    made = [
        tmp_path / name for name in ("warehouse/registry.yaml", "warehouse/.registry.lock", "warehouse/a/b.parquet")
    ]
    for path in (*made, *([answer] if paid else [])):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    for _ in range(2):
        subprocess.run(["make", "clean"], cwd=tmp_path, env=PLAIN, check=True, capture_output=True)
        left = [path for path in (tmp_path / "warehouse").rglob("*") if path.is_file()]
        assert left == ([answer] if paid else [])
        assert (tmp_path / "warehouse").exists() == paid
