"""Replays: steps made on a session, with every argument taken from where an agent would take it."""

from collections.abc import Sequence
from typing import Any

from agentskiller_assets.runtime import Ok, Session
from agentskiller_assets.tasks.models import Source, Step


class Unobtainable(LookupError):
    """A value that no earlier step returned, or that is not unique in its result."""


class Replay:
    """What happened: results by the steps' own numbers, up to the first step that was not accepted."""

    __slots__ = ("results", "stopped")

    def __init__(self) -> None:
        self.results: dict[int, dict[str, Any]] = {}
        self.stopped: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every step was made and accepted."""
        return self.stopped is None


def run(session: Session, steps: Sequence[Step], order: Sequence[int] | None = None) -> Replay:
    """Makes the steps, in `order` if given, and stops at the first that cannot be made or is not accepted.

    The session is reset first. Values that come from results are looked up again: a step whose source was not made
    cannot be made either.
    """
    session.reset()
    replay = Replay()
    for index in range(len(steps)) if order is None else order:
        step = steps[index]
        try:
            arguments = {a.name: _value(a.value, a.source, replay) for a in step.arguments}
        except Unobtainable as error:
            replay.stopped = f"{step.tool}: {error}"
            break
        outcome = session.call(step.tool, arguments)
        if not isinstance(outcome, Ok):
            replay.stopped = f"{step.tool}: {outcome}"
            break
        replay.results[index] = outcome.result
    return replay


def _value(value: Any, source: Source, replay: Replay) -> Any:
    if source.step is None or source.column is None:
        return value
    if source.step not in replay.results:
        raise Unobtainable(f"step {source.step} has not been made")
    return pick(replay.results[source.step], source.column, source.where)


def rows_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a result, whether it is a list or one row."""
    return result["results"] if set(result) == {"results"} else [result]


def matches(row: dict[str, Any], where: Sequence[tuple[str, Any]]) -> bool:
    """Whether a row has all these values."""
    return all(row.get(name) == value for name, value in where)


def pick(result: dict[str, Any], column: str, where: Sequence[tuple[str, Any]]) -> Any:
    """The one value of `column` among the rows of a result that match; `Unobtainable` when there is not one."""
    rows = rows_of(result)
    for name, value in where:
        rows = [row for row in rows if row.get(name) == value]
    values = {row[column] for row in rows if row.get(column) is not None}
    if len(values) != 1:
        raise Unobtainable(f"{len(values)} values of {column} match {dict(where)}")
    return values.pop()
