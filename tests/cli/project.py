"""A project folder of its own for every test module: a warehouse, Dagster's folder, and the command line."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Project:
    """Runs `agentskiller` as a user would, in a process of its own."""

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "DAGSTER_HOME": str(self.root / "dagster_home"),
            "AGENTSKILLER_WAREHOUSE": str(self.warehouse),
            **self.extra,
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AGENTSKILLER", "DAGSTER"))}
        return {**kept, **own}

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("agentskiller")), *arguments]

    def run(self, *arguments: str, code: int = 0, seconds: float = 300) -> str:
        """What the command printed; the test fails on another exit code, or on any traceback."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )
        printed = done.stdout + done.stderr
        assert done.returncode == code, printed
        assert "Traceback" not in printed, printed
        return printed

    def versions(self, domain: str) -> dict[str, str]:
        """Data version of every stored asset of a domain."""
        printed = self.run("digests", "--domains", domain)
        return {name: version for version, name in re.findall(r"^(\w{32})  (\S+)/\S+$", printed, re.MULTILINE)}
