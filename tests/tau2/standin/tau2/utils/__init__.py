"""Files and hashes."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

DATA_DIR = Path(os.environ.get("TAU2_DATA_DIR", "nowhere"))


def load_file(path: str | Path) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def get_dict_hash(obj: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(obj, sort_keys=True, default=str).encode()).hexdigest()
