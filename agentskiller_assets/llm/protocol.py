"""Whoever completes requests: an endpoint, a cassette, a script, and what is put around them."""

from typing import Protocol

from agentskiller_assets.llm.models import Completion, Request


class LLM(Protocol):
    """Answers requests."""

    async def complete(self, request: Request) -> Completion:
        """The model's answer; an `LLMError` if there is none that can be used."""
        ...
