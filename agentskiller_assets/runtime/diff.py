"""What a session changed since its fork: the net effect, whatever the order of the calls."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.core.canonical import canonical_json, digest
from agentskiller_assets.core.spec import EnvironmentSpec, Table
from agentskiller_assets.runtime.arguments import SqlValue
from agentskiller_assets.runtime.ddl import CHANGES, quoted
from agentskiller_assets.runtime.naming import Edge, Node, canonical_names, only_names
from agentskiller_assets.runtime.store import Store

Diff = dict[str, dict[str, list[dict[str, Any]]]]
Row = dict[str, Any]

_LITERAL = re.compile(r"'(?:[^']|'')*'|[^,]+")
_READ_LOG = f"SELECT table_name, operation, key, before FROM {CHANGES} ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of one table are read."""

    key: str
    key_is_generated: bool
    names: tuple[str, ...]
    booleans: tuple[str, ...]
    moneys: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    """Columns that hold the key of a row, and that row's table."""
    select: str

    def row(self, values: list[Any] | tuple[Any, ...]) -> Row:
        """Typed values by column."""
        row = dict(zip(self.names, values, strict=True))
        for name in self.booleans:
            row[name] = None if row[name] is None else bool(row[name])
        for name in self.moneys:
            row[name] = None if row[name] is None else float(row[name]) + 0.0
        return row


def layouts(spec: EnvironmentSpec) -> dict[str, Layout]:
    """The layout of every table."""
    return {table.name: _layout(table) for table in spec.tables}


def _layout(table: Table) -> Layout:
    names = tuple(column.name for column in table.columns)
    columns = ", ".join(map(quoted, names))
    key = table.column(table.key)
    return Layout(
        key=table.key,
        key_is_generated=key is None or key.ref is None,
        names=names,
        booleans=tuple(column.name for column in table.columns if column.type == "boolean"),
        moneys=tuple(column.name for column in table.columns if column.type == "money"),
        references=tuple((column.name, column.ref) for column in table.columns if column.ref),
        select=f"SELECT {columns} FROM {quoted(table.name)} WHERE {quoted(table.key)} = ?",
    )


def state_digest(diff: Diff) -> str:
    """Equal for two sessions exactly if they changed the same."""
    return digest(diff)


def session_diff(store: Store, tables: dict[str, Layout]) -> Diff:
    """The canonical difference between a store and its image, in time proportional to the changes."""
    inserted: dict[Node, Row] = {}
    updated: dict[Node, dict[str, list[Any]]] = {}
    deleted: dict[Node, Row] = {}
    for node, old in _first_states(store, tables).items():
        new = _current(store, tables[node[0]], node[1])
        if old is None:
            if new is not None:
                inserted[node] = new
        elif new is None:
            deleted[node] = old
        elif changes := {name: [old[name], new[name]] for name in old if old[name] != new[name]}:
            updated[node] = changes
    if inserted:
        _rename(tables, inserted, updated)
    return {
        "inserted": _by_table(inserted, {node: row[tables[node[0]].key] for node, row in inserted.items()}),
        "updated": _by_table(
            {node: {"key": node[1], "changes": changes} for node, changes in updated.items()},
            {node: node[1] for node in updated},
        ),
        "deleted": _by_table(deleted, {node: node[1] for node in deleted}),
    }


def _first_states(store: Store, tables: dict[str, Layout]) -> dict[Node, Row | None]:
    """What every touched row was in the image; None if it was not there."""
    states: dict[Node, Row | None] = {}
    for table, operation, key, before in store.internal(_READ_LOG):
        if (table, key) not in states:
            states[table, key] = None if operation == "insert" else tables[table].row(_literals(before))
    return states


def _literals(text: str) -> list[SqlValue]:
    """The values of a list of SQL literals, as SQLite's `quote()` writes them."""
    return [_literal(match) for match in _LITERAL.findall(text)]


def _literal(text: str) -> SqlValue:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text == "NULL":
        return None
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _current(store: Store, layout: Layout, key: str) -> Row | None:
    rows = store.internal(layout.select, (key,))
    return layout.row(rows[0]) if rows else None


def _by_table(entries: dict[Node, Row], order: dict[Node, str]) -> dict[str, list[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for node in sorted(entries, key=lambda node: (node[0], len(order[node]), order[node])):
        grouped[node[0]].append(entries[node])
    return dict(grouped)


def _rename(tables: dict[str, Layout], inserted: dict[Node, Row], updated: dict[Node, dict[str, list[Any]]]) -> None:
    """Put canonical names in place of the keys that the session generated, wherever they occur."""
    names = only_names(inserted) or canonical_names(*_graph(tables, inserted, updated))
    for node, row in inserted.items():
        layout = tables[node[0]]
        for column, target in layout.references:
            row[column] = names.get((target, row[column]), row[column])
        if layout.key_is_generated:
            row[layout.key] = names[node]
    for node, changes in updated.items():
        for column, target in tables[node[0]].references:
            if column in changes:
                old, new = changes[column]
                changes[column] = [old, names.get((target, new), new)]


def _graph(
    tables: dict[str, Layout], inserted: dict[Node, Row], updated: dict[Node, dict[str, list[Any]]]
) -> tuple[dict[Node, str], list[Edge]]:
    """What inserted rows hold apart from generated keys, and how they refer to each other."""
    edges: list[Edge] = []
    masked: dict[Node, Row] = {}
    for node, row in inserted.items():
        layout = tables[node[0]]
        masked[node] = dict(row)
        if layout.key_is_generated:
            masked[node][layout.key] = None
        for column, target in layout.references:
            if (target, row[column]) in inserted:
                edges.append((node, column, (target, row[column])))
                masked[node][column] = None
    anchors: defaultdict[Node, list[list[str]]] = defaultdict(list)
    for node, changes in updated.items():
        for column, target in tables[node[0]].references:
            if column in changes and (target, changes[column][1]) in inserted:
                anchors[target, changes[column][1]].append([*node, column])
    contents = {node: canonical_json([row, sorted(anchors[node])]) for node, row in masked.items()}
    return contents, edges
