"""Answers that a test, or somebody trying things out, writes down."""

from collections.abc import Callable, Mapping
from typing import Any

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.llm.errors import NotRecordedError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.openai_llm import sound

Answer = str | Mapping[str, Any] | Completion
"""Text, the value of a JSON answer, or a whole completion."""
Script = Callable[[Request], Answer] | Mapping[str, Answer]
"""A function of the request, or a table by name of prompt."""


class ScriptedLLM:
    """Answers by a script. `requests` are those that were asked, in order."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        """What the script says; `NotRecordedError` for a prompt that a table does not have."""
        self.requests.append(request)
        return sound(request, _completion(request, self._answer(request)))

    def _answer(self, request: Request) -> Answer:
        if callable(self._script):
            return self._script(request)
        if request.prompt not in self._script:
            fix = f"It has {', '.join(sorted(self._script)) or 'none'}."
            raise NotRecordedError(request.culprit, "the script has no such prompt", fix)
        return self._script[request.prompt]


def _completion(request: Request, answer: Answer) -> Completion:
    if isinstance(answer, Completion):
        return answer.model_copy(update={"call_id": request.call_id})
    text = answer if isinstance(answer, str) else canonical_json(answer)
    return Completion(call_id=request.call_id, model=request.model, answered_by=request.model, content=text)
