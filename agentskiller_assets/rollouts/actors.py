"""The two sides of a conversation, whoever plays them: a script or a model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Message, ToolCall, Usage


@dataclass(frozen=True)
class Reply:
    """What one side says next. Tool calls are the agent's alone; their ids are the reply's own or given by the loop."""

    content: str | None
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)


class Speaker(Protocol):
    """One side of one conversation."""

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """The next message of this side. The agent sees all messages, the user what the two have said."""
        ...


class Cast(Protocol):
    """Who plays one side of all conversations."""

    @property
    def name(self) -> str:
        """`scripted`, or the model's name."""
        ...

    @property
    def settings(self) -> str:
        """Everything that decides what this side says, as text: part of a conversation's identity."""
        ...

    def join(self, case: Case) -> Speaker:
        """Somebody to hold one conversation."""
        ...
