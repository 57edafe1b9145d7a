"""What a specification promises without the SQL of its tools: schemas, owners, states and invariants.

Tests take their expectations from here, and from the cases of the approved specification, never from the fragments
of the server under test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.spec import EnvironmentSpec, Tool, space_of
from agentskiller_assets.environment.cases import Accepted, CaseTable, Protected, prepare
from agentskiller_assets.runtime import Environment, Ok, Session

MOST_OTHERS = 4
"""Other people who try to use somebody's record."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that the specification's own fragments do not keep."""

    tool: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.tool}.{self.field}: {self.message}"


def declared(tool: Tool) -> dict[str, str]:
    """Digests of all that a tool declares, apart from the SQL that keeps it. Generated tests compute the same."""
    return {
        "about": digest([tool.title, tool.description, tool.access, tool.authorizes]),
        "parameters": digest(tool.parameters),
        "refusals": digest([[each.code, each.statement] for each in tool.refusals]),
        "returns": digest([tool.returns.many, *tool.returns.columns]),
    }


def owners(spec: EnvironmentSpec) -> dict[str, tuple[str, str, str]]:
    """Key, owner column and role of every table whose rows belong to one of those whom the service serves."""
    found: dict[str, tuple[str, str, str]] = {}
    for table in spec.tables:
        column = next((each for each in table.columns if each.ref in spec.roles), None)
        if table.kind == "relationship" and column is not None:
            found[table.name] = (table.key, column.name, str(column.ref))
    return found


def owned_arguments(spec: EnvironmentSpec) -> dict[str, dict[str, str]]:
    """For each tool, the parameters that name a record of the caller in its own service, with its table."""
    owned = {f"{table}.{key}": table for table, (key, _, _) in owners(spec).items()}
    found: dict[str, dict[str, str]] = {}
    for tool in spec.tools:
        own = [p for p in tool.parameters if p.refers_to in owned and space_of(p.refers_to) == space_of(tool.name)]
        named = {p.name: owned[str(p.refers_to)] for p in own}
        if named:
            found[tool.name] = {name: str(table) for name, table in named.items()}
    return found


def states(spec: EnvironmentSpec) -> dict[str, tuple[str, dict[str, tuple[str, ...]]]]:
    """Status column and allowed changes of every table that has states."""
    return {table.name: (table.status, dict(table.transitions)) for table in spec.tables if table.status}


def invariants(spec: EnvironmentSpec) -> list[tuple[str, str, str]]:
    """Statement, table and condition of all that holds for every row at all times."""
    return [(each.statement, table.name, each.require) for table in spec.tables for each in table.invariants]


def protected_cases(spec: EnvironmentSpec, accepted: list[Accepted], callers: list[str]) -> Iterator[Protected]:
    """Calls that are carried out for the owner of a record, made by somebody else."""
    owned = owned_arguments(spec)
    for case in accepted:
        if case.tool in owned and case.caller is not None and not case.before:
            others = [key for key in callers if key != case.caller]
            for other in others[:: max(1, len(others) // MOST_OTHERS)][:MOST_OTHERS]:
                yield Protected(case.tool, case.args, other)


def broken_promises(environment: Environment, cases: CaseTable) -> list[Broken]:
    """What the accepted calls of an environment do that its specification promises they do not."""
    found: list[Broken] = []
    with environment.fork() as session:
        for case in cases.accepted:
            session.reset()
            if prepare(session, case, cases.identities):
                found += _broken_by(environment.spec, session, case)
        for protected in cases.protected:
            session.reset()
            prepare(session, protected, cases.identities)
            if isinstance(session.call(protected.tool, protected.args), Ok):
                found.append(Broken(protected.tool, "binds", "is carried out with somebody else's record"))
    return list(dict.fromkeys(found))


def _broken_by(spec: EnvironmentSpec, session: Session, case: Accepted) -> Iterator[Broken]:
    owned = owners(spec)
    for name, table in owned_arguments(spec).get(case.tool, {}).items():
        key = case.args.get(name)
        if key is not None and _owner(session, owned, table, key) != session.identified_as(owned[table][2]):
            yield Broken(case.tool, "binds", f"is carried out with a record of somebody else as {name}")
    if not isinstance(session.call(case.tool, case.args), Ok):
        return
    diff = session.diff()
    for table, (_, column, role) in owned.items():
        rows = [*diff["inserted"].get(table, []), *diff["deleted"].get(table, [])]
        keys = [row["key"] for row in diff["updated"].get(table, [])]
        found = {*(row[column] for row in rows), *(_owner(session, owned, table, key) for key in keys)}
        if found - {session.identified_as(role)}:
            yield Broken(case.tool, "effects", f"changes rows of {table} that belong to somebody else")
    if not case.before:
        yield from _forbidden_changes(spec, case.tool, diff)
    for statement, table, require in invariants(spec):
        query = f'SELECT COUNT(*) FROM "{table}" WHERE ({require}\n) IS NOT TRUE'
        if session.query(query, {"now": spec.simulation_time}) != [(0,)]:
            yield Broken(case.tool, "effects", f"breaks an invariant: {statement}")


def _forbidden_changes(spec: EnvironmentSpec, tool: str, diff: dict[str, Any]) -> Iterator[Broken]:
    for table, (column, allowed) in states(spec).items():
        for row in diff["updated"].get(table, []):
            old, new = row["changes"].get(column, (None, None))
            if old != new and new not in allowed[old]:
                yield Broken(tool, "effects", f"moves {table} from {old!r} to {new!r}, which is not allowed")


def _owner(session: Session, owned: dict[str, tuple[str, str, str]], table: str, key: str) -> str | None:
    name, column, _ = owned[table]
    rows = session.query(f'SELECT "{column}" FROM "{table}" WHERE "{name}" = :key', {"key": key})
    return rows[0][0] if rows else None
