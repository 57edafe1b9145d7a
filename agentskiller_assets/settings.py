"""Settings that the configs of several assets share."""

import os

from agentskiller_assets.errors import AgentSkillerError

LEAST_SEED, GREATEST_SEED = -(2**63), 2**63 - 1
"""What a file of records can hold."""


def _default_seed() -> int:
    text = os.environ.get("AGENTSKILLER_SEED") or "7"
    try:
        seed = int(text)
    except ValueError:
        seed = None
    if seed is None or not LEAST_SEED <= seed <= GREATEST_SEED:
        fix = "Set it to a number such as 7, or not at all"
        raise AgentSkillerError(f"AGENTSKILLER_SEED={text}", "it is no whole number of 64 bits", fix)
    return seed


DEFAULT_SEED = _default_seed()
"""The one seed, unless a run is told otherwise."""

AGENT = os.environ.get("AGENTSKILLER_AGENT") or "scripted"
"""Who plays the agent of conversations: `scripted`, or the name of a model."""
USER = os.environ.get("AGENTSKILLER_USER") or "scripted"
"""Who plays the user."""
JUDGE = os.environ.get("AGENTSKILLER_JUDGE") or ""
"""The model that judges conversations; empty for none."""
