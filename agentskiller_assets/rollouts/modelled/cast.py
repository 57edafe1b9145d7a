"""Models as agents, who know the policy and the tools, and as users, who know what their query says."""

from collections.abc import Sequence

from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.modelled.user_prompt import user_prompt
from agentskiller_assets.rollouts.modelled.voice import Voice
from agentskiller_assets.rollouts.models import Message


class ModelAgents:
    """The cast of agents that one model plays."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.name = voice.model
        self.settings = voice.settings

    def join(self, case: Case) -> "ModelAgent":
        """The model with the tools of the case's service. It sees nothing of the task."""
        return ModelAgent(self.voice, case)


class ModelAgent:
    """A model that is given all messages and the tools."""

    def __init__(self, voice: Voice, case: Case) -> None:
        self.voice = voice
        self.case = case

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """Its next message or calls."""
        said = [message.openai() for message in messages]
        return await self.voice.say(self.case, "agent", said, self.case.service.tools)


class ModelUsers:
    """The cast of users that one model plays."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.name = voice.model
        self.settings = voice.settings

    def join(self, case: Case) -> "ModelUser":
        """The model in the place of the case's customer."""
        return ModelUser(self.voice, case)


class ModelUser:
    """A model that is given what the two have said, with the sides exchanged."""

    def __init__(self, voice: Voice, case: Case) -> None:
        self.voice = voice
        self.case = case
        self.prompt = user_prompt(case.query)

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """What the user says next, or the marker that ends the conversation."""
        said = [
            {"role": "user" if message.role == "assistant" else "assistant", "content": message.content}
            for message in messages
        ]
        return await self.voice.say(self.case, "user", [{"role": "system", "content": self.prompt}, *said])
