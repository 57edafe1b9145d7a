"""Settings that the configs of several assets share."""

import os

DEFAULT_SEED = int(os.environ.get("AGENTSKILLER_SEED") or 7)
"""The one seed, unless a run is told otherwise."""

AGENT = os.environ.get("AGENTSKILLER_AGENT") or "scripted"
"""Who plays the agent of conversations: `scripted`, or the name of a model."""
USER = os.environ.get("AGENTSKILLER_USER") or "scripted"
"""Who plays the user."""
JUDGE = os.environ.get("AGENTSKILLER_JUDGE") or ""
"""The model that judges conversations; empty for none."""
