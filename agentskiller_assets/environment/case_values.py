"""Values to try for the parameters of a tool: from its type, its bounds, its rules and the records."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, Tool
from agentskiller_assets.runtime import Session

STORED = 40
"""Stored values to try, spread over all that a column holds."""
_DAYS = (1, 2, 3, 7, 14, 30, 45, 60, 90, 180, 400, 0, -1, -7, -30, -400)
_TIMES = ("10:00:00", "15:30:00", "03:00:00", "23:30:00")
_TYPES = {"id": {"id", "ref"}, "ref": {"id", "ref"}}


class ValueSource:
    """Draws values for parameters from one environment; nothing here is random."""

    def __init__(self, spec: EnvironmentSpec, session: Session) -> None:
        self.spec = spec
        self.session = session
        self.now = datetime.fromisoformat(spec.simulation_time)
        self._stored: dict[tuple[str, str], list[Any]] = {}
        self._samples: dict[tuple[str, str], list[Any]] = {}

    def samples(self, tool: Tool, parameter: Parameter) -> list[Any]:
        """Valid values, plausible ones first, then stored values of columns that the tool may compare."""
        asked = (tool.name, parameter.name)
        if asked not in self._samples:
            self._samples[asked] = self._drawn(tool, parameter)
        return self._samples[asked]

    def _drawn(self, tool: Tool, parameter: Parameter) -> list[Any]:
        made = self._made(parameter)
        stored = [value for path in self._columns(tool, parameter) for value in self.stored(*path)]
        known = [*stored, *made] if parameter.matches or parameter.refers_to else [*made, *stored]
        return [value for value in dict.fromkeys(known) if fits(parameter, value)]

    def stored(self, table: str, column: str) -> list[Any]:
        """Distinct values of a column, evenly spread over all of them."""
        path = (table, column)
        if path not in self._stored:
            rows = self.session.query(
                f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL ORDER BY 1'
            )
            step = max(1, len(rows) // STORED)
            self._stored[path] = [row[0] for row in rows[::step]][:STORED]
        return self._stored[path]

    def unknown(self, parameter: Parameter) -> Any:
        """A valid value that no record has."""
        if parameter.refers_to:
            return f"{self.spec.table(parameter.refers_to.partition('.')[0]).id_prefix}-0"
        match parameter.type:
            case "email":
                return "nobody@example.org"
            case "phone":
                return "+1 555 000 0000"
            case "date":
                return "1900-01-01"
            case "datetime":
                return "1900-01-01 00:00:00"
            case "text" | "id" | "ref":
                return "Unheard of"
            case _:
                return self._made(parameter)[-1]

    def _columns(self, tool: Tool, parameter: Parameter) -> list[tuple[str, str]]:
        """Columns whose values decide something: the one it matches, and those of its type in the rules."""
        path = parameter.refers_to or parameter.matches
        found = [tuple(path.split(".", 1))] if path else []
        if parameter.type in ("enum", "boolean", "integer") or parameter.refers_to:
            return [(table, column) for table, column in found]
        used = _tables(tool)
        types = _TYPES.get(parameter.type, {parameter.type})
        for table in self.spec.tables:
            if table.name in used:
                found += [(table.name, column.name) for column in table.columns if column.type in types]
        return list(dict.fromkeys((table, column) for table, column in found))

    def _made(self, parameter: Parameter) -> list[Any]:
        match parameter.type:
            case "enum":
                return list(parameter.values)
            case "boolean":
                return [True, False]
            case "integer":
                return _numbers(parameter, (1, 2, 3, 5, 10, 50))
            case "money":
                return [float(value) for value in _numbers(parameter, (10, 1, 25, 100, 1000, 0.01))]
            case "date":
                return [str(self.now.date() + timedelta(days=days)) for days in _DAYS]
            case "datetime":
                days = [self.now.date() + timedelta(days=days) for days in _DAYS]
                exact = [self.now + timedelta(hours=hours) for hours in (1, 24, 48)]
                return [*(f"{day} {time}" for day in days for time in _TIMES), *map(str, exact)]
            case "email":
                return ["new.address@example.org"]
            case "phone":
                return ["+1 555 010 9999"]
            case _:
                return ["Something new"[: int(parameter.maximum or 500)]]


def _tables(tool: Tool) -> frozenset[str]:
    conditions = (*(bind.where for bind in tool.binds), *(rule.require for rule in tool.rules))
    return _tables_of(conditions).union(bind.table for bind in tool.binds)


@lru_cache(maxsize=4096)
def _tables_of(conditions: tuple[str, ...]) -> frozenset[str]:
    trees = [sql.parse(f"SELECT 1 WHERE {condition}") for condition in conditions]
    return frozenset().union(*(sql.tables_used(tree) for tree in trees))


def _numbers(parameter: Parameter, usual: tuple[float, ...]) -> list[float]:
    low, high = parameter.minimum, parameter.maximum
    bounds = [int(bound) if bound == int(bound) else bound for bound in (low, high) if bound is not None]
    middle = [(int(low) + int(high)) // 2] if low is not None and high is not None else []
    return [*middle, *usual, *bounds]


def fits(parameter: Parameter, value: Any) -> bool:
    """Whether a value is within the parameter's bounds."""
    if parameter.type in ("integer", "money"):
        low, high = parameter.minimum, parameter.maximum
        return (low is None or value >= low) and (high is None or value <= high)
    if parameter.type == "text":
        return 1 <= len(value) <= int(parameter.maximum or 500)
    return parameter.type != "enum" or value in parameter.values


def typed(parameter: Parameter, value: Any) -> Any:
    """A stored value as an argument."""
    if parameter.type == "boolean":
        return bool(value)
    return float(value) if parameter.type == "money" else value


def other_value(parameter: Parameter, value: Any) -> Any:
    """A valid value of the same type that is another one."""
    match parameter.type:
        case "date":
            return str(date.fromisoformat(value) + timedelta(days=1))
        case "datetime":
            return str(datetime.fromisoformat(value) + timedelta(days=1))
        case "integer" | "money":
            return value + 1
        case "boolean":
            return not value
        case "enum":
            return next((other for other in parameter.values if other != value), value)
        case "email":
            return f"x{value}"
        case _:
            return value[:-1] + ("1" if value[-1] != "1" else "2")


def unfit_values(parameter: Parameter) -> list[Any]:
    """Values that the parameter's schema rejects: another type, then out of bounds."""
    found: list[Any] = ["yes"] if parameter.type in ("boolean", "integer", "money") else [7]
    if parameter.type in ("integer", "money"):
        found += [parameter.minimum - 1] if parameter.minimum is not None else []
        found += [parameter.maximum + 1] if parameter.maximum is not None else []
    elif parameter.type == "date":
        found.append("2026-02-30")
    elif parameter.type == "datetime":
        found.append("2026-01-15T10:00:00Z")
    elif parameter.type == "enum":
        found.append("no such value")
    elif parameter.type == "email":
        found.append("not an address")
    elif parameter.type == "text":
        found.append("x" * (int(parameter.maximum or 500) + 1))
    return found
