"""One conversation on records that somebody else holds: what the toolkit of an exported domain calls."""

from collections import deque
from threading import Lock
from typing import Any

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime.compiler import PERSON
from agentskiller_assets.runtime.ddl import quoted
from agentskiller_assets.runtime.diff import Layout, layouts
from agentskiller_assets.runtime.image import build_image
from agentskiller_assets.runtime.outcome import Invalid, Ok, Outcome, Refused
from agentskiller_assets.runtime.session import Environment, Session

Rows = dict[str, dict[str, dict[str, Any]]]
"""Table, key, row."""
_LOCK = Lock()
_RECENT: deque[tuple[EnvironmentSpec, Rows, Environment]] = deque(maxlen=4)
"""Environments of the last few states that sessions were opened on: most conversations begin with the same one."""
DEFECT = "The call could not be carried out because of a fault of the service; nothing was changed."


class CallError(Exception):
    """A call that came to nothing; the text is all that the agent learns: code and statement of the rule, or why the
    arguments do not fit."""


class Service:
    """Makes calls on rows that their holder hands in each time, and says what has become of them.

    The rows are the state: when they are not those that the last call left, a session is opened on them, and whoever
    had been identified identifies themselves once more. Rows that were handed in are kept, and are not to be altered.
    """

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        self.rows: Rows = {}
        """The rows as the last call left them."""
        self._layouts = layouts(spec)
        self._session: Session | None = None
        self._identifications: dict[str, dict[str, Any]] = {}

    def call(self, rows: Rows, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of a call; `CallError` if it is refused, does not fit, or fails. Only a result changes rows."""
        session = self._on(rows)
        try:
            outcome = session.call(tool, arguments)
        except SpecError as error:
            raise CallError(DEFECT) from error
        return self._accepted(session, tool, arguments, outcome)

    def caller(self, rows: Rows) -> str | None:
        """The person who has been identified, or their key where roles name no person."""
        session = self._on(rows)
        for role in self.spec.roles:
            if (key := session.identified_as(role)) is not None:
                return rows[role][key].get(PERSON, key)
        return None

    def changes(self, rows: Rows) -> str:
        """Digest of what the conversation has changed, with new rows named by what they say: the order in which calls
        were made does not matter."""
        session = self._on(rows)
        return digest([session.base_digest, session.diff()])

    def _accepted(self, session: Session, tool: str, arguments: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
        match outcome:
            case Ok(result):
                if self.spec.tool(tool).authorizes:
                    self._identifications[tool] = arguments
                if self.spec.tool(tool).effects:
                    self.rows = self._read(session)
                return result
            case Refused(code, statement):
                raise CallError(f"{code}: {statement}")
            case Invalid(argument, reason):
                raise CallError(f"Invalid argument {argument}: {reason}")

    def _on(self, rows: Rows) -> Session:
        """The session whose state the rows are."""
        if self._session is None or rows != self.rows:
            if self._session is not None:
                self._session.close()
            self._session = _environment(self.spec, rows).fork()
            self.rows = rows
            for tool, arguments in self._identifications.items():
                self._session.call(tool, arguments)
        return self._session

    def _read(self, session: Session) -> Rows:
        return {name: _table(session, name, layout) for name, layout in self._layouts.items()}


def _environment(spec: EnvironmentSpec, rows: Rows) -> Environment:
    with _LOCK:
        for known, state, environment in _RECENT:
            if known is spec and state == rows:
                return environment
        image = build_image(spec, {table: list(found.values()) for table, found in rows.items()})
        _RECENT.append((spec, rows, Environment(spec, image)))
        return _RECENT[-1][2]


def _table(session: Session, name: str, layout: Layout) -> dict[str, dict[str, Any]]:
    columns = ", ".join(map(quoted, layout.names))
    found = [layout.row(values) for values in session.query(f"SELECT {columns} FROM {quoted(name)}")]
    return {row[layout.key]: row for row in found}
