"""A Dagster instance and a warehouse in a temporary folder."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resources.storage.warehouse import Warehouse
from tests.dagster.runner import Request, ended, start
from tests.dagster.small import ROOT, catalog_config, pipeline_config


@dataclass(frozen=True)
class TemporaryInstance:
    """Where a test's runs and data go."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """More environment variables."""

    def __post_init__(self) -> None:
        for folder in (self.home, self.root, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "dagster_home" / "dagster.yaml", self.home)

    @property
    def home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "home"

    @property
    def root(self) -> Path:
        """The warehouse's folder."""
        return self.folder / "warehouse"

    @property
    def temporary(self) -> Path:
        """Where its processes make temporary folders."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """What its runs print."""
        return self.folder / "runs.log"

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse."""
        return Warehouse(self.root)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of processes that use this instance."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTSKILLER_", "DAGSTER_"))}
        return {
            **mine,
            "DAGSTER_HOME": str(self.home),
            "AGENTSKILLER_WAREHOUSE": str(self.root),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
            **self.settings,
        }

    def run(self, *requests: Request) -> int | None:
        """Makes these runs in one process and waits for it: 0 if all succeeded, negative if a signal ended it."""
        return ended(start(self.environment, self.log, requests))

    def make(self, *requests: Request) -> None:
        """Makes these runs, which must succeed."""
        assert self.run(*requests) == 0, self.log.read_text("utf-8", errors="replace")[-3000:]


def catalog(domains: int, seed: int = 7, dies_before: str | None = None) -> Request:
    """A run that makes population, catalog and registry."""
    return Request(job="catalog", config=catalog_config(domains, seed), dies_before=dies_before)


def pipeline(domain: str, *assets: str, tasks: int = 16, dies_before: str | None = None) -> Request:
    """A run that makes all assets of a domain, or some."""
    ops = pipeline_config(tasks)["ops"]
    config = {"ops": {name: settings for name, settings in ops.items() if not assets or name in assets}}
    return Request(job="domain_pipeline", partition=domain, assets=assets, config=config, dies_before=dies_before)
