"""A run is alive exactly as long as its process is, however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from agentskiller_assets.launching.presence import is_alive, pid_of, present

HOLD = """
import sys
from pathlib import Path
from agentskiller_assets.launching.presence import present
with present(Path(sys.argv[1]), "run"):
    print("here", flush=True)
    sys.stdin.read()
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


def test_a_run_has_a_process_until_it_ends(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "run")
    with _holder(tmp_path) as process:
        assert is_alive(tmp_path, "run")
        assert pid_of(tmp_path, "run") == process.pid
    assert not is_alive(tmp_path, "run")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_noticed_and_its_file_goes(tmp_path: Path) -> None:
    with _holder(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert list(tmp_path.iterdir()), "nobody was there to clear up"
        assert not is_alive(tmp_path, "run")
        assert pid_of(tmp_path, "run") is None
    assert list(tmp_path.iterdir()) == []


def test_one_process_can_be_several_runs_one_after_the_other(tmp_path: Path) -> None:
    for run in ("a", "b"):
        with present(tmp_path, run):
            assert pid_of(tmp_path, run) == os.getpid()
        assert not is_alive(tmp_path, run)
