"""What can go wrong with a model call. Each error names the prompt and the model, the fault, and the fix."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentskiller_assets.errors import LLMError
from agentskiller_assets.llm.models import Completion, Fault, Request

__all__ = [
    "AnswerError",
    "BudgetError",
    "ContentFilterError",
    "CredentialsError",
    "EmptyAnswerError",
    "EndpointError",
    "InvalidAnswerError",
    "JSONAnswerError",
    "LLMError",
    "NotRecordedError",
    "RefusalError",
    "RequestError",
    "SettingsError",
    "TruncatedError",
    "WrongModelError",
    "answer_error",
]


class SettingsError(LLMError):
    """A setting that is missing or makes no sense."""


class CredentialsError(LLMError):
    """The endpoint does not let this key in, or there is none."""


class RequestError(LLMError):
    """The endpoint will not take this request, however often it is sent."""


class EndpointError(LLMError):
    """No usable answer came, though it was asked for again and again."""


class BudgetError(LLMError):
    """The next call could cost more than is left."""


class NotRecordedError(LLMError):
    """Offline, and this call was never made."""


class JSONAnswerError(LLMError):
    """The text is not JSON, nor one fenced block of it."""


class AnswerError(LLMError):
    """An answer that came whole and cannot be used. It was paid for."""

    lasting = True

    def __init__(self, request: Request, completion: Completion, fault: str, fix: str) -> None:
        super().__init__(request.culprit, fault, fix)
        self.completion = completion
        self.call_ids = (completion.call_id,)


class TruncatedError(AnswerError):
    """The answer was cut off."""


class RefusalError(AnswerError):
    """The model refuses."""


class ContentFilterError(AnswerError):
    """The endpoint's filter withheld the answer."""


class EmptyAnswerError(AnswerError):
    """Neither text nor a tool call."""

    lasting = False


class WrongModelError(AnswerError):
    """Another model answered than the one that was asked."""

    lasting = False


class InvalidAnswerError(LLMError):
    """The model was told what is wrong with its answers as often as allowed, and never got it right."""

    lasting = True

    def __init__(
        self,
        culprit: str,
        fault: str,
        fix: str,
        call_ids: Sequence[str],
        transcript: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(culprit, fault, fix)
        self.call_ids = tuple(call_ids)
        self.transcript = tuple(transcript)


_MOST_SHOWN = 200


def answer_error(request: Request, completion: Completion, fault: Fault, kept_in: Path | None = None) -> AnswerError:
    """The error for a fault of an answer, which may be a stored one."""
    kind, what, fix = _answer_fault(request, completion, fault)
    if kept_in is not None:
        fix += f" The answer is kept: to ask the same again, delete {kept_in}."
    return kind(request, completion, what, fix)


def shortened(text: str) -> str:
    """The text on one line, and not too long for an error."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[: _MOST_SHOWN - 1]}…"


def _answer_fault(request: Request, completion: Completion, fault: Fault) -> tuple[type[AnswerError], str, str]:
    match fault:
        case "truncated":
            what = f"the answer was cut off after {completion.completion_tokens} tokens"
            fix = f"Allow more than the {request.max_tokens} tokens of max_tokens, or ask for less."
            return TruncatedError, what, fix
        case "refused":
            what = f"the model refuses: {shortened(completion.refusal or '')}"
            return RefusalError, what, "Use another model or seed, or word the prompt anew."
        case "filtered":
            what = "the endpoint's content filter withheld the answer"
            return ContentFilterError, what, "Use another model, or word the prompt anew."
        case "wrong_model":
            what = f"{completion.answered_by!r} answered"
            fix = "Name the model as the endpoint does, or do not ask for strict model names."
            return WrongModelError, what, fix
        case "empty":
            what = "the answer is empty: it said nothing and called nothing"
            return EmptyAnswerError, what, "Run again to ask again, or use another model."
