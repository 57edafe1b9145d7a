"""How the command line starts: without what only some of its commands need."""

import subprocess
import sys


def test_commands_are_known_before_dagster_is_loaded() -> None:
    code = "import sys, agentskiller_assets.cli.app; sys.exit('dagster' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        done.stderr or "something that the commands import brings Dagster, which takes a second"
    )
