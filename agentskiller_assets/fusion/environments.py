"""Two environments become one: their tables and tools side by side, and everybody's identity once."""

from collections.abc import Mapping
from typing import Any

from agentskiller_assets.core.records import row_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import EnvironmentSpec, Table
from agentskiller_assets.errors import SpecError
from agentskiller_assets.fusion.namespaces import PERSON, Namespace

__all__ = ["fuse_rows", "fuse_specs", "pair_key"]

Rows = Mapping[str, tuple[dict[str, Any], ...]]


def pair_key(first: str, second: str) -> str:
    """The partition of a pair: both domains in the order of their names."""
    if first == second:
        raise SpecError(first, "a domain is no pair with itself", "Name two domains.")
    return "--".join(sorted((first, second)))


def fuse_specs(first: EnvironmentSpec, second: EnvironmentSpec) -> EnvironmentSpec:
    """One specification with the tables and tools of both, each in its name space, and one `person` table.

    The callers' roles are two; `first` is the service that conversations begin with. `SpecError` when the two
    services do not live in the same time or know people by different columns.
    """
    spaces = (Namespace(first), Namespace(second))
    key = pair_key(first.domain, second.domain)
    if first.simulation_time != second.simulation_time:
        fault = f"it is {first.simulation_time} in one and {second.simulation_time} in the other"
        raise SpecError(key, fault, "Materialize both from one catalog.")
    return EnvironmentSpec(
        domain=key,
        server_name=f"{first.server_name}And{second.server_name}",
        title=f"{first.title} and {second.title}",
        description=f"{first.description.rstrip('.')}. {second.description}",
        core_entity=spaces[0].name(first.core_entity),
        simulation_time=first.simulation_time,
        tables=(_person(key, first, second), *spaces[0].tables(), *spaces[1].tables()),
        tools=(*spaces[0].tools(), *spaces[1].tools()),
    )


def _person(key: str, first: EnvironmentSpec, second: EnvironmentSpec) -> Table:
    person = first.table(PERSON)
    if person.columns != second.table(PERSON).columns:
        fault = "the two services know people by different columns"
        raise SpecError(key, fault, "Give `person` the same columns in both.")
    return person


def fuse_rows(spec: EnvironmentSpec, first: EnvironmentRows, second: EnvironmentRows) -> EnvironmentRows:
    """The rows of both for their fused specification; everybody who is in both has one `person` row."""
    rows: dict[str, tuple[dict[str, Any], ...]] = {PERSON: _people(spec, first, second)}
    parents: dict[str, tuple[str, ...]] = {}
    for source in (first, second):
        space = Namespace(source.spec)
        for table in source.spec.tables:
            own = row_id(source.spec.domain, table.name, "")
            for row in source.rows[table.name]:
                key = row[table.key]
                fused = row_id(spec.domain, space.name(table.name), key)
                parents[fused] = (*parents.get(fused, ()), own + key)
            if table.name != PERSON:
                rows[space.name(table.name)] = _completed(spec, space.name(table.name), source.rows[table.name])
    return EnvironmentRows(
        id=EnvironmentRows.make_id(spec.domain, first.id, second.id),
        parents=(first.id, second.id),
        spec=spec,
        rows=rows,
        row_parents=parents,
    )


def _people(spec: EnvironmentSpec, first: EnvironmentRows, second: EnvironmentRows) -> tuple[dict[str, Any], ...]:
    key = spec.table(PERSON).key
    found: dict[str, dict[str, Any]] = {}
    for row in (*first.rows[PERSON], *second.rows[PERSON]):
        if found.setdefault(row[key], row) != row:
            fix = "Materialize both domains from one population."
            raise SpecError(spec.domain, f"{row[key]} is two different people", fix)
    return tuple(found[each] for each in sorted(found))


def _completed(spec: EnvironmentSpec, table: str, rows: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Rows with every column of their fused table: what a bridge added is empty in them."""
    names = [column.name for column in spec.table(table).columns]
    return tuple({name: row.get(name) for name in names} for row in rows)
