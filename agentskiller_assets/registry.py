"""The registry: which domains and pairs there are. It decides the partitions, and is read whenever definitions load."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import RegistryError
from resources.storage.files import locked, write_text
from resources.storage.object_store import shared_by

REGISTRY = "registry.yaml"
PACKAGED = Path(__file__).with_name(REGISTRY)
_LOCK = ".registry.lock"
_DOMAIN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_RESERVED = "all"
_PAIR = "--"
_SECTIONS = ("domains", "pairs")
_HEADER = "# Domains, and pairs of them, in the order in which they were added; each is a partition of the assets.\n"
_FORM = "Write `domains:` and below it one name per line, each as `- clinic_appointments`"
_PAIR_FORM = "Write `pairs:` and below it one key per line, each as `- clinic_appointments--pharmacy_orders`"

Named = list[tuple[str, int | None]]
"""Names with their lines, where those are known."""


class Registry(Model):
    """Domains and pairs in the order in which they were added."""

    domains: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    """Keys as `a--b`: two of the domains, in the order of their names."""


def domains_of(pair: str) -> tuple[str, str]:
    """The two domains of a pair's key."""
    first, _, second = pair.partition(_PAIR)
    return first, second


def read_registry(root: Path) -> Registry:
    """The registry of a warehouse, or the packaged one where it has none.

    Raises `RegistryError` with path, line (where it is known) and fix.
    """
    own = root / REGISTRY
    if shared := shared_by(root):
        shared.fetch_file(own)
    path = own if own.exists() else PACKAGED
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        raise _error(path, line, f"is not YAML: {exc.problem}", _FORM) from exc
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise _error(path, None, f"cannot be read: {exc}", _FORM) from exc
    domains, pairs = _sections(path, node)
    _check(path, domains, pairs)
    return Registry(domains=tuple(name for name, _ in domains), pairs=tuple(name for name, _ in pairs))


def registered_domains(root: Path) -> tuple[str, ...]:
    """The domains that a warehouse has registered itself; none while it goes by the packaged registry."""
    registry = read_registry(root)
    return registry.domains if (root / REGISTRY).exists() else ()


def write_registry(root: Path, registry: Registry) -> None:
    """Stores a warehouse's registry; `RegistryError` if a name cannot be one or the disk says no."""
    path = root / REGISTRY
    _check(path, [(name, None) for name in registry.domains], [(pair, None) for pair in registry.pairs])
    sections = {"domains": list(registry.domains), "pairs": list(registry.pairs)}
    kept = {name: listed for name, listed in sections.items() if listed or name == "domains"}
    body = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
    with _writing(path):
        write_text(path, _HEADER + body)
    if shared := shared_by(root):
        shared.send_file(path)


@contextmanager
def registry_lock(root: Path) -> Iterator[None]:
    """For whoever reads a warehouse's registry in order to change it: no other process on this machine does so then."""
    with _writing(root / REGISTRY):
        root.mkdir(parents=True, exist_ok=True)
        with locked(root / _LOCK):
            yield


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raises `RegistryError` for what the disk says no to."""
    try:
        yield
    except OSError as exc:
        fix = "Make the folder writable, or set AGENTSKILLER_WAREHOUSE to another one"
        raise _error(path, None, f"cannot be written: {exc.strerror}", fix) from exc


def _sections(path: Path, node: Any) -> tuple[Named, Named]:
    """Domains and pairs."""
    keys = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    if keys not in (["domains"], ["domains", "pairs"]):
        raise _error(path, node.start_mark.line + 1 if node else None, "holds no list of domains", _FORM)
    found = [_names(path, name, listed) for name, (_, listed) in zip(keys, node.value, strict=True)]
    return found[0], found[1] if len(found) > 1 else []


def _names(path: Path, section: str, listed: yaml.Node) -> Named:
    form = _FORM if section == "domains" else _PAIR_FORM
    if not isinstance(listed, yaml.SequenceNode):
        raise _error(path, listed.start_mark.line + 1, f"`{section}` is not a list", form)
    for item in listed.value:
        if not isinstance(item, yaml.ScalarNode):
            raise _error(path, item.start_mark.line + 1, f"a {section[:-1]} is not a name", form)
    return [(item.value, item.start_mark.line + 1) for item in listed.value]


def _check(path: Path, domains: Named, pairs: Named) -> None:
    for name, line in domains:
        if not _DOMAIN.fullmatch(name) or name == _RESERVED:
            fix = "Use lower-case words joined by `_`, such as `clinic_appointments`"
            raise _error(path, line, f"{name!r} cannot be the name of a domain", fix)
    _check_unique(path, domains)
    known = {name for name, _ in domains}
    for pair, line in pairs:
        _check_pair(path, pair, line, known)
    _check_unique(path, pairs)


def _check_pair(path: Path, pair: str, line: int | None, known: set[str]) -> None:
    first, second = domains_of(pair)
    if not (_DOMAIN.fullmatch(first) and _DOMAIN.fullmatch(second) and first < second):
        fix = "Join two domains by `--`, in the order of their names, such as `clinic_appointments--pharmacy_orders`"
        raise _error(path, line, f"{pair!r} cannot be the key of a pair", fix)
    for domain in (first, second):
        if domain not in known:
            fix = f"Add it with `agentskiller domains add {domain}`, or choose from: {', '.join(sorted(known))}"
            raise _error(path, line, f"{pair!r} needs the domain {domain!r}, which is not registered", fix)


def _check_unique(path: Path, names: Named) -> None:
    met: set[str] = set()
    for name, line in names:
        if name in met:
            raise _error(path, line, f"{name!r} is there twice", "Remove one of the two")
        met.add(name)


def _error(path: Path, line: int | None, fault: str, fix: str) -> RegistryError:
    return RegistryError(str(path) if line is None else f"{path}, line {line}", fault, fix)
