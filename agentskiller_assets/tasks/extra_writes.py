"""Extra writes: a change that nobody asked for, which the environment would accept from this customer."""

from collections.abc import Iterator
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, Tool
from agentskiller_assets.runtime import Ok, Session

_MOST_KEYS = 40


class ExtraWrites:
    """Finds one accepted write for a customer in the session's current state, cheapest tools first."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        writes = [tool for tool in spec.tools if tool.access == "write"]
        self.tools = sorted(writes, key=lambda tool: (len(tool.binds), len(tool.rules), tool.name))

    def make(self, session: Session) -> str | None:
        """Makes one write that is accepted from whoever is identified, and says which; None when all are refused."""
        made = self.call(session)
        return f"{made[0]} {made[1]}" if made else None

    def call(self, session: Session) -> tuple[str, dict[str, Any]] | None:
        """Makes one such write; its tool and arguments."""
        for tool in self.tools:
            for arguments in self._arguments(session, tool):
                if isinstance(session.call(tool.name, arguments), Ok):
                    return tool.name, arguments
        return None

    def _arguments(self, session: Session, tool: Tool) -> Iterator[dict[str, Any]]:
        free = {
            p.name: _some_value(p, self.spec.simulation_time) for p in tool.parameters if not p.refers_to and p.required
        }
        keys = [p for p in tool.parameters if p.refers_to and p.required]
        if not keys:
            yield free
        elif len(keys) == 1:
            for key in self._keys(session, keys[0]):
                yield {**free, keys[0].name: key}

    def _keys(self, session: Session, parameter: Parameter) -> list[str]:
        """Keys of the table; those of the customer's own rows where it records whose they are."""
        table = self.spec.table(str(parameter.refers_to).partition(".")[0])
        owner = next((column for column in table.columns if column.ref in self.spec.roles), None)
        where, values = (f" WHERE {owner.name} = ?", (session.identified_as(str(owner.ref)),)) if owner else ("", ())
        rows = session.query(
            f"SELECT {table.key} FROM {table.name}{where} ORDER BY {table.key} LIMIT {_MOST_KEYS}", values
        )
        return [row[0] for row in rows]


def _some_value(parameter: Parameter, now: str) -> Any:
    match parameter.type:
        case "enum":
            return parameter.values[-1]
        case "boolean":
            return True
        case "integer" | "money":
            return parameter.minimum if parameter.minimum is not None else 1
        case "date":
            return now[:10]
        case "datetime":
            return now
        case "email":
            return "someone.else@example.com"
        case "phone":
            return "999-555-0000"
        case _:
            return "something else"
