"""The tool graph: a DAG with one root, derived from keys that results yield and parameters need."""

import pytest

from agentskiller_assets.authoring.drafts import Storyline
from agentskiller_assets.tasks.graph import build_graph, graph_faults, providers
from agentskiller_assets.tasks.models import ToolEdge, ToolGraph
from tests.world import clinic

ROOT = "identify_patient"


def _with_edges(*edges: ToolEdge) -> ToolGraph:
    """The clinic's graph with more edges."""
    return clinic().tool_graphs.model_copy(update={"edges": (*clinic().tool_graphs.edges, *edges)})


def _into(tool: str) -> list[ToolEdge]:
    return [edge for edge in clinic().tool_graphs.edges if edge.target == tool]


def _information(source: str, target: str, parameter: str, column: str) -> ToolEdge:
    return ToolEdge(source=source, target=target, kind="information", parameter=parameter, column=column)


def test_the_graph_has_no_faults_and_holds_every_tool_by_its_access() -> None:
    graph, tools = clinic().tool_graphs, clinic().spec.tools

    assert graph_faults(graph) == []
    assert graph.root == ROOT
    assert graph.reads == tuple(tool.name for tool in tools if tool.access == "read" and tool.name != ROOT)
    assert graph.writes == tuple(tool.name for tool in tools if tool.access == "write")


def test_a_tool_is_led_to_by_identification_and_by_the_results_that_yield_its_keys() -> None:
    assert _into("get_appointment_details") == [
        ToolEdge(source=ROOT, target="get_appointment_details", kind="state"),
        _information("list_my_appointments", "get_appointment_details", "appointment_id", "appointment_id"),
    ]


def test_a_tool_without_keys_is_led_to_by_identification_alone() -> None:
    assert _into("search_doctors") == [ToolEdge(source=ROOT, target="search_doctors", kind="state")]


def test_a_storyline_joins_writes_and_carries_the_key_of_what_the_first_one_makes() -> None:
    line = Storyline(tools=("book_appointment", "confirm_appointment"))

    graph = build_graph(clinic().spec, [line], ["blueprint_x"])

    assert [edge for edge in graph.edges if edge.source == "book_appointment"] == [
        ToolEdge(source="book_appointment", target="confirm_appointment", kind="storyline"),
        _information("book_appointment", "confirm_appointment", "appointment_id", "appointment_id"),
    ]


@pytest.mark.parametrize("kind", ["storyline", "information", "state"])
def test_a_circle_is_named_whatever_its_edges_are(kind: str) -> None:
    there = ToolEdge.model_validate({"source": "cancel_appointment", "target": "search_doctors", "kind": kind})
    back = ToolEdge.model_validate({"source": "search_doctors", "target": "cancel_appointment", "kind": kind})

    (fault,) = graph_faults(_with_edges(there, back))

    assert fault.startswith("goes in a circle: ")
    assert {"cancel_appointment", "search_doctors"} <= set(fault.removeprefix("goes in a circle: ").split(" -> "))


def test_a_tool_that_leads_to_itself_is_a_circle() -> None:
    itself = ToolEdge(source="search_doctors", target="search_doctors", kind="storyline")

    assert graph_faults(_with_edges(itself)) == ["goes in a circle: search_doctors -> search_doctors"]


def test_a_second_root_and_what_it_keeps_out_of_reach_are_named() -> None:
    edges = tuple(edge for edge in clinic().tool_graphs.edges if edge.target != "search_doctors")
    graph = clinic().tool_graphs.model_copy(update={"edges": edges})

    assert graph_faults(graph) == [
        f"has the roots ['{ROOT}', 'search_doctors'] instead of {ROOT}",
        f"cannot reach ['search_doctors'] from {ROOT}",
    ]


def test_an_edge_to_an_unknown_tool_is_named() -> None:
    edge = ToolEdge(source=ROOT, target="read_minds", kind="state")

    assert graph_faults(_with_edges(edge)) == ["names unknown tools ['read_minds']"]


def test_a_search_is_asked_for_a_key_before_other_reads_are() -> None:
    found = providers(clinic().spec, clinic().tool_graphs, "book_appointment", "doctor_id")

    assert found[:2] == ["search_doctors", "list_my_appointments"]


def test_the_diagram_shows_where_keys_come_from() -> None:
    lines = clinic().tool_graphs.mermaid().splitlines()

    assert lines[:2] == ["graph LR", f"    {ROOT}{{{{{ROOT}}}}}"]
    assert "    list_my_appointments -->|appointment_id| cancel_appointment" in lines
    assert len(lines) == len(set(lines))
