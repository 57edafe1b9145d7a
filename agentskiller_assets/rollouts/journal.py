"""A journal of finished conversations: what is in it is not held again when a run is repeated."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from agentskiller_assets.errors import StorageError
from agentskiller_assets.rollouts.models import Rollout


class Journal:
    """A folder with one file for each finished conversation, by its id. Any number of processes may write to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, rollout_id: str) -> Rollout | None:
        """The finished conversation with this id; None for one that is not there or was written by other code."""
        path = self._path(rollout_id)
        try:
            return Rollout.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            path.unlink(missing_ok=True)
            return None

    def keep(self, rollout: Rollout) -> None:
        """Store a finished conversation, whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".new")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(rollout.model_dump_json())
            Path(name).replace(self._path(rollout.id))
        except OSError as error:
            fix = "Free some space or make the warehouse writable, and run again: what is finished is kept."
            raise StorageError(str(self.folder), f"it cannot be written ({error.strerror})", fix) from error

    def drop_others(self, rollout_ids: Iterable[str]) -> None:
        """Remove what belongs to none of these conversations."""
        kept = {f"{each}.json" for each in rollout_ids}
        for path in sorted(self.folder.glob("*.json")) if self.folder.is_dir() else ():
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def _path(self, rollout_id: str) -> Path:
        return self.folder / f"{rollout_id}.json"
