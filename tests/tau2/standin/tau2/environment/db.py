"""The base of databases."""

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from ..utils import get_dict_hash, load_file


class DB(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        return cls.model_validate(load_file(path))

    def get_json_schema(self) -> dict[str, Any]:
        return self.model_json_schema()

    def get_hash(self) -> str:
        return get_dict_hash(self.model_dump())
