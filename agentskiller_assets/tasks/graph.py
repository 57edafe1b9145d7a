"""The tool graph: what must come before what, derived from the specification and the author's storylines."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agentskiller_assets.authoring.drafts import Storyline
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, Tool
from agentskiller_assets.tasks.models import ToolEdge, ToolGraph

if TYPE_CHECKING:
    import networkx


def build_graph(
    spec: EnvironmentSpec, storylines: Sequence[Storyline], parents: Sequence[str], calls: Sequence[str] = ()
) -> ToolGraph:
    """State edges from the root, information edges from results to parameters, storyline edges between writes.

    `calls` are the model calls that the storylines came from.
    """
    root = spec.authorizer.name
    edges = list(_state_edges(spec))
    edges += list(_information_edges(spec))
    pairs = dict.fromkeys(pair for line in storylines for pair in zip(line.tools, line.tools[1:], strict=False))
    for source, target in pairs:
        edges.append(ToolEdge(source=source, target=target, kind="storyline"))
        edges += _links(spec, spec.tool(source), spec.tool(target))
    return ToolGraph(
        id=ToolGraph.make_id(spec.domain, *parents),
        parents=(*parents, *calls),
        domain=spec.domain,
        root=root,
        reads=tuple(tool.name for tool in spec.tools if tool.access == "read" and tool.name != root),
        writes=tuple(tool.name for tool in spec.tools if tool.access == "write"),
        edges=tuple(edges),
    )


def graph_faults(graph: ToolGraph) -> list[str]:
    """What keeps the graph from being a DAG with one root that reaches every tool."""
    import networkx  # noqa: PLC0415 - a fifth of a second that most processes never need

    directed = as_networkx(graph.edges)
    directed.add_nodes_from([graph.root, *graph.reads, *graph.writes])
    faults = []
    if not networkx.is_directed_acyclic_graph(directed):
        cycle = [edge[0] for edge in networkx.find_cycle(directed)]
        faults.append(f"goes in a circle: {' -> '.join([*cycle, cycle[0]])}")
    roots = [node for node, degree in directed.in_degree() if degree == 0]
    if roots != [graph.root]:
        faults.append(f"has the roots {sorted(roots)} instead of {graph.root}")
    lost = set(directed) - networkx.descendants(directed, graph.root) - {graph.root}
    if lost:
        faults.append(f"cannot reach {sorted(lost)} from {graph.root}")
    known = {graph.root, *graph.reads, *graph.writes}
    if set(directed) - known:
        faults.append(f"names unknown tools {sorted(set(directed) - known)}")
    return faults


def as_networkx(edges: Iterable[ToolEdge]) -> "networkx.DiGraph[str]":
    """The edges as a directed graph over tool names."""
    import networkx  # noqa: PLC0415

    directed: networkx.DiGraph[str] = networkx.DiGraph()
    directed.add_edges_from((edge.source, edge.target) for edge in edges)
    return directed


def providers(spec: EnvironmentSpec, graph: ToolGraph, tool: str, parameter: str) -> list[str]:
    """Read tools that yield a key parameter, in the order of the specification; searches and lists first."""
    names = {e.source for e in graph.edges if e.kind == "information" and (e.target, e.parameter) == (tool, parameter)}
    found = [each for each in spec.tools if each.name in names and each.access == "read"]
    return [each.name for each in sorted(found, key=lambda each: not each.returns.many)]


def _state_edges(spec: EnvironmentSpec) -> Iterable[ToolEdge]:
    """Callers are identified in a role before they use its tools; the core entity's role is the first."""
    for role in spec.roles:
        gate = spec.authorizer_of(role).name
        if role != spec.core_entity:
            yield ToolEdge(source=spec.authorizer.name, target=gate, kind="storyline")
        for tool in spec.tools:
            if spec.role_of(tool) == role and tool.name != gate:
                yield ToolEdge(source=gate, target=tool.name, kind="state")


def _information_edges(spec: EnvironmentSpec) -> Iterable[ToolEdge]:
    for source in spec.tools:
        if source.access == "read" and not source.authorizes:
            for target in spec.tools:
                yield from _links(spec, source, target)


def _links(spec: EnvironmentSpec, source: Tool, target: Tool) -> Iterable[ToolEdge]:
    """Edges for every key that `source` yields and `target` needs, unless `source` itself needs that key."""
    needed = {parameter.refers_to for parameter in source.parameters if parameter.refers_to}
    for parameter in target.parameters:
        column = None if source is target else _column_for(source, parameter)
        if column and parameter.refers_to not in needed:
            yield ToolEdge(
                source=source.name, target=target.name, kind="information", parameter=parameter.name, column=column
            )


def _column_for(source: Tool, parameter: Parameter) -> str | None:
    if not parameter.refers_to:
        return None
    return next((c.name for c in source.returns.columns if c.refers_to == parameter.refers_to), None)
