"""The command line: a thin face on Dagster and the warehouse."""

import gc
import sys

from agentskiller_assets.errors import AgentSkillerError

__all__ = ["main"]


def main() -> None:
    """Entry point of `agentskiller`. An expected failure is one line and exit code 1, never a traceback."""
    import agentskiller_assets.launching.lighter  # noqa: F401, PLC0415 - before all that is heavy

    try:
        from agentskiller_assets.cli.app import app  # noqa: PLC0415 - the registry is read on import

        app()
    except AgentSkillerError as error:
        from agentskiller_assets.cli.console import complain  # noqa: PLC0415

        complain(str(error))
        sys.exit(1)
    finally:
        gc.freeze()  # so that the interpreter ends at once: it would look through all that Dagster is, for a second
