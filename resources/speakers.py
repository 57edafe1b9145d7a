"""Who speaks in conversations, as Dagster resources: scripts by default, or any OpenAI-compatible model."""

import os
from collections.abc import Callable

import dagster as dg
from pydantic import Field

from agentskiller_assets.rollouts.actors import Cast
from agentskiller_assets.rollouts.modelled.cast import ModelAgents, ModelUsers
from agentskiller_assets.rollouts.modelled.voice import Voice
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED, ScriptedAgents, ScriptedUsers, Scripts
from resources.llm import LLMResource

__all__ = ["AgentResource", "UserResource"]


class _SpeakerResource(dg.ConfigurableResource):
    """One side of all conversations."""

    llm: LLMResource
    base_url: str = Field(default="", description="Endpoint of the model. Empty: that of the resource `llm`.")
    key_variable: str = Field(
        default="", description="Environment variable that holds the key. Empty: that of the resource `llm`."
    )
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=2048, ge=16, description="Longest answer of the model.")

    def _voice(self, model: str, asset: str | None, partition: str | None, tell: Callable[[str], None] | None) -> Voice:
        llm = self.llm.open(asset, partition, tell, base_url=self.base_url, key_variable=self.key_variable)
        return Voice(llm, model, self.temperature, self.max_tokens)


class AgentResource(_SpeakerResource):
    """The agent: `scripted`, which makes the gold calls, or the name of a model."""

    agent: str = os.environ.get("AGENTSKILLER_AGENT") or SCRIPTED

    def open(
        self,
        scripts: Scripts,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Cast:
        """The agents for conversations that these scripts are made for; `tell` hears of the progress of models."""
        if self.agent == SCRIPTED:
            return ScriptedAgents(scripts)
        return ModelAgents(self._voice(self.agent, asset, partition, tell))


class UserResource(_SpeakerResource):
    """The user: `scripted`, or the name of a model that plays the persona."""

    user: str = os.environ.get("AGENTSKILLER_USER") or SCRIPTED

    def open(
        self,
        scripts: Scripts,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Cast:
        """The users for conversations that these scripts are made for; `tell` hears of the progress of models."""
        if self.user == SCRIPTED:
            return ScriptedUsers(scripts)
        return ModelUsers(self._voice(self.user, asset, partition, tell))
