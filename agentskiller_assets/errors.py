"""Errors that a user can act on: each names the culprit, the fault and the fix."""

from collections.abc import Mapping
from typing import Any


class AgentSkillerError(Exception):
    """Base of all errors raised on purpose. `str(error)` reads `<culprit>: <fault>. <fix>`."""

    def __init__(self, culprit: str, fault: str, fix: str) -> None:
        super().__init__(f"{culprit}: {fault.rstrip('.')}. {fix}")
        self.culprit = culprit
        self.fault = fault
        self.fix = fix

    def __reduce__(self) -> tuple[Any, ...]:
        """An error of a worker process is the same error in the process that it works for."""
        return _made_again, (type(self), self.args, self.__dict__)


def _made_again(kind: type[AgentSkillerError], said: tuple[str, ...], state: Mapping[str, Any]) -> AgentSkillerError:
    error = kind.__new__(kind, *said)
    error.__dict__.update(state)
    return error


class PackError(AgentSkillerError):
    """A sector pack or service pattern is malformed."""


class RegistryError(AgentSkillerError):
    """The registry of domains cannot be read, written or does not hold what was asked for."""


class SpecError(AgentSkillerError):
    """An environment specification is not closed: something in it does not resolve or is out of limits."""


class RecordNotFoundError(AgentSkillerError):
    """No stored record has this id."""


class StorageError(AgentSkillerError):
    """The warehouse cannot be read or written."""


class SchemaChangedError(StorageError):
    """A stored file was written for another shape of its model."""


class PlanningError(AgentSkillerError):
    """No task can be made where some must be."""


class RolloutError(AgentSkillerError):
    """A conversation that one side cannot go on with."""


class LLMError(AgentSkillerError):
    """A model that gives no answer that can be used; `llm.errors` has one class for each fault."""

    lasting: bool = False
    """Whether asking again would bring it again: the model cannot do it, and not the endpoint just now."""
    call_ids: tuple[str, ...] = ()
    """The model calls that led to it."""
    transcript: tuple[Mapping[str, Any], ...] = ()
    """What was said so far, in OpenAI's form."""


class EvaluationError(AgentSkillerError):
    """An evaluation of what does not belong together, or against a gold that is not the certified one."""


class DatasetError(AgentSkillerError):
    """An example that cannot be trained on."""
