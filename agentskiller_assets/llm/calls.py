"""Every call that was answered, as a file of its own: written once, and shared by any number of processes."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from agentskiller_assets.core.canonical import canonical_json, digest
from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import StorageError
from agentskiller_assets.llm.models import Completion, Fault, Request

CALLS = "_calls"
"""Folder of the warehouse."""
UNFINISHED = re.compile(r"\.[a-z0-9_]{8}\.tmp")
"""Names, by `mkstemp`, of files in its folders that are being written."""


class Call(Model):
    """A request, who asked it first, and what came of it."""

    call_id: str
    time: str
    """UTC, ISO 8601."""
    fault: Fault | None = None
    """Why the answer cannot be used, if so."""
    request: Request
    completion: Completion

    @classmethod
    def of(cls, request: Request, completion: Completion, fault: Fault | None) -> "Call":
        """A call that was answered now."""
        return cls(
            call_id=request.call_id,
            time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            fault=fault,
            request=request,
            completion=completion,
        )


class CallStore:
    """The folder with the calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, call_id: str) -> Path:
        """Where the call with this id is, if it was made."""
        name = call_id.removeprefix("call_")
        return self.folder / name[:2] / f"{name}.json"

    def find(self, call_id: str) -> Call | None:
        """The call, or None if it was never made; `StorageError` for a file that cannot be read."""
        path = self.path(call_id)
        with _faults(path, "read"):
            try:
                return Call.model_validate_json(path.read_bytes())
            except FileNotFoundError:
                return None
            except ValidationError as error:
                fix = "It was paid for, so it is not replaced by itself: delete it to ask the model again."
                raise StorageError(str(path), "it is no call that this version can read", fix) from error

    def keep(self, call: Call) -> Call:
        """Store a call before anything is made of it. What another process stored meanwhile stands, and is returned."""
        path = self.path(call.call_id)
        with _faults(path, "written"):
            if _write(path, call):
                return call
        return self.find(call.call_id) or call

    def note(self, call: Call) -> None:
        """Store an answer that is worth another try next to where a good one will be: it was paid for all the same."""
        path = self.path(call.call_id)
        path = path.with_name(f"{path.stem}.{digest(call)[:8]}.json")
        with _faults(path, "written"):
            _write(path, call)


def _write(path: Path, call: Call) -> bool:
    """Whether the file is there now because of this, whole; False if there was one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(canonical_json(call) + "\n")
        return _publish(Path(name), path)
    finally:
        Path(name).unlink(missing_ok=True)


def _publish(source: Path, final: Path) -> bool:
    try:
        os.link(source, final)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        source.replace(final)
    return True


@contextmanager
def _faults(path: Path, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fix = "Free some space or make the warehouse writable, and run again: what is answered is kept."
        raise StorageError(str(path), f"it cannot be {doing} ({error.strerror})", fix) from error
