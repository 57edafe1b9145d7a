"""Who speaks in conversations, as Dagster resources: scripts by default, or any OpenAI-compatible model."""

import os

import dagster as dg
from pydantic import Field

from agentskiller_assets.rollouts.actors import Cast
from agentskiller_assets.rollouts.modelled.cast import ModelAgents, ModelUsers
from agentskiller_assets.rollouts.modelled.chat import Chat, Model
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED, ScriptedAgents, ScriptedUsers, Scripts

__all__ = ["AgentResource", "UserResource"]


class _SpeakerResource(dg.ConfigurableResource):
    """One side of all conversations."""

    base_url: str = Field(
        default=os.environ.get("AGENTSKILLER_BASE_URL", ""), description="Endpoint of the model; empty for OpenAI's."
    )
    key_variable: str = Field(default="OPENAI_API_KEY", description="Environment variable that holds the key.")
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=2048, ge=16, description="Longest answer of the model.")

    def _chat(self, name: str) -> Chat:
        return Chat(
            Model(
                name=name,
                base_url=self.base_url,
                key_variable=self.key_variable,
                temperature=self.temperature,
                max_tokens=self.max_tokens,
            )
        )


class AgentResource(_SpeakerResource):
    """The agent: `scripted`, which makes the gold calls, or the name of a model."""

    agent: str = os.environ.get("AGENTSKILLER_AGENT") or SCRIPTED

    def open(self, scripts: Scripts) -> Cast:
        """The agents for conversations that these scripts are made for."""
        return ScriptedAgents(scripts) if self.agent == SCRIPTED else ModelAgents(self._chat(self.agent))


class UserResource(_SpeakerResource):
    """The user: `scripted`, or the name of a model that plays the persona."""

    user: str = os.environ.get("AGENTSKILLER_USER") or SCRIPTED

    def open(self, scripts: Scripts) -> Cast:
        """The users for conversations that these scripts are made for."""
        return ScriptedUsers(scripts) if self.user == SCRIPTED else ModelUsers(self._chat(self.user))
