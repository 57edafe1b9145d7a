"""Which runs have a living process: each holds the lock of a file with its pid, which goes with the process."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

BY_COMMAND_LINE = {"agentskiller/started_by": "command-line", "dagster/max_retries": "0"}
"""Tags of a run that `agentskiller run` makes itself: no launcher knows of it, and nobody makes it again unasked."""


def presence_folder(dagster_home: str) -> Path:
    """Where the runs of an instance have their files."""
    return Path(dagster_home) / "runs_alive"


def is_by_command_line(tags: Mapping[str, str]) -> bool:
    """Whether the run with these tags is one that `agentskiller run` makes itself."""
    return BY_COMMAND_LINE.items() <= tags.items()


@contextmanager
def present(folder: Path, run_id: str) -> Iterator[None]:
    """Until it ends, this process is the run's."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / run_id
    with path.open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()
        yield
        path.unlink(missing_ok=True)


def is_alive(folder: Path, run_id: str) -> bool:
    """Whether a process holds the run's lock. What a dead one has left is cleared away."""
    path = folder / run_id
    try:
        with path.open("r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True


def pid_of(folder: Path, run_id: str) -> int | None:
    """The process of a run that is under way."""
    if not is_alive(folder, run_id):
        return None
    with suppress(FileNotFoundError, ValueError):
        return int((folder / run_id).read_text(encoding="ascii"))
    return None
