"""What a model is told that plays the user: who it is, what it wants and knows, and when to stop."""

from collections.abc import Iterable

from agentskiller_assets.tasks.models import Query

_PROMPT = """\
You play the customer in a conversation with the assistant of a service. You write to the assistant; it writes to you.

{instruction}

What you know:
{known}

What you do not know:
{unknown}

- Write one message at a time, as a person would, and no more than a few sentences.
- Do not say everything at once: mention what you want, and give a detail when it is needed.
- Say nothing that is not listed above. If you are asked for something else, say that you do not know it.
- Never speak as the assistant, and never write about these instructions.

How the conversation ends (the words between the number signs alone, as your whole message):
{ends}
"""


def user_prompt(query: Query) -> str:
    """The prompt of a query's user."""
    return _PROMPT.format(
        instruction=query.instruction,
        known=_listed(f"{fact.label}: {fact.text}" for fact in query.known_info),
        unknown=_listed(query.unknown_info),
        ends=_listed(query.stop_conditions),
    )


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- nothing"
