"""Serving an environment: one conversation over standard input and output, or many isolated ones over HTTP."""

from agentskiller_assets.serving.command import run_server
from agentskiller_assets.serving.host import Limits, SessionHost

__all__ = ["Limits", "SessionHost", "run_server"]
