"""Code versions: a digest of the sources that decide an output, so that nobody has to keep a number by hand."""

from functools import cache
from pathlib import Path

from agentskiller_assets.core.canonical import digest

ROOT = Path(__file__).parents[1]
_SOURCES = ("*.py", "*.j2")


@cache
def code_version(*folders: str) -> str:
    """12 hexadecimal characters over the code and templates of these folders (or files) of the package.

    Checks, assets and commands are left out: how a result is stored or shown does not decide what it is. Packs and
    patterns are data: their digest is part of every topic.
    """
    found = []
    for folder in folders:
        base = ROOT / folder
        paths = [base] if base.is_file() else sorted(p for kind in _SOURCES for p in base.rglob(kind))
        found += [(str(p.relative_to(ROOT)), p.read_text(encoding="utf-8")) for p in paths if p.name not in _SHOWN]
    if not found:
        raise FileNotFoundError(f"no sources in {folders}")
    return digest(found)[:12]


_SHOWN = frozenset({"checks.py", "metadata.py"})
