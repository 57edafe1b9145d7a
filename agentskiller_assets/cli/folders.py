"""Folders that are written as a whole."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentskiller_assets.errors import StorageError

Content = bytes | Iterable[bytes]
"""A file as a whole, or piece by piece."""


def write_new_folder(folder: Path, files: Mapping[str, Content]) -> None:
    """All files in a new or empty folder; `StorageError` if it is neither, or cannot be written."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError(str(folder), "there is something in it", "Name a new or an empty folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rmdir()
        write_folder(folder, files)
    except OSError as error:
        raise StorageError(str(folder), f"it cannot be written ({error.strerror})", "Name another folder.") from error


def write_folder(folder: Path, files: Mapping[str, Content]) -> None:
    """All files or none; what somebody else wrote meanwhile stays."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True) as name:
        new = Path(name) / "new"
        for path, content in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            with (new / path).open("wb") as file:
                file.writelines([content] if isinstance(content, bytes) else content)
        try:
            new.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            shutil.rmtree(new)
