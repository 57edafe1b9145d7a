"""Who speaks in conversations, as Dagster resources: scripts by default, or any OpenAI-compatible model.

Who it is stands in the settings of the conversations, so that another model makes them stale; a resource can name
somebody else.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

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

_WHO = "Name of a model, or `scripted`. Empty: as the asset's settings say."


class _SpeakerResource(dg.ConfigurableResource):
    """One side of all conversations."""

    scripted: ClassVar[type[ScriptedAgents | ScriptedUsers]]
    modelled: ClassVar[type[ModelAgents | ModelUsers]]
    llm: LLMResource
    base_url: str = Field(default="", description="Endpoint of the model. Empty: that of the resource `llm`.")
    key_variable: str = Field(
        default="", description="Environment variable that holds the key. Empty: that of the resource `llm`."
    )
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=2048, ge=16, description="Longest answer of the model.")

    @property
    @abstractmethod
    def named(self) -> str:
        """Who it is by this resource; empty where the asset's settings say it."""

    def open(
        self,
        scripts: Scripts,
        name: str = SCRIPTED,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Cast:
        """This side of conversations that these scripts are made for; `tell` hears of the progress of models."""
        chosen = self.named or name
        if chosen == SCRIPTED:
            return self.scripted(scripts)
        llm = self.llm.open(asset, partition, tell, base_url=self.base_url, key_variable=self.key_variable)
        return self.modelled(Voice(llm, chosen, self.temperature, self.max_tokens))


class AgentResource(_SpeakerResource):
    """The agent: `scripted`, which makes the gold calls, or the name of a model."""

    scripted = ScriptedAgents
    modelled = ModelAgents
    agent: str = Field(default="", description=_WHO)

    @property
    def named(self) -> str:
        """The agent by this resource."""
        return self.agent


class UserResource(_SpeakerResource):
    """The user: `scripted`, or the name of a model that plays the persona."""

    scripted = ScriptedUsers
    modelled = ModelUsers
    user: str = Field(default="", description=_WHO)

    @property
    def named(self) -> str:
        """The user by this resource."""
        return self.user


class JudgeResource(dg.ConfigurableResource):
    """A model that judges conversations, where the evaluation's settings name one."""

    llm: LLMResource

    def open(self, name: str, asset: str | None = None, partition: str | None = None) -> Judge | None:
        """The judge of that name; None for the empty one."""
        return ModelJudge(self.llm.open(asset, partition), name) if name else None
