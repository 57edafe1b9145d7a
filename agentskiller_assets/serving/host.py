"""Keeps the sessions of one environment: who asks for one by name gets this one and no other."""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.runtime import Environment, Ok, Outcome, Session, outcome_json

__all__ = ["Call", "HostFullError", "Limits", "SessionHost", "SessionNameError", "SessionNotFoundError", "session_path"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def session_path(name: str) -> str:
    """Where the agent of a session finds its tools over HTTP."""
    return f"/sessions/{name}/mcp"


class SessionNotFoundError(AgentSkillerError):
    """No session has this name: it never existed, was closed, or has expired."""


class SessionNameError(AgentSkillerError):
    """A session cannot be called this."""


class HostFullError(AgentSkillerError):
    """As many sessions are open as may be."""


class PreparationError(AgentSkillerError):
    """A call that should come before the conversation was not carried out."""


class Call(Model):
    """One tool call."""

    tool: str
    arguments: dict[str, Any] = {}


class Limits(Model):
    """What one host keeps at most."""

    most_sessions: int = 1000
    idle_s: float = 1800.0
    """Seconds after which a session that nobody uses is closed."""


@dataclass(slots=True)
class _Kept:
    session: Session
    used: float
    calls: int = 0
    prepared: tuple[Call, ...] = field(default=())


class SessionHost:
    """Named sessions with limits. A name that nobody chose cannot be guessed."""

    def __init__(
        self, environment: Environment, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.environment = environment
        self.limits = limits or Limits()
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    @property
    def names(self) -> list[str]:
        """The open sessions, in the order of their names."""
        return sorted(self._kept)

    def create(self, name: str | None = None, calls: Iterable[Call] = ()) -> str:
        """Open a session in which these calls have been made, and return its name."""
        name = self._admit(name)
        session = self.environment.fork()
        prepared = tuple(calls)
        try:
            _prepare(session, prepared)
        except BaseException:
            session.close()
            raise
        self._kept[name] = _Kept(session, self._clock(), prepared=prepared)
        return name

    def fork(self, name: str, new_name: str | None = None) -> str:
        """Open a session in the same state as another one; from here on they know nothing of each other."""
        kept = self._find(name)
        new_name = self._admit(new_name)
        self._kept[new_name] = _Kept(kept.session.fork(), self._clock(), kept.calls, kept.prepared)
        return new_name

    def session(self, name: str) -> Session:
        """The session for one more call of its agent."""
        kept = self._find(name)
        kept.calls += 1
        return kept.session

    def touch(self, name: str) -> None:
        """Say that the session is in use; `SessionNotFoundError` if there is none."""
        self._find(name)

    def reset(self, name: str) -> None:
        """Back to what it was when it was created."""
        kept = self._find(name)
        kept.session.reset()
        _prepare(kept.session, kept.prepared)
        kept.calls = 0

    def state(self, name: str) -> dict[str, Any]:
        """What the session changed, the digest of that, and how many calls were made. For operators only."""
        kept = self._find(name)
        diff = kept.session.diff()
        return {
            "session": name,
            "calls": kept.calls,
            "identified": kept.session.me,
            "diff": diff,
            "digest": kept.session.digest(),
            "environment": self.environment.digest,
        }

    def close(self, name: str) -> None:
        """Close a session and forget its name."""
        self._find(name)
        self._kept.pop(name).session.close()

    def close_all(self) -> None:
        """Close every session."""
        for name in self.names:
            self._kept.pop(name).session.close()

    def expire(self) -> list[str]:
        """Close the sessions that nobody has used for too long, and return their names."""
        oldest = self._clock() - self.limits.idle_s
        expired = [name for name, kept in self._kept.items() if kept.used < oldest]
        for name in expired:
            self._kept.pop(name).session.close()
        return expired

    def _find(self, name: str) -> _Kept:
        kept = self._kept.get(name)
        if kept is None:
            raise SessionNotFoundError("session", "there is none of this name", "Create one, or check the address.")
        kept.used = self._clock()
        return kept

    def _admit(self, name: str | None) -> str:
        if name is not None and not _NAME.fullmatch(name):
            raise SessionNameError(
                "session", "its name has other characters", "Use up to 64 letters, digits, - and _ as its name."
            )
        if name in self._kept:
            raise SessionNameError(f"session {name}", "there is one of this name", "Close it or take another name.")
        if len(self._kept) >= self.limits.most_sessions:
            self.expire()
        if len(self._kept) >= self.limits.most_sessions:
            fault = f"all {self.limits.most_sessions} sessions are in use"
            raise HostFullError("server", fault, "Close sessions, or start the server with more.")
        return name or secrets.token_urlsafe(16)


def _prepare(session: Session, calls: Iterable[Call]) -> None:
    for position, call in enumerate(calls, start=1):
        outcome: Outcome = session.call(call.tool, call.arguments)
        if not isinstance(outcome, Ok):
            fault = f"call {position} ({call.tool}) came to {outcome_json(outcome)}"
            raise PreparationError("session", fault, "Give calls that the tools carry out, in their order.")
