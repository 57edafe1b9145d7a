"""Models in a Dagster run: set in one place, paid within one budget, and what they took stands with what was made."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.llm.asking import Asked, Prompt, ask
from agentskiller_assets.llm.errors import SettingsError
from io_managers.records import RecordsIOManager
from resources.llm import LLM_POOL, LLMResource, Models
from resources.storage.warehouse import Warehouse
from resources.warehouse import WarehouseResource
from tests.llm.kit import KEY, MODEL, VARIABLE
from tests.llm.server import ModelServer, Reply, completion, refusal

COLOURS = dg.StaticPartitionsDefinition(["green", "red"])


class Colour(Model):
    """What is asked for."""

    name: str


class Shade(Record):
    """What is stored."""

    kind = "shade"
    name: str


class Painter(dg.ConfigurableResource):
    """Has the models within it, as the author and both sides of a conversation have."""

    llm: LLMResource

    def paint(self, context: dg.AssetExecutionContext) -> list[Shade]:
        name = context.partition_key
        llm = self.llm.open(context.asset_key.to_user_string(), name, context.log.info)
        found = [
            ask(llm, Prompt("shades", f"Shade {n} of {name}?"), Colour, Asked(self.llm.models().textual, max_tokens=50))
            for n in range(3)
        ]
        return [
            Shade(id=Shade.make_id(n, each.value.name), parents=each.call_ids, name=each.value.name)
            for n, each in enumerate(found)
        ]


@dg.asset(partitions_def=COLOURS, io_manager_key="records", pool=LLM_POOL)
def shades(context: dg.AssetExecutionContext, painter: Painter) -> list[Shade]:
    return painter.paint(context)


def painted(
    tmp_path: Path, partition: str, llm: dict[str, Any], instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    """A run with these settings of the models."""
    warehouse = WarehouseResource(root=str(tmp_path / "warehouse"))
    models = LLMResource.configure_at_launch(warehouse=warehouse)
    resources = {
        "llm": models,
        "painter": Painter(llm=models),
        "warehouse": warehouse,
        "records": RecordsIOManager(warehouse=warehouse),
    }
    return dg.materialize(
        [shades],
        resources=resources,
        partition_key=partition,
        instance=instance,
        raise_on_error=False,
        run_config={"resources": {"llm": {"config": {"key_variable": VARIABLE, "textual_model": MODEL, **llm}}}},
    )


def fault(result: dg.ExecuteInProcessResult) -> str:
    """Why the run failed."""
    error = result.failure_data_for_node("shades")
    assert error
    assert error.error
    return error.error.to_string()


def green(number: int, body: dict[str, Any]) -> Reply:
    return Reply(completion(body, f'{{"name": "{body["messages"][0]["content"]}"}}'))


def test_what_a_run_asked_stands_with_what_it_made_and_is_not_asked_again(tmp_path: Path):
    with ModelServer(green) as server:
        first = painted(tmp_path, "green", {"base_url": server.url})
        again = painted(tmp_path, "green", {"base_url": server.url})
        offline = painted(tmp_path, "green", {"offline": True})
        unknown = painted(tmp_path, "red", {"offline": True})
        assert len(server.requests) == 3
    assert (first.success, again.success, offline.success, unknown.success) == (True, True, True, False)
    assert "prompt 'shades' of shades[red], model small-model: it was never asked" in fault(unknown)
    totals = {"llm_calls": 3, "llm_prompt_tokens": 33, "llm_completion_tokens": 15, "llm_cost_usd": "unknown"}
    shown = [run.asset_materializations_for_node("shades")[0].metadata for run in (first, again)]
    assert {name: shown[0][name].value for name in totals} == totals
    assert (shown[1]["llm_calls_from_cassette"].value, shown[1]["llm_cost_usd"].value) == (3, 0.0)

    warehouse = Warehouse(tmp_path / "warehouse")
    note = warehouse.materialization("shades", "green")
    assert note
    stored = warehouse.read_records("shades", Shade, "green")
    assert note.call_ids == tuple(sorted(call for each in stored for call in each.parents))
    assert warehouse.query(
        "SELECT s.name, c.prompt, c.asset, c.partition FROM shades s JOIN llm_calls c ON c.call_id = s.parents[1]"
        " ORDER BY s.name"
    )[1] == [(f"Shade {n} of green?", "shades", "shades", "green") for n in range(3)]
    assert warehouse.query("SELECT asset, partition, calls FROM llm_cost")[1] == [("shades", "green", 3)]


def test_a_budget_is_one_runs_and_what_it_paid_for_is_kept(tmp_path: Path):
    with ModelServer(green) as server:
        settings = {"base_url": server.url, "budget_tokens": 130}
        first = painted(tmp_path, "green", settings)
        paid = len(server.requests)
        runs = [painted(tmp_path, "green", settings) for _ in range(2)]
    assert not first.success
    assert "of 130 tokens spent are" in fault(first)
    assert 0 < paid < 3
    assert runs[-1].success
    assert len(server.requests) == 3


def test_a_script_answers_instead_of_any_model(tmp_path: Path):
    made = painted(tmp_path, "green", {"script": "tests.llm.test_resource:SCRIPT"})
    assert made.success
    assert [each.name for each in made.output_for_node("shades")] == ["moss"] * 3
    broken = painted(tmp_path, "green", {"script": "tests.llm.test_resource:NOTHING"})
    assert "Write `module:name`" in fault(broken)


SCRIPT = {"shades": {"name": "moss"}}


def test_the_models_are_those_of_the_environment_unless_they_are_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    warehouse = WarehouseResource(root=str(tmp_path))
    for name in ("AGENTSKILLER_TEXTUAL_MODEL", "AGENTSKILLER_CODING_MODEL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match=r"no model is named\. Set AGENTSKILLER_TEXTUAL_MODEL"):
        LLMResource(warehouse=warehouse).models()
    monkeypatch.setenv("AGENTSKILLER_TEXTUAL_MODEL", "words")
    assert LLMResource(warehouse=warehouse).models() == Models("words", "words")
    assert LLMResource(warehouse=warehouse, coding_model="sql").models() == Models("words", "sql")


def test_the_key_is_in_no_file_that_a_run_leaves(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Event log, run storage, metadata, warehouse, cassette, and what went to the console."""

    def leaky(number: int, body: dict[str, Any]) -> Reply:
        asks = body["messages"][0]["content"]
        return refusal(401, f"bad key {KEY}") if "red" in asks else Reply(completion(body, f'{{"name": "{KEY}"}}'))

    home, quiet = tmp_path / "dagster", {"telemetry": {"enabled": False}}
    home.mkdir()
    with ModelServer(leaky) as server, dg.DagsterInstance.local_temp(str(home), overrides=quiet) as instance:
        assert painted(tmp_path, "green", {"base_url": server.url}, instance).success
        refused = painted(tmp_path, "red", {"base_url": server.url}, instance)
    assert server.keys == {KEY}
    assert "bad key ***" in fault(refused)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert any("_calls" in path.parts for path in files)
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    printed = capfd.readouterr()
    assert KEY not in printed.out + printed.err
