"""Tools: methods with a mark, from whose signature and docstring the schema that a model sees is derived."""

import inspect
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pydantic import Field, create_model

from ..utils import get_dict_hash
from .db import DB


class ToolType(StrEnum):
    READ = "read"
    WRITE = "write"
    THINK = "think"
    GENERIC = "generic"


def is_tool(tool_type: ToolType = ToolType.READ, mutates_state: bool | None = None) -> Callable[[Any], Any]:
    def mark(method: Any) -> Any:
        method.tool_type = tool_type
        method.mutates_state = tool_type is ToolType.WRITE if mutates_state is None else mutates_state
        return method

    return mark


class ToolKitBase:
    def __init__(self, db: Any = None) -> None:
        self.db = db

    @property
    def tools(self) -> dict[str, Any]:
        kind = type(self)
        names = [name for name in dir(kind) if hasattr(inspect.getattr_static(kind, name), "tool_type")]
        return {name: getattr(self, name) for name in names}

    def has_tool(self, tool_name: str) -> bool:
        return tool_name in self.tools

    def tool_mutates_state(self, tool_name: str) -> bool:
        return self.tools[tool_name].mutates_state

    def use_tool(self, tool_name: str, **kwargs: Any) -> Any:
        if tool_name not in self.tools:
            raise ValueError(f"Tool '{tool_name}' not found.")
        return self.tools[tool_name](**kwargs)

    def update_db(self, update_data: dict[str, Any]) -> None:
        kept: DB = self.db
        self.db = type(kept).model_validate(_merged(kept.model_dump(), update_data))

    def get_db_hash(self) -> str:
        return get_dict_hash(self.db.model_dump())


def openai_schema(tool: Callable[..., Any]) -> dict[str, Any]:
    """The tool as an OpenAI function, by the rules of tau2: first paragraph, `Args:`, annotations."""
    text = inspect.getdoc(tool) or ""
    arguments = dict(re.findall(r"^    (\w+): (.*)$", text.partition("Args:\n")[2].partition("\n\n")[0], re.MULTILINE))
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(tool).parameters.items():
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = (parameter.annotation, Field(default, description=arguments.get(name)))
    return {
        "name": tool.__name__,
        "description": text.partition("\n\n")[0],
        "parameters": create_model("parameters", **fields).model_json_schema(),
    }


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    found = dict(old)
    for key, value in new.items():
        known = found.get(key)
        found[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return found
