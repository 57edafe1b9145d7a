"""From a record to everything it was made from, and to everything that was made from it."""

import textwrap
from typing import Any, Literal

from pydantic import Field
from rich.markup import escape
from rich.tree import Tree

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.core.records import Model
from resources.reach import EVERYTHING, Reach, reach_above, reach_below, records_of
from resources.storage.sidecars import Materialization
from resources.storage.warehouse import Warehouse

Direction = Literal["up", "down"]

_LABELS = ("first_message", "label", "title", "full_name", "name", "statement", "text", "core_entity", "task_kind")
"""Fields that say what a record is, best first."""
_LABEL_WIDTH = 80

# The walk carries edges, not paths: UNION drops those seen before, so circles end and diamonds cost once.
_WALK = """
WITH RECURSIVE stored AS ({stored}),
steps AS (SELECT id AS child, unnest(parents) AS parent, generate_subscripts(parents, 1) AS position FROM stored),
edges AS MATERIALIZED (SELECT {near} AS near, {far} AS far, position FROM steps),
walk(near, far, position) AS (
    SELECT near, far, position FROM edges WHERE near = $start
    UNION
    SELECT edges.near, edges.far, edges.position FROM walk JOIN edges ON edges.near = walk.far
),
ids AS (SELECT $start AS id UNION SELECT far FROM walk),
places AS (SELECT id, min({{'asset': asset, 'partition': partition}}) AS place FROM stored
           WHERE id IN (SELECT id FROM ids) GROUP BY id)
SELECT walk.near, ids.id, walk.position, place.asset, place.partition
FROM ids LEFT JOIN walk ON walk.far = ids.id LEFT JOIN places ON places.id = ids.id
ORDER BY {order}
"""


class LineageNode(Model):
    """One record of a lineage, with the materialization that it is stored in."""

    id: str
    kind: str
    """`row`, or what stands before the hash of the id."""
    asset: str | None = None
    """None for a parent that is not in the warehouse."""
    partition: str | None = None
    run_id: str | None = None
    code_version: str | None = None
    data_version: str | None = None
    seed: int | None = None
    """The seed that the record names, or that its materialization was set to: the roots have one."""
    label: str = ""


class LineageGraph(Model):
    """Records reachable from `start` in one direction. Edges lead away from it."""

    start: str
    direction: Direction
    nodes: dict[str, LineageNode] = Field(default_factory=dict)
    edges: tuple[tuple[str, str], ...] = ()

    def following(self) -> dict[str, list[str]]:
        """For each record, the next ones away from the start, in order."""
        lists: dict[str, list[str]] = {node: [] for node in self.nodes}
        for near, far in self.edges:
            lists[near].append(far)
        return lists

    def as_tree(self) -> Tree:
        """For a terminal; a record met before is referred to and not opened again."""
        following, met = self.following(), {self.start}
        root = Tree(_line(self.nodes[self.start]))
        open_nodes = [(root, self.start)]
        while open_nodes:
            branch, record = open_nodes.pop(0)
            for other in following[record]:
                if other in met:
                    branch.add(f"[dim]{escape(other)} (shown elsewhere)[/dim]")
                else:
                    met.add(other)
                    open_nodes.append((branch.add(_line(self.nodes[other])), other))
        return root

    def as_json(self) -> str:
        """Canonical JSON of the whole graph."""
        return canonical_json(self)

    def as_mermaid(self) -> str:
        """A Mermaid flowchart; arrows point from what was there to what was made from it."""
        names = {record: f"n{index}" for index, record in enumerate(self.nodes)}
        boxes = [
            f'  {names[record]}["{_mermaid_text(f"{node.kind}: {node.label or record}")}"]'
            for record, node in self.nodes.items()
        ]
        pairs = [(far, near) if self.direction == "up" else (near, far) for near, far in self.edges]
        arrows = [f"  {names[source]} --> {names[target]}" for source, target in pairs]
        return "\n".join(["flowchart LR", *boxes, *arrows])


class Lineage:
    """Answers from the lineage edges of a warehouse: one recursive query, one look-up of the records."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def up(self, record_id: str, depth: int | None = None) -> LineageGraph:
        """What the record was made from, within `depth` steps; `RecordNotFoundError` if it is not stored."""
        return self._graph(record_id, "up", depth)

    def down(self, record_id: str, depth: int | None = None) -> LineageGraph:
        """What was made from the record, within `depth` steps; `RecordNotFoundError` if nothing knows it."""
        return self._graph(record_id, "down", depth)

    def _graph(self, record_id: str, direction: Direction, depth: int | None) -> LineageGraph:
        rows = self._walk(record_id, direction)
        places = {far: (asset, partition) for _, far, _, asset, partition in rows if asset}
        places |= self._warehouse.locate_calls(far for _, far, _, asset, _ in rows if not asset)
        if record_id not in places and (direction == "up" or len(rows) == 1):
            self._warehouse.find(record_id)  # raises, and names the closest ids
        following: dict[str, list[str]] = {}
        for near, far, *_ in rows:
            if near is not None and far not in following.setdefault(near, []):
                following[near].append(far)
        reached = _within(record_id, following, depth)
        edges = [(near, far) for near in reached for far in following.get(near, []) if far in reached]
        if depth is not None:
            edges = [(near, far) for near, far in edges if reached[near] < depth]
        nodes = self._nodes({record: places.get(record) for record in reached})
        return LineageGraph(start=record_id, direction=direction, nodes=nodes, edges=tuple(edges))

    def _walk(self, record_id: str, direction: Direction) -> list[tuple[Any, ...]]:
        """Edges away from the record, with where each leads, read from no more files than they can be in."""
        find = reach_above if direction == "up" else reach_below
        reach = find(self._warehouse, record_id)
        if reach is not None:
            rows = self._edges(record_id, direction, records_of(self._warehouse, reach.places))
            if not self._leads_elsewhere(rows, reach):
                return rows
        return self._edges(record_id, direction, EVERYTHING)

    def _leads_elsewhere(self, rows: list[tuple[Any, ...]], reach: Reach) -> bool:
        """Whether the edges show that the sidecars do not name all that is upstream."""
        if any((asset, partition) in reach.roots for *_, asset, partition in rows):
            return True
        missing = {far for _, far, _, asset, _ in rows if not asset}
        missing -= self._warehouse.locate_calls(missing).keys()
        return bool(missing and self._warehouse.locate(sorted(missing)))

    def _edges(self, record_id: str, direction: Direction, stored: str) -> list[tuple[Any, ...]]:
        up = direction == "up"
        sql = _WALK.format(
            stored=stored,
            near="child" if up else "parent",
            far="parent" if up else "child",
            order="walk.near, walk.position, ids.id" if up else "walk.near, ids.id",
        )
        return self._warehouse.query(sql, {"start": record_id})[1]

    def _nodes(self, places: dict[str, tuple[str, str | None] | None]) -> dict[str, LineageNode]:
        known = {record: place for record, place in places.items() if place}
        fields = self._warehouse.fields_of(known)
        notes = {place: self._warehouse.materialization(*place) for place in set(known.values())}
        nodes = {}
        for record, place in places.items():
            note = notes[place] if place else None
            nodes[record] = LineageNode(
                id=record,
                kind=_kind_of(record),
                asset=place[0] if place else None,
                partition=place[1] if place else None,
                run_id=note.run_id if note else None,
                code_version=note.code_version if note else None,
                data_version=note.data_version if note else None,
                seed=_seed(fields.get(record), note),
                label=_label(fields.get(record)),
            )
        return nodes


def _within(start: str, following: dict[str, list[str]], depth: int | None) -> dict[str, int]:
    """Distance from the start of every record that is at most `depth` away, nearest first."""
    distance, waiting = {start: 0}, [start]
    for record in waiting:
        if depth is not None and distance[record] >= depth:
            continue
        for other in following.get(record, []):
            if other not in distance:
                distance[other] = distance[record] + 1
                waiting.append(other)
    return distance


def _kind_of(record_id: str) -> str:
    return "row" if record_id.startswith("row:") else record_id.rpartition("_")[0]


def _label(fields: dict[str, Any] | None) -> str:
    if fields is None:
        return ""
    if "table_name" in fields:
        return f"{fields['table_name']} {fields['key']}"
    if fields.get("entry") == "document":
        return "the whole policy"
    if isinstance(fields.get("trajectory"), list | tuple):
        return textwrap.shorten(" → ".join(fields["trajectory"]), 2 * _LABEL_WIDTH, placeholder="…")
    texts = (fields[name] for name in _LABELS if isinstance(fields.get(name), str))
    return textwrap.shorten(next(texts, ""), _LABEL_WIDTH, placeholder="…")


def _seed(fields: dict[str, Any] | None, note: Materialization | None) -> int | None:
    known = ((fields or {}).get("seed"), note.settings.get("seed") if note else None)
    return next((seed for seed in known if isinstance(seed, int)), None)


def _line(node: LineageNode) -> str:
    where = "not in the warehouse" if node.asset is None else node.asset
    if node.partition:
        where += f"[{node.partition}]"
    versions = [
        f"{name} {value[:8]}"
        for name, value in (("run", node.run_id), ("code", node.code_version), ("data", node.data_version))
        if value
    ]
    if node.seed is not None:
        versions.append(f"seed {node.seed}")
    text = f"[bold]{escape(node.id)}[/bold] {escape(node.label)}".rstrip()
    return f"{text} [dim]{escape(', '.join([where, *versions]))}[/dim]"


def _mermaid_text(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
