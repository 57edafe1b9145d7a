"""Who speaks in conversations, as Dagster resources: scripts by default, or any OpenAI-compatible model.

Who it is stands in the settings of the conversations, so that another model makes them stale; a resource can name
somebody else.
"""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from agentskiller_assets.evaluation.judge import Judge
from agentskiller_assets.evaluation.model_judge import ModelJudge
from agentskiller_assets.rollouts.actors import Cast
from agentskiller_assets.rollouts.modelled.cast import ModelAgents, ModelUsers
from agentskiller_assets.rollouts.modelled.voice import Voice
from agentskiller_assets.rollouts.scripted.cast import SCRIPTED, ScriptedAgents, ScriptedUsers, Scripts
from resources.llm import LLMResource

__all__ = ["AgentResource", "JudgeResource", "UserResource"]


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

    agent: str = Field(default="", description="Name of a model, or `scripted`. Empty: as the asset's settings say.")

    def open(
        self,
        scripts: Scripts,
        name: str = SCRIPTED,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Cast:
        """The agents for conversations that these scripts are made for; `tell` hears of the progress of models."""
        chosen = self.agent or name
        if chosen == SCRIPTED:
            return ScriptedAgents(scripts)
        return ModelAgents(self._voice(chosen, asset, partition, tell))


class UserResource(_SpeakerResource):
    """The user: `scripted`, or the name of a model that plays the persona."""

    user: str = Field(default="", description="Name of a model, or `scripted`. Empty: as the asset's settings say.")

    def open(
        self,
        scripts: Scripts,
        name: str = SCRIPTED,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Cast:
        """The users for conversations that these scripts are made for; `tell` hears of the progress of models."""
        chosen = self.user or name
        if chosen == SCRIPTED:
            return ScriptedUsers(scripts)
        return ModelUsers(self._voice(chosen, asset, partition, tell))


class JudgeResource(dg.ConfigurableResource):
    """A model that judges conversations, where the evaluation's settings name one."""

    llm: LLMResource

    def open(self, name: str, asset: str | None = None, partition: str | None = None) -> Judge | None:
        """The judge of that name; None for the empty one."""
        return ModelJudge(self.llm.open(asset, partition), name) if name else None
