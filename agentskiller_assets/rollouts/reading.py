"""A conversation as a person reads it."""

from agentskiller_assets.rollouts.models import Rollout

_LONGEST_RESULT = 160
_SPEAKERS = {"user": "User", "assistant": "Agent"}


def as_markdown(rollout: Rollout) -> str:
    """The conversation without its system prompt, as Markdown; long results are cut."""
    lines: list[str] = []
    for message in rollout.messages:
        if message.role == "tool":
            text = message.content or ""
            lines.append(f"    → {text[:_LONGEST_RESULT]}{'…' if len(text) > _LONGEST_RESULT else ''}")
        elif message.tool_calls:
            lines += [f"    {call.name} {call.arguments}" for call in message.tool_calls]
        elif message.role in _SPEAKERS:
            lines.append(f"\n**{_SPEAKERS[message.role]}:** {message.content}\n")
    return "\n".join(lines)
