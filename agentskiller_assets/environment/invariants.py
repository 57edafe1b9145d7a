"""State invariants of a database, checked by query."""

from collections.abc import Iterator

from agentskiller_assets.core.records import row_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.builds import image_of, open_environment
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment

_MOST_NAMED = 5


def broken_rows(rows: EnvironmentRows) -> list[str]:
    """The first row that the session's database refuses, with its constraint."""
    try:
        image_of(rows)
    except SpecError as error:
        return [str(error)]
    return []


def broken_invariants(rows: EnvironmentRows) -> list[str]:
    """Rows for which an invariant does not hold, with the sentence that they break."""
    try:
        environment = open_environment(rows)
    except SpecError as error:
        return [f"cannot be checked: {error}"]
    return list(_broken(environment))


def _broken(environment: Environment) -> Iterator[str]:
    spec = environment.spec
    with environment.fork() as session:
        for table in spec.tables:
            for invariant in table.invariants:
                where = f"({invariant.require}) IS NOT TRUE"
                statement = f"SELECT {table.key} FROM {table.name} WHERE {where} ORDER BY {table.key}"
                keys = [row[0] for row in session.query(statement, {"now": spec.simulation_time})]
                for key in keys[:_MOST_NAMED]:
                    yield f"{row_id(spec.domain, table.name, key)} breaks: {invariant.statement}"
                if len(keys) > _MOST_NAMED:
                    yield f"{len(keys) - _MOST_NAMED} more rows of {table.name} break: {invariant.statement}"
