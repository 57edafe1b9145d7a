"""The process that runs are forked from, as the launcher sees it: one line of JSON for a run, one line with its pid
back. What it does with them is in `workers.py`."""

import subprocess
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from agentskiller_assets.core.records import Model

CODE_LOCATION = "agentskiller_assets.definitions"
_PACKAGES = ("agentskiller_assets", "resources", "io_managers")
_ROOT = Path(__file__).resolve().parents[2]
_SERVER = "agentskiller_assets.launching.workers"
_END_S = 5


class Order(Model):
    """One run to start. Origin and instance are in Dagster's serialized form."""

    run_id: str
    origin: str
    instance: str
    presence: str
    """Folder of `presence.present`."""


class Template:
    """The process, as the launcher sees it. May be asked from several threads."""

    def __init__(self) -> None:
        self._state = code_state()
        self._lock = Lock()
        command = [sys.executable, "-m", _SERVER]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @property
    def is_current(self) -> bool:
        """Whether it lives and has loaded what is on disk now."""
        return self._process.poll() is None and self._state == code_state()

    def start(self, order: Order) -> int:
        """The pid of a new process that executes the run; `RuntimeError` if the template is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock, suppress(BrokenPipeError):
            self._process.stdin.write(order.model_dump_json() + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            if answer.strip().isdigit():
                return int(answer)
        self._process.kill()
        self._process.wait()
        fix = "What it printed before says why; `dg check defs` finds faults of the code location."
        raise RuntimeError(f"the process that runs are forked from has ended. {fix}")

    def close(self) -> None:
        """Ends it; its forks go on."""
        with suppress(OSError):
            self._process.communicate(timeout=_END_S)
        self._process.kill()


def code_state() -> str:
    """A hash of what the code location is loaded from: sources, packs, patterns, prompts and the registry."""

    from agentskiller_assets.registry import REGISTRY  # noqa: PLC0415 - the template loads it freshly
    from resources.storage.warehouse import default_root  # noqa: PLC0415

    found = blake2b(digest_size=16)
    paths = [path for package in _PACKAGES for path in (_ROOT / package).rglob("*") if path.suffix != ".pyc"]
    for path in [*sorted(paths), default_root() / REGISTRY]:
        with suppress(FileNotFoundError):
            stat = path.stat()
            if path.is_file():
                found.update(f"{path}:{stat.st_mtime_ns}:{stat.st_size}\n".encode())
    return found.hexdigest()
