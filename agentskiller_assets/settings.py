"""Settings that the configs of several assets share."""

import os

DEFAULT_SEED = int(os.environ.get("AGENTSKILLER_SEED") or 7)
"""The one seed, unless a run is told otherwise."""
