"""An example made again: the calls that it shows come to the results that it shows, and to the state of its rollout."""

from agentskiller_assets.dataset.models import Example
from agentskiller_assets.rollouts.conversation import make_call
from agentskiller_assets.rollouts.models import ToolCall, parse_arguments
from agentskiller_assets.runtime import Session
from agentskiller_assets.runtime.outcome import outcome_text


def example_fault(session: Session, example: Example, final_digest: str) -> str | None:
    """Where the example shows what does not happen on the session, which is reset first; None if it is true."""
    session.reset()
    shown = {m["tool_call_id"]: m["content"] for m in example.messages if m["role"] == "tool"}
    for message in example.messages:
        for each in message.get("tool_calls") or ():
            call = ToolCall(id=each["id"], **each["function"])
            answer = outcome_text(make_call(session, call, parse_arguments(call.arguments)))
            if answer != shown[call.id]:
                return f"{example.id}: {call.name} answers {answer}, and the example shows {shown[call.id]}"
    if session.digest() != final_digest:
        return f"{example.id}: its calls leave another state than {example.parents[0]}"
    return None
