"""The registry: which domains there are. It decides the partitions, and is read whenever definitions load."""

import re
from pathlib import Path
from typing import Any

import yaml

from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import RegistryError
from resources.storage.files import write_text

REGISTRY = "registry.yaml"
PACKAGED = Path(__file__).with_name(REGISTRY)
_DOMAIN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_RESERVED = "all"
_HEADER = "# The domains, in the order in which they were added; each is a partition of the assets.\n"
_FORM = "Write `domains:` and below it one name per line, each as `- clinic_appointments`"


class Registry(Model):
    """Domains in the order in which they were added."""

    domains: tuple[str, ...] = ()


def read_registry(root: Path) -> Registry:
    """The registry of a warehouse, or the packaged one where it has none.

    Raises `RegistryError` with path, line (where it is known) and fix.
    """
    own = root / REGISTRY
    path = own if own.exists() else PACKAGED
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        raise _error(path, line, f"is not YAML: {exc.problem}", _FORM) from exc
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise _error(path, None, f"cannot be read: {exc}", _FORM) from exc
    names = _names(path, node)
    _check(path, names)
    return Registry(domains=tuple(name for name, _ in names))


def write_registry(root: Path, registry: Registry) -> None:
    """Stores a warehouse's registry; `RegistryError` if a name cannot be a domain or the disk says no."""
    path = root / REGISTRY
    _check(path, [(name, None) for name in registry.domains])
    body = yaml.safe_dump({"domains": list(registry.domains)}, sort_keys=False, allow_unicode=True)
    try:
        write_text(path, _HEADER + body)
    except OSError as exc:
        fix = "Make the folder writable, or set AGENTSKILLER_WAREHOUSE to another one"
        raise _error(path, None, f"cannot be written: {exc.strerror}", fix) from exc


def _names(path: Path, node: Any) -> list[tuple[str, int | None]]:
    """Names with their lines."""
    if not isinstance(node, yaml.MappingNode) or [key.value for key, _ in node.value] != ["domains"]:
        raise _error(path, node.start_mark.line + 1 if node else None, "holds no list of domains", _FORM)
    listed = node.value[0][1]
    if not isinstance(listed, yaml.SequenceNode):
        raise _error(path, listed.start_mark.line + 1, "`domains` is not a list", _FORM)
    for item in listed.value:
        if not isinstance(item, yaml.ScalarNode):
            raise _error(path, item.start_mark.line + 1, "a domain is not a name", _FORM)
    return [(item.value, item.start_mark.line + 1) for item in listed.value]


def _check(path: Path, names: list[tuple[str, int | None]]) -> None:
    met: set[str] = set()
    for name, line in names:
        if not _DOMAIN.fullmatch(name) or name == _RESERVED:
            fix = "Use lower-case words joined by `_`, such as `clinic_appointments`"
            raise _error(path, line, f"{name!r} cannot be the name of a domain", fix)
        if name in met:
            raise _error(path, line, f"{name!r} is there twice", "Remove one of the two")
        met.add(name)


def _error(path: Path, line: int | None, fault: str, fix: str) -> RegistryError:
    return RegistryError(str(path) if line is None else f"{path}, line {line}", fault, fix)
