"""`agentskiller estimate`: the mean of what was paid, and nothing where there is nothing to go by."""

import re
from pathlib import Path

from agentskiller_assets.llm.calls import Call, CallStore
from agentskiller_assets.llm.models import Completion, Request
from resources.storage.warehouse import Warehouse
from tests.cli.project import Project


def record(project: Project, asset: str, partition: str, number: int, cost: float | None) -> None:
    """One call that a model was paid for."""
    request = Request(
        model="some-model",
        messages=({"role": "user", "content": f"{asset} {partition} {number}"},),
        prompt=f"{asset}/x",
        asset=asset,
        partition=partition,
    )
    completion = Completion(
        call_id=request.call_id,
        model="some-model",
        answered_by="some-model",
        content="{}",
        prompt_tokens=1000,
        completion_tokens=100,
        cost=cost,
    )
    CallStore(project.warehouse / "_calls").keep(Call.of(request, completion, None))
    Warehouse(project.warehouse).refresh_catalog()


def test_more_domains_cost_what_those_that_are_made_cost_on_average(tmp_path: Path):
    project = Project(tmp_path)
    for number, partition in ((0, "a"), (1, "a"), (0, "b"), (1, "b"), (2, "b"), (3, "b")):
        record(project, "blueprints", partition, number, 0.5)
    printed = project.run("estimate", "--domains", "10")
    assert re.search(r"blueprints +│ some-model +│ +30 +│ +30,000 +│ +3,000 +│ +15\.00", printed)
    record(project, "queries", "a", 0, None)
    assert "AGENTSKILLER_PRICES" in project.run("estimate", "--domains", "10")


def test_without_anything_to_go_by_the_command_that_gives_it_is_named(tmp_path: Path):
    project = Project(tmp_path)
    assert "Run `agentskiller run` first" in project.run("estimate", "--domains", "5", code=1)
    record(project, "fused_blueprints", "a--b", 0, 0.5)
    printed = project.run("estimate", "--domains", "5", code=1)
    assert "no domain was made by models yet" in printed
    assert "AGENTSKILLER_AUTHOR=llm agentskiller run --count 1" in printed
    assert re.search(r"fused_blueprints +│ some-model +│ +2 ", project.run("estimate", "--pairs", "2"))
    assert "say how many" in project.run("estimate", code=2)
