"""Where faults of the operating system and of DuckDB become errors that a user can act on."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb

from agentskiller_assets.errors import StorageError

_PAIR = "--"
"""Joins the two domains in the key of a pair."""
_ELSEWHERE = "set AGENTSKILLER_WAREHOUSE to another folder, and run again"
_IN_THE_WAY = "A part of this path is a file and must be a folder: move the file away"
_FIXES = {
    errno.ENOSPC: f"Free some space on this disk, or {_ELSEWHERE}",
    errno.EDQUOT: f"Free some of your quota on this disk, or {_ELSEWHERE}",
    errno.EROFS: f"Make this folder writable, or {_ELSEWHERE}",
    errno.EACCES: f"Give yourself access to this folder, or {_ELSEWHERE}",
    errno.EPERM: f"Give yourself access to this folder, or {_ELSEWHERE}",
    errno.ENOTDIR: f"{_IN_THE_WAY}, or {_ELSEWHERE}",
    errno.EEXIST: f"{_IN_THE_WAY}, or {_ELSEWHERE}",
}
_MESSAGES = {
    "No space left": errno.ENOSPC,
    "quota": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
    "Not a directory": errno.ENOTDIR,
}


@contextmanager
def storage_faults(path: Path, doing: Literal["read", "write"]) -> Iterator[None]:
    """Raises `StorageError` with path, fault and fix for any `OSError` or DuckDB error inside the block."""
    try:
        yield
    except (OSError, duckdb.Error) as exc:
        raise StorageError(str(path), f"cannot {doing} it: {_fault(exc)}", _fix(exc, doing)) from exc


def rebuild_command(partition: str | None) -> str:
    """The command that makes the files of a partition again."""
    if partition and _PAIR in partition:
        return f"`agentskiller run --pairs {partition.replace(_PAIR, '+')}`"
    return f"`agentskiller run --domains {partition}`" if partition else "`agentskiller run --stale`"


def _fault(exc: OSError | duckdb.Error) -> str:
    if isinstance(exc, OSError):
        return exc.strerror or str(exc)
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__


def _fix(exc: OSError | duckdb.Error, doing: str) -> str:
    code = exc.errno if isinstance(exc, OSError) else None
    if code is None:
        code = next((number for text, number in _MESSAGES.items() if text in str(exc)), None)
    if code in _FIXES:
        return _FIXES[code]
    if doing == "write":
        return "Nothing was changed; solve this and run again"
    return "If the file is damaged, delete it and run the command that made it again"
