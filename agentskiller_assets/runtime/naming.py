"""Names for the rows that a session inserted, which depend on what the rows say and not on their order.

Rows are compared as the nodes of a graph: a row's colour is a hash of its own values, and is refined by the
colours of the rows that it refers to and of those that refer to it, until nothing more is told apart. Rows
that are still alike then are alike for everyone who looks, so any of them may go first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from agentskiller_assets.core.canonical import digest

Node = tuple[str, str]
"""A table and a key."""
Edge = tuple[Node, str, Node]
"""The row `[0]` holds the key of the row `[2]` in the column `[1]`."""


def only_names(nodes: Collection[Node]) -> dict[Node, str] | None:
    """The names where no table has two of the nodes, so that nothing has to be compared; else None."""
    if len({table for table, _ in nodes}) < len(nodes):
        return None
    return {node: _name(node[0], 1) for node in nodes}


def canonical_names(contents: Mapping[Node, str], edges: Sequence[Edge]) -> dict[Node, str]:
    """`new:<table>:<n>` for every node; `contents` says what each holds apart from generated keys."""
    by_table: defaultdict[str, list[Node]] = defaultdict(list)
    for node in contents:
        by_table[node[0]].append(node)
    colours = _colours(contents, edges)
    return {
        node: _name(table, position)
        for table, nodes in by_table.items()
        for position, node in enumerate(sorted(nodes, key=lambda node: colours[node]), start=1)
    }


def _name(table: str, position: int) -> str:
    return f"new:{table}:{position}"


def _colours(contents: Mapping[Node, str], edges: Sequence[Edge]) -> dict[Node, str]:
    colours = {node: digest([node[0], content]) for node, content in contents.items()}
    if not edges:
        return colours
    links: defaultdict[Node, list[tuple[str, Node]]] = defaultdict(list)
    for source, label, target in edges:
        links[source].append((f"to:{label}", target))
        links[target].append((f"from:{source[0]}.{label}", source))
    colours = _refine(colours, links)
    while (tied := _first_tied(colours, links)) is not None:
        colours[tied] = digest([colours[tied], "first"])
        colours = _refine(colours, links)
    return colours


def _refine(colours: dict[Node, str], links: Mapping[Node, Sequence[tuple[str, Node]]]) -> dict[Node, str]:
    classes = len(set(colours.values()))
    while classes < len(colours):
        refined = {
            node: digest([colour, sorted([label, colours[other]] for label, other in links.get(node, ()))])
            for node, colour in colours.items()
        }
        found = len(set(refined.values()))
        if found == classes:
            break
        colours, classes = refined, found
    return colours


def _first_tied(colours: Mapping[Node, str], links: Mapping[Node, Sequence[tuple[str, Node]]]) -> Node | None:
    """A linked row that looks like another; rows without links may well share a colour."""
    counts = Counter(colours[node] for node in links)
    tied = [node for node in links if counts[colours[node]] > 1]
    return min(tied, key=lambda node: colours[node]) if tied else None
