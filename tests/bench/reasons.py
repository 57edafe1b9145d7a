"""What shows the reason of a refusal: `python -m tests.bench.reasons WAREHOUSE DOMAIN_OR_PAIR...`, figures as JSON.

Every row that the violated rule is about is left out, and each of its values changed, one at a time. Where the request
would be accepted in such a world, and lookups return there what they return in the real one, these lookups do not show
the reason: an agent that has made them cannot know it. A rule that no single change satisfies is not decided.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from agentskiller_assets.cli.asset_names import assets_of
from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.runtime import Environment, Ok, Session
from agentskiller_assets.tasks.models import TaskInstance, ValidatedTask
from agentskiller_assets.tasks.replay import rows_of, run
from resources.storage.warehouse import Warehouse
from tests.bench.machine import machine

BY_POLICY, BY_CONVERSATION, BY_OTHERS, BY_NONE, UNDECIDED = (
    "the policy and the request alone",
    "lookups that the conversation has",
    "other lookups",
    "no lookup",
    "not decided",
)
_ORDER = (BY_POLICY, BY_CONVERSATION, BY_OTHERS, BY_NONE, UNDECIDED)
_MOST_VALUES, _MOST_LOOKUPS = 6, 120

Lookup = tuple[str, dict[str, Any]]


def main() -> None:
    """Prints how many refusals of the named domains and pairs are shown by what."""
    warehouse, names = Warehouse(Path(sys.argv[1])), sys.argv[2:]
    found: Counter[str] = Counter()
    for name in names:
        assets = assets_of(name)
        environment = open_environment(warehouse.read_database(name, assets.databases))
        for task in warehouse.read_records(assets.tasks, ValidatedTask, name):
            if task.certificate and task.instance.probe and not task.instance.unidentified:
                found[shown_by(environment, task.instance)] += 1
    if not found:
        sys.exit(f"no task of {', '.join(names) or 'nothing'} refuses: name domains or pairs that were made")
    figures = {
        what: {"refusals": found[what], "share": round(found[what] / found.total(), 3)} for what in (*_ORDER, UNDECIDED)
    }
    print(json.dumps({"machine": machine(), "partitions": len(names), "shown_by": figures}, indent=2))


def shown_by(environment: Environment, instance: TaskInstance) -> str:
    """The least that shows the reason in every changed world in which the request would be accepted."""
    spec, probe = environment.spec, instance.probe
    assert probe is not None
    with environment.fork() as session:
        run(session, instance.steps)
        session._dirty |= {table.name for table in spec.tables}  # nothing is answered from memory
        own = [(step.tool, step.values()) for step in instance.steps if step.purpose != "identify"]
        every = _lookups(session, spec, [*own, (probe.tool, probe.values())])
        before = {_key(lookup): _answer(session, lookup) for lookup in [*own, *every]}
        shown_in = set[str]()
        for _ in _worlds_that_accept(session, instance, spec):
            changed = [key for key in before if _answer(session, json.loads(key)) != before[key]]
            shown_in.add(BY_CONVERSATION if {*map(_key, own)} & {*changed} else BY_OTHERS if changed else BY_NONE)
            if BY_NONE in shown_in:
                break
        return max(shown_in or {_otherwise(spec, instance)}, key=_ORDER.index)


def _otherwise(spec: EnvironmentSpec, instance: TaskInstance) -> str:
    """What shows a reason that no change of a row takes away."""
    assert instance.probe is not None
    condition = _condition(spec.tool(instance.probe.tool), str(instance.refusal))
    return UNDECIDED if sql.tables_used(condition) | sql.qualifiers(condition) else BY_POLICY


def _worlds_that_accept(session: Session, instance: TaskInstance, spec: EnvironmentSpec) -> Iterator[None]:
    """Puts the session into one world after the other; each is undone before the next."""
    store, probe = session._live(), instance.probe
    assert probe is not None
    tree, known = _condition(spec.tool(probe.tool), str(instance.refusal)), {*probe.values().values(), session.me}
    for statement, values in list(_changes(session, spec, tree, known)):
        store.internal("SAVEPOINT world")
        store.internal("PRAGMA defer_foreign_keys = ON")
        store.internal(statement, values)
        if _accepts(session, probe.tool, probe.values()):
            yield
        store.internal("ROLLBACK TO world")
        store.internal("RELEASE world")


def _accepts(session: Session, tool: str, values: dict[str, Any]) -> bool:
    """Whether the call would be carried out; it is undone."""
    store, done, following = session._live(), len(session._done), dict(session._next)
    store.internal("SAVEPOINT attempt")
    accepted = isinstance(session.call(tool, values), Ok)
    store.internal("ROLLBACK TO attempt")
    store.internal("RELEASE attempt")
    del session._done[done:]
    session._next = following
    return accepted


def _condition(tool: Tool, code: str) -> sql.exp.Expr:
    return sql.parse_condition(next(rule.require for rule in tool.rules if rule.code == code))


def _changes(
    session: Session, spec: EnvironmentSpec, condition: sql.exp.Expr, known: set[Any]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every row of a table that the rule is about without it, and with each other value of a column that it reads."""
    columns = {column.name for column in condition.find_all(sql.exp.Column)}
    named = sql.tables_used(condition) | sql.qualifiers(condition)
    for table in (table for table in spec.tables if table.name in named):
        read = [column.name for column in table.columns if column.name in columns and column.name != table.key]
        values = {name: _values(session, table.name, name, known) for name in read}
        for (key,) in session.query(f"SELECT {table.key} FROM {table.name} ORDER BY 1"):
            yield f"DELETE FROM {table.name} WHERE {table.key} = ?", (key,)
            for name in read:
                for value in values[name]:
                    yield f"UPDATE OR IGNORE {table.name} SET {name} = ? WHERE {table.key} = ?", (value, key)


def _values(session: Session, table: str, column: str, known: set[Any]) -> list[Any]:
    """All values of a column, or of many the least, the middle, the greatest and those that the request is about."""
    found = [row[0] for row in session.query(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")]
    some = {0, len(found) // 2, len(found) - 1}
    return [v for i, v in enumerate(found) if len(found) <= _MOST_VALUES or i in some or v in known]


def _lookups(session: Session, spec: EnvironmentSpec, known: Iterable[Lookup]) -> list[Lookup]:
    """Lookups that need nothing but what the conversation has, or what such lookups return; no more than some."""
    reads = [tool for tool in spec.tools if tool.access == "read" and not tool.authorizes]
    values = {f"{name}={value}": (name, value) for _, given in known for name, value in given.items()}
    found: dict[str, Lookup] = {}
    for _ in range(2):
        for tool in reads:
            for lookup in _with_values(tool, [*values.values()]):
                if len(found) < _MOST_LOOKUPS:
                    found.setdefault(_key(lookup), lookup)
        for lookup in found.values():
            values |= {f"{name}={value}": (name, value) for name, value in _keys_in(session, spec, lookup)}
    return list(found.values())


def _with_values(tool: Tool, values: list[tuple[str, Any]]) -> Iterator[Lookup]:
    """Calls of a read that needs nothing, or one thing that is known."""
    needed = [parameter for parameter in tool.parameters if parameter.required]
    if not needed:
        yield tool.name, {}
    elif len(needed) == 1:
        for name, value in values:
            if needed[0].name == name:
                yield tool.name, {name: value}


def _keys_in(session: Session, spec: EnvironmentSpec, lookup: Lookup) -> Iterator[tuple[str, Any]]:
    """Keys of records that a lookup returns, under their columns' names."""
    outcome = session.call(*lookup)
    rows = rows_of(outcome.result) if isinstance(outcome, Ok) else []
    for column in spec.tool(lookup[0]).returns.columns:
        if column.refers_to:
            yield from ((column.name, row[column.name]) for row in rows if row.get(column.name) is not None)


def _answer(session: Session, lookup: Lookup) -> str:
    return repr(session.call(lookup[0], lookup[1]))


def _key(lookup: Lookup) -> str:
    return json.dumps(lookup, sort_keys=True)


if __name__ == "__main__":
    main()
