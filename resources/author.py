"""The author as a Dagster resource: who writes the content."""

import os
from functools import lru_cache
from pathlib import Path

import dagster as dg

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.errors import AgentSkillerError

PACKS = "AGENTSKILLER_PACKS"
"""Environment variable with a folder of sector packs to use instead of the package's own."""


class AuthorResource(dg.ConfigurableResource):
    """Opens the author that the setting names. `packs` overrides the folder of sector packs."""

    author: str = os.environ.get("AGENTSKILLER_AUTHOR") or "procedural"
    packs: str | None = None

    def open(self) -> Author:
        """The author; one per folder of packs and process."""
        return open_author(self.author, self.packs)


def open_author(author: str = "procedural", packs: str | None = None) -> Author:
    """The author of that name, reading `packs`, else the folder in `AGENTSKILLER_PACKS`, else the package's own."""
    if author != "procedural":
        raise AgentSkillerError(f"AGENTSKILLER_AUTHOR={author}", "there is no such author", "Use `procedural`.")
    folder = packs or os.environ.get(PACKS)
    return _procedural(Path(folder)) if folder else _procedural(None)


@lru_cache(maxsize=8)
def _procedural(packs: Path | None) -> ProceduralAuthor:
    return ProceduralAuthor(packs) if packs else ProceduralAuthor()
