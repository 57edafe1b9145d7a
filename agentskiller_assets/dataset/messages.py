"""The messages of an example, in OpenAI's form, as words and as a digest."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from agentskiller_assets.core.canonical import digest_bytes, plain_json
from agentskiller_assets.evaluation.pruning import without_calls
from agentskiller_assets.rollouts.models import Rollout

OpenAIMessage = Mapping[str, Any]
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


def openai_messages(rollout: Rollout, left_out: Collection[str] = ()) -> tuple[dict[str, Any], ...]:
    """The messages of a conversation in OpenAI's form, without these calls and their answers."""
    shorter = without_calls(rollout, left_out) if left_out else rollout
    return tuple(message.openai() for message in shorter.messages)


def content_digest(messages: Sequence[OpenAIMessage]) -> str:
    """Equal for two conversations in which the same is said, called and answered; system prompts do not count."""
    numbers: dict[str, int] = {}
    said = []
    for message in messages:
        if message["role"] == "system":
            continue
        calls = [
            [numbers.setdefault(call["id"], len(numbers)), call["function"]["name"], call["function"]["arguments"]]
            for call in message.get("tool_calls") or ()
        ]
        answered = message.get("tool_call_id")
        said.append([message["role"], message.get("content"), calls, numbers.get(answered) if answered else None])
    return digest_bytes(plain_json(said).encode())


def talk_of(messages: Sequence[OpenAIMessage]) -> str:
    """What the two say to each other."""
    return "\n".join(message["content"] for message in messages if _is_said(message))


def turns_of(messages: Sequence[OpenAIMessage]) -> int:
    """How many messages the two say to each other."""
    return sum(_is_said(message) for message in messages)


def texts_of(messages: Sequence[OpenAIMessage]) -> Iterator[str]:
    """Everything that a model reads or writes: prompt, talk, arguments and results."""
    for message in messages:
        if message.get("content"):
            yield message["content"]
        for call in message.get("tool_calls") or ():
            yield call["function"]["arguments"]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def _is_said(message: OpenAIMessage) -> bool:
    return message["role"] in ("user", "assistant") and bool(message.get("content"))
