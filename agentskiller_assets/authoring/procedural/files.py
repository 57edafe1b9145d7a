"""YAML files with line numbers: an error in a pack or pattern names its line."""

from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from agentskiller_assets.errors import PackError

M = TypeVar("M", bound=BaseModel)
Location = tuple[str | int, ...]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where the wheel has it: ten times as fast."""


class YamlFile:
    """A parsed YAML file that remembers where everything stood."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise PackError(f"{path}:{line}", str(error.problem), "Correct the YAML on that line.") from error
        except OSError as error:
            raise PackError(str(path), error.strerror or "cannot be read", "Check the file's name.") from error
        if not isinstance(node, yaml.MappingNode):
            raise PackError(f"{path}:1", "is not a mapping", "Start the file with `key: value` lines.")
        self._root: yaml.Node = node
        self.data: dict[str, Any] = yaml.SafeLoader("").construct_document(node)

    @cached_property
    def lines(self) -> dict[Location, int]:
        """Where everything stands; worked out when something is wrong."""
        lines: dict[Location, int] = {}
        _note_lines(lines, self._root, ())
        return lines

    def parse(self, model: type[M], data: Any = None) -> M:
        """`data` (the file's own by default) as a model; the first fault becomes a `PackError` with its line."""
        try:
            return model.model_validate(self.data if data is None else data)
        except ValidationError as error:
            first = error.errors()[0]
            raise self.error(first["loc"], first["msg"]) from error

    def error(self, location: Location, fault: str, fix: str = "Correct the value on that line.") -> PackError:
        """A `PackError` that names the line nearest to `location`."""
        known = location
        while known and known not in self.lines:
            known = known[:-1]
        where = ".".join(str(part) for part in location) or "file"
        return PackError(f"{self.path}:{self.lines.get(known, 1)}", f"`{where}`: {fault}", fix)


def _note_lines(lines: dict[Location, int], node: yaml.Node, location: Location) -> None:
    lines[location] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _note_lines(lines, value, (*location, key.value))
            lines[(*location, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(lines, value, (*location, index))
