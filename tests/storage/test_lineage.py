"""Lineage is answered from the records themselves, both ways, and drawn three ways."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from agentskiller_assets.core.records import row_id
from agentskiller_assets.errors import RecordNotFoundError
from resources.lineage import Lineage
from resources.reach import reach_above, reach_below
from resources.storage.sidecars import Parent, Place
from resources.storage.warehouse import Warehouse
from tests.cli.project import Project
from tests.storage.library import STAMP, Book, Chapter, book, environment, stamp


class SeededChapter(Chapter):
    seed: int


ROW = "row:lending_library."


@pytest.fixture
def lineage(tmp_path: Path) -> Lineage:
    """catalog <- topic <- blueprint <- rows; task <- (loan row, topic); two tasks in a circle."""
    warehouse = Warehouse(tmp_path / "warehouse")

    def chapter(name: str, *parents: str) -> Chapter:
        return Chapter(id=name, position=0, title=f'The "{name}"', parents=parents)

    warehouse.write_records("catalog", None, Chapter, [chapter("catalog_1")], STAMP)
    warehouse.write_records(
        "topics", "lending_library", Chapter, [chapter("topic_1", "catalog_1")], stamp(run_id="run-2")
    )
    warehouse.write_records("blueprints", "lending_library", Chapter, [chapter("blueprint_lib", "topic_1")], STAMP)
    warehouse.write_database("lending_library", environment(), STAMP)
    tasks = [
        book("Lend", parents=(row_id("lending_library", "loans", "LON-0"), "topic_1", "call_abc")),
        Book(id="circle_1", title="", pages=1, price=1, parents=("circle_2",)),
        Book(id="circle_2", title="", pages=1, price=1, parents=("circle_1",)),
    ]
    warehouse.write_records("tasks", "lending_library", Book, tasks, STAMP)
    return Lineage(warehouse)


TASK = book("Lend").id


def test_up_reaches_everything_a_task_was_made_from(lineage: Lineage) -> None:
    graph = lineage.up(TASK)
    assert graph.edges == (
        (TASK, ROW + "loans.LON-0"),
        (TASK, "topic_1"),
        (TASK, "call_abc"),
        (ROW + "loans.LON-0", ROW + "members.MEM-0"),
        (ROW + "loans.LON-0", ROW + "books.BOK-0"),
        (ROW + "loans.LON-0", "blueprint_lib"),
        ("topic_1", "catalog_1"),
        (ROW + "members.MEM-0", "blueprint_lib"),
        (ROW + "members.MEM-0", "person_ada"),
        (ROW + "books.BOK-0", "blueprint_lib"),
        ("blueprint_lib", "topic_1"),
    )
    topic = graph.nodes["topic_1"]
    assert topic.model_dump(exclude={"data_version"}) == {
        "id": "topic_1",
        "kind": "topic",
        "asset": "topics",
        "partition": "lending_library",
        "run_id": "run-2",
        "code_version": "c1",
        "seed": 7,
        "label": 'The "topic_1"',
    }
    assert graph.nodes[ROW + "loans.LON-0"].label == "loans LON-0"
    assert graph.nodes["catalog_1"].partition is None
    assert graph.nodes["call_abc"].asset is None


def test_down_reaches_everything_that_hangs_on_a_record(lineage: Lineage) -> None:
    rows = {ROW + f"{name}-{n}" for name in ("loans.LON", "members.MEM", "books.BOK") for n in range(3)}
    assert set(lineage.down("topic_1").nodes) == {"topic_1", "blueprint_lib", "database_lib", TASK} | rows
    assert set(lineage.down("person_ada").nodes) == {
        "person_ada",
        ROW + "members.MEM-0",
        ROW + "loans.LON-0",
        TASK,
    }
    assert lineage.down(TASK).edges == ()


def test_a_circle_ends_and_a_depth_limits(lineage: Lineage) -> None:
    assert lineage.up("circle_1").edges == (("circle_1", "circle_2"), ("circle_2", "circle_1"))
    assert set(lineage.up(TASK, depth=1).nodes) == {TASK, ROW + "loans.LON-0", "topic_1", "call_abc"}
    assert set(lineage.up(TASK, depth=0).nodes) == {TASK}


@pytest.mark.parametrize("direction", ["up", "down"])
def test_an_unknown_record_is_named_with_the_closest(lineage: Lineage, direction: str) -> None:
    with pytest.raises(RecordNotFoundError, match=r"topic_9: .*topic_1"):
        getattr(lineage, direction)("topic_9")


def test_every_line_of_the_tree_is_printed_whole_however_narrow_it_is(lineage: Lineage, tmp_path: Path) -> None:
    printed = Project(tmp_path, {"COLUMNS": "40"}).run("lineage", TASK)
    console = Console(file=io.StringIO(), width=1000)
    console.print(lineage.up(TASK).as_tree())
    assert printed == console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, printed.splitlines())) > 100


def test_the_seed_is_that_of_the_record_or_else_of_its_materialization(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    chapter = Chapter(id="chapter_1", position=0, title="One")
    own = SeededChapter(id="chapter_2", position=0, title="Two", seed=8, parents=(chapter.id,))
    last = Chapter(id="chapter_3", position=0, title="Three", parents=(own.id,))
    warehouse.write_records("first", None, Chapter, [chapter], STAMP)
    warehouse.write_records("second", None, SeededChapter, [own], stamp(settings={"seed": 9}))
    warehouse.write_records("third", None, Chapter, [last], stamp(settings={}))
    graph = Lineage(warehouse).up(last.id)
    seeds = {name: node["seed"] for name, node in json.loads(graph.as_json())["nodes"].items()}
    assert seeds == {"chapter_3": None, "chapter_2": 8, "chapter_1": 7}
    console = Console(file=io.StringIO(), width=1000)
    console.print(graph.as_tree())
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.rpartition(", ")[2][:4] for line in lines] == ["data", "seed", "seed"]
    assert lines[2].endswith(", seed 7")


def test_the_tree_opens_every_record_once(lineage: Lineage) -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(lineage.up(TASK).as_tree())
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "Lend tasks[lending_library], run run-1, code c1, data" in lines[0]
    assert sum("topic_1" in line for line in lines) == 2
    assert sum("topic_1 (shown elsewhere)" in line for line in lines) == 1


def test_json_and_mermaid_carry_the_same_graph(lineage: Lineage) -> None:
    graph = lineage.up("blueprint_lib")
    assert json.loads(graph.as_json())["edges"] == [["blueprint_lib", "topic_1"], ["topic_1", "catalog_1"]]
    assert graph.as_mermaid().splitlines() == [
        "flowchart LR",
        '  n0["blueprint: The #quot;blueprint_lib#quot;"]',
        '  n1["topic: The #quot;topic_1#quot;"]',
        '  n2["catalog: The #quot;catalog_1#quot;"]',
        "  n1 --> n0",
        "  n2 --> n1",
    ]


def test_only_partitions_that_can_matter_are_read(tmp_path: Path) -> None:
    """Two domains of one catalog, each with a topic and a task that skips the step between them, and a dataset."""
    warehouse = Warehouse(tmp_path / "warehouse")

    def write(asset: str, partition: str | None, record: str, parents: tuple[str, ...], *upstream: Place) -> None:
        read = tuple(Parent(asset=name, partition=key) for name, key in upstream)
        chapter = Chapter(id=record, position=0, title=record, parents=parents)
        warehouse.write_records(asset, partition, Chapter, [chapter], stamp(*read))

    write("catalog", None, "catalog_1", ())
    for name in ("one", "two"):
        write("topics", name, f"topic_{name}", ("catalog_1",), ("catalog", None))
        write("plans", name, f"plan_{name}", (f"topic_{name}",), ("topics", name))
        write("tasks", name, f"task_{name}", (f"topic_{name}", f"plan_{name}"), ("plans", name))
    write("examples", None, "example_1", ("task_one",), ("tasks", "one"), ("tasks", "two"))

    of_one = {("topics", "one"), ("plans", "one"), ("tasks", "one")}
    for reach in (reach_above(warehouse, "example_1"), reach_below(warehouse, "topic_one")):
        assert reach
        assert reach.places == {("examples", None), *of_one, ("catalog", None)}
    lineage = Lineage(warehouse)
    assert set(lineage.up("example_1").nodes) == {"example_1", "task_one", "plan_one", "topic_one", "catalog_1"}
    assert set(lineage.down("topic_one").nodes) == {"topic_one", "plan_one", "task_one", "example_1"}
