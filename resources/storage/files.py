"""Temporary names, renames that happen all or not at all, and locks."""

import contextlib
import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ABANDONED_AFTER = 3600.0
"""Seconds after which a temporary file is what a killed process left (a write takes under a second)."""

TEMPORARY = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.tmp(\.wal|\.jsonl)?")
"""Names that `temporary` gives, and of what is named after them while a file is written."""


@contextmanager
def temporary(final: Path) -> Iterator[Path]:
    """A hidden name next to `final`, for a file to be renamed to it; what still has it at the end is removed.

    The folder is made if it is missing, and what killed processes left for the same file is swept up.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    for old in abandoned(final.parent, f".{final.name}."):
        with contextlib.suppress(OSError):
            old.unlink()
    path = final.with_name(f".{final.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield path
    finally:
        for leftover in (path, path.with_name(path.name + ".wal")):
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)


def abandoned(folder: Path, prefix: str = ".", names: re.Pattern[str] = TEMPORARY) -> list[Path]:
    """Temporary files that have been still for so long that whoever wrote them was killed; sorted.

    These are files with the names that `temporary` gives, or with others that are ours; nothing of somebody else's.
    """
    found: list[Path] = []
    before = time.time() - ABANDONED_AFTER
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and names.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before:
                        found.append(Path(entry.path))
    return sorted(found)


def replace_all(moves: Sequence[tuple[Path, Path]]) -> None:
    """Renames every (temporary, final) pair in order; after an exception all final names hold what they held.

    The last pair is the note that vouches for the others: the old one goes before anything else changes, so that a
    kill between two renames leaves data that nothing vouches for.
    """
    with contextlib.ExitStack() as backups, contextlib.ExitStack() as undo:
        for final in reversed([final for _, final in moves]):
            backup, existed = backups.enter_context(temporary(final)), final.exists()
            with contextlib.suppress(OSError):  # a file system without hard links has no way back
                os.link(final, backup)
            undo.callback(_restore, final, backup, existed)
        moves[-1][1].unlink(missing_ok=True)
        for source, final in moves:
            os.replace(source, final)  # noqa: PTH105
        undo.pop_all()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time in this block, of all that name the same file; it stays, for the next to wait at."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_text(final: Path, text: str) -> None:
    """Writes a small UTF-8 file so that readers see the old text or the new one, never a part."""
    with temporary(final) as path:
        path.write_text(text, encoding="utf-8")
        os.replace(path, final)  # noqa: PTH105


def _restore(final: Path, backup: Path, existed: bool) -> None:
    with contextlib.suppress(OSError):
        if backup.exists():
            os.replace(backup, final)  # noqa: PTH105
        elif not existed:
            final.unlink(missing_ok=True)
