"""Models as agents, who know the policy and the tools, and as users, who know what their query says."""

from collections.abc import Sequence

from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.modelled.chat import Chat
from agentskiller_assets.rollouts.modelled.user_prompt import user_prompt
from agentskiller_assets.rollouts.models import Message


class ModelAgents:
    """The cast of agents that one model plays."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.name = chat.model.name
        self.settings = chat.model.settings

    def join(self, case: Case) -> "ModelAgent":
        """The model with the tools of the case's service. It sees nothing of the task."""
        return ModelAgent(self.chat, case)


class ModelAgent:
    """A model that is given all messages and the tools."""

    def __init__(self, chat: Chat, case: Case) -> None:
        self.chat = chat
        self.tools = case.service.tools
        self.culprit = case.query.id

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """Its next message or calls."""
        return await self.chat.ask(self.culprit, [message.openai() for message in messages], self.tools)


class ModelUsers:
    """The cast of users that one model plays."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.name = chat.model.name
        self.settings = chat.model.settings

    def join(self, case: Case) -> "ModelUser":
        """The model in the place of the case's customer."""
        return ModelUser(self.chat, case)


class ModelUser:
    """A model that is given what the two have said, with the sides exchanged."""

    def __init__(self, chat: Chat, case: Case) -> None:
        self.chat = chat
        self.prompt = user_prompt(case.query)
        self.culprit = case.query.id

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """What the user says next, or the marker that ends the conversation."""
        said = [
            {"role": "user" if message.role == "assistant" else "assistant", "content": message.content}
            for message in messages
        ]
        return await self.chat.ask(self.culprit, [{"role": "system", "content": self.prompt}, *said])
