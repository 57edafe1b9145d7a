"""Views of the model calls, with none, with some, and while they are made."""

import contextlib
from pathlib import Path

import pytest

from agentskiller_assets.errors import RecordNotFoundError, StorageError
from agentskiller_assets.llm import background
from agentskiller_assets.llm.calls import CALLS, CallStore
from agentskiller_assets.llm.cassette import Cassette
from agentskiller_assets.llm.errors import LLMError
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.scripted import ScriptedLLM
from resources.lineage import Lineage
from resources.storage.sidecars import Parent
from resources.storage.warehouse import Warehouse
from tests.llm.kit import MODEL, request
from tests.storage.library import STAMP, Book, book, stamp


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "warehouse [1]")
    made.write_records("books", "ada", Book, [book("Emma")], STAMP)
    return made


def called(warehouse: Warehouse, made: Request, **values: object) -> str:
    """A call that was made with this answer."""
    answer = Completion.model_validate(
        {"call_id": "", "model": MODEL, "answered_by": "m-1", "content": "Green.", "prompt_tokens": 10, **values}
    )
    llm = Cassette(CallStore(warehouse.root / CALLS), ScriptedLLM(lambda _: answer))
    with contextlib.suppress(LLMError):
        background.run(llm.complete(made))
    return made.call_id


def test_without_calls_the_views_are_there_and_empty(warehouse: Warehouse):
    assert warehouse.query("SELECT * FROM llm_calls")[1] == []
    assert warehouse.query("SELECT asset, calls, cost FROM llm_cost") == (["asset", "calls", "cost"], [])


def test_calls_can_be_read_with_all_that_was_said_and_what_it_took(warehouse: Warehouse):
    tools = ({"type": "function", "function": {"name": "find"}},)
    made = request(asset="blueprints", partition="clinic", seed=2**62, tools=tools)
    call = called(warehouse, made, cost=0.25, thinking="Grass.", adjustments=("seed left out",), completion_tokens=3)
    _, rows = warehouse.query(
        "SELECT call_id, asset, partition, prompt, model, answered_by, fault, prompt_tokens, completion_tokens, cost,"
        " adjustments, seed, messages->>'$[0].content', tools->>'$[0].function.name', content, thinking,"
        " time IS NOT NULL FROM llm_calls"
    )
    whose = (call, "blueprints", "clinic", "tests/colour", MODEL, "m-1", None)
    said = ("Which colour?", "find", "Green.", "Grass.", True)
    assert rows == [(*whose, 10, 3, 0.25, ["seed left out"], 2**62, *said)]


def test_costs_add_up_for_each_asset_partition_and_model_with_what_failed(warehouse: Warehouse):
    for number in range(3):
        called(warehouse, request(str(number), asset="blueprints", partition="clinic"), cost=0.5)
    called(warehouse, request("x", asset="blueprints", partition="clinic"), refusal="No.", cost=0.5)
    called(warehouse, request("y", asset="blueprints", partition="clinic"), content="")
    called(warehouse, request("z", asset="queries", partition="clinic"))
    assert warehouse.query(
        "SELECT asset, partition, model, calls, faults, prompt_tokens, cost FROM llm_cost ORDER BY asset"
    )[1] == [("blueprints", "clinic", MODEL, 5, 2, 50, 2.0), ("queries", "clinic", MODEL, 1, 0, 10, None)]


def test_the_views_are_of_no_asset_and_are_built_again_when_calls_come(warehouse: Warehouse):
    assert warehouse.refresh_catalog() is True
    called(warehouse, request())
    assert warehouse.refresh_catalog() is True
    called(warehouse, request("again"))
    assert warehouse.refresh_catalog() is False
    assert warehouse.query("SELECT count(*) FROM llm_calls")[1] == [(2,)]
    assert warehouse.query("SELECT DISTINCT asset FROM records")[1] == [("books",)]
    with pytest.raises(StorageError, match="llm_cost"):
        warehouse.write_records("llm_cost", None, Book, [], STAMP)


def test_lineage_ends_at_a_prompt_and_an_answer(warehouse: Warehouse):
    call = called(warehouse, request(asset="books", partition="ada", tools=({"type": "function"},)))
    emma = book("Emma", parents=("topic_1", call))
    warehouse.write_records("books", "ada", Book, [emma], stamp(Parent(asset="topics", partition="ada")))
    graph = Lineage(warehouse).up(emma.id)
    node = graph.nodes[call]
    assert (node.kind, node.asset, node.partition, node.run_id) == ("call", "llm_calls", "ada", None)
    assert node.label == "tests/colour, small-model: Green."
    assert (graph.nodes["topic_1"].asset, list(graph.edges)) == (None, [(emma.id, "topic_1"), (emma.id, call)])
    assert set(Lineage(warehouse).down(call).nodes) == {call, emma.id}
    assert Lineage(warehouse).up(call).edges == ()
    asset, partition, fields = warehouse.find(call)
    assert (asset, partition, fields["content"], fields["prompt"]) == ("llm_calls", "ada", "Green.", "tests/colour")
    for unknown in ("call_" + "0" * 32, "call_../../books"):
        with pytest.raises(RecordNotFoundError):
            warehouse.find(unknown)
