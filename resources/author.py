"""The author as a Dagster resource: who writes the content, for all assets or for some."""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
from dagster._core.errors import DagsterInvariantViolationError
from pydantic import Field

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.authoring.procedural.author import HERE, ProceduralAuthor
from agentskiller_assets.errors import AgentSkillerError
from resources.cost import cost_per_task
from resources.llm import LLMResource, calls_of
from resources.warehouse import WarehouseResource

__all__ = ["AUTHOR", "AuthorResource", "author_of", "open_author"]

AUTHOR = "AGENTSKILLER_AUTHOR"
"""Environment variable with the name of the author: `procedural` or `llm`."""
AUTHOR_SOURCES = "author_sources"
"""The asset that is observed and never stored: what each domain is written from."""
PACKS = "AGENTSKILLER_PACKS"
"""Environment variable with a folder of sector packs to use instead of the package's own."""
PROCEDURAL, LLM = "procedural", "llm"

_opened: dict[tuple[str, str, str | None], str] = {}
"""Name of the author, by run, asset and partition."""


class _Step(NamedTuple):
    """The asset that is being made, if any is."""

    run_id: str = ""
    asset: str | None = None
    partition: str | None = None
    tell: Callable[[str], None] | None = None


class AuthorResource(dg.ConfigurableResource):
    """Opens the author that the settings name for the asset that is being made."""

    llm: LLMResource
    author: str = Field(default="", description="`procedural` or `llm`. Empty: AGENTSKILLER_AUTHOR, else procedural.")
    author_of: dict[str, str] = Field(
        default={}, description="Assets that another author writes, such as `policies: procedural`."
    )
    packs: str | None = Field(default=None, description="Folder of sector packs. Empty: AGENTSKILLER_PACKS.")
    temperature: float = Field(default=0.7, ge=0, le=2, description="Of the textual model.")
    max_tokens: int = Field(default=8192, ge=256, description="Longest answer of a model.")
    rounds: int = Field(default=3, ge=0, le=20, description="How often faults go back to a model, at most.")

    def open(self) -> Author:
        """The author, whose model calls count for the asset and partition that are being made."""
        step = _step()
        name = self.author_of.get(step.asset or "") or self.author or os.environ.get(AUTHOR) or PROCEDURAL
        if step.asset is not None:
            _opened[step.run_id, step.asset, step.partition] = name
        match name:
            case "procedural":
                return _procedural_in(self.packs)
            case "llm":
                return self._open_llm(step)
        raise _unknown(name)

    def cost_of_tasks(self, asset: str, tasks: int) -> dict[str, Any]:
        """For metadata: what models took for each of the tasks that `asset` holds and that are worded just now."""
        step = _step()
        if step.asset is None or step.partition is None:
            return {}
        own, _ = calls_of(step.run_id, step.asset, step.partition)
        return cost_per_task(self.llm.warehouse.open(), asset, step.partition, tasks, own)

    def _open_llm(self, step: _Step) -> Author:
        from agentskiller_assets.authoring.llm.author import LLMAuthor  # noqa: PLC0415 - only who asks a model needs it

        named = self.llm.models()
        models = Models(named.textual, named.coding, self.temperature, self.max_tokens, self.rounds)
        return LLMAuthor(self.llm.open(step.asset, step.partition, step.tell), models)


def open_author(author: str = "", packs: str | None = None) -> Author:
    """The author of that name, else the one in `AGENTSKILLER_AUTHOR`, for code outside of any run.

    It reads `packs`, else the folder in `AGENTSKILLER_PACKS`, else the package's own.
    """
    llm = LLMResource(warehouse=WarehouseResource())
    return AuthorResource(llm=llm, author=author, packs=packs).open()


def author_of(run_id: str, asset: str, partition: str | None) -> str:
    """Who wrote an asset and partition in a run; the one in `AGENTSKILLER_AUTHOR` for those that need no author."""
    return _opened.get((run_id, asset, partition)) or os.environ.get(AUTHOR) or PROCEDURAL


def _step() -> _Step:
    try:
        context = dg.AssetExecutionContext.get()
    except DagsterInvariantViolationError:
        return _Step()
    partition = context.partition_key if context.has_partition_key else None
    return _Step(context.run.run_id, context.asset_key.to_user_string(), partition, context.log.info)


def _procedural_in(packs: str | None) -> ProceduralAuthor:
    folder = Path(packs or os.environ.get(PACKS) or HERE / "packs")
    return _procedural(folder, _state_of(folder))


@lru_cache(maxsize=8)
def _procedural(packs: Path, _state: tuple[Any, ...]) -> ProceduralAuthor:
    return ProceduralAuthor(packs)


def _state_of(packs: Path) -> tuple[Any, ...]:
    """What changes when a pack does, so that a process which lives on reads it again."""
    stats = [(path, path.stat()) for path in sorted(packs.glob("*.yaml"))]
    return tuple((path.name, stat.st_mtime_ns, stat.st_size) for path, stat in stats)


def _unknown(name: str) -> AgentSkillerError:
    return AgentSkillerError(f"{AUTHOR}={name}", "there is no such author", f"Use `{PROCEDURAL}` or `{LLM}`.")
