"""How the command line starts: without what only some of its commands need."""

import subprocess
import sys


def loaded_with(statement: str) -> set[str]:
    """The modules that a new process has loaded after a statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_a_command_is_known_before_any_is_loaded_and_dagster_before_it_is_needed() -> None:
    app = "agentskiller_assets.cli.app"
    assert not {"agentskiller_assets.cli.make", "agentskiller_assets.cli.servers"} & loaded_with(f"import {app}")
    loaded = loaded_with(f"from {app} import _Commands, _PLACES; [_Commands(_PLACES)[name] for name in _PLACES]")
    assert {"agentskiller_assets.cli.make", "agentskiller_assets.cli.servers"} <= loaded
    assert "dagster" not in loaded, "what the commands import at once brings Dagster, which takes a second"
