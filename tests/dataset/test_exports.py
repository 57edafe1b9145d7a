"""The exports: what each consumer reads is what is stored, the same bytes every time, and nothing unsound."""

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from datasets import load_dataset

from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.dataset.exports.alpaca import samples
from agentskiller_assets.dataset.exports.openai_files import openai_files
from agentskiller_assets.dataset.models import SPLITS, Example
from agentskiller_assets.dataset.openai_format import line_violations
from agentskiller_assets.errors import DatasetError
from tests.cli.project import Project
from tests.dataset.kit import evaluated, examples, selected, store, with_dataset

FORMS = ("openai", "hf", "alpaca")


@pytest.fixture(scope="module")
def made() -> list[Example]:
    """Examples of which some are in another split; none is in `validation`."""
    found = examples(evaluated())
    return [each.model_copy(update={"split": "test"}) if i % 9 == 0 else each for i, each in enumerate(found)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, made: list[Example]) -> Project:
    """A warehouse with a dataset, exported in every form."""
    project = Project(tmp_path_factory.mktemp("exports"))
    with_dataset(store(project.warehouse, evaluated()), made, selected(evaluated()))
    counted = Counter(each.split for each in made)
    for form in FORMS:
        printed = project.run("export", form, str(project.root / form))
        assert f"{len(made)} examples ({counted['train']} train, 0 validation, {counted['test']} test)" in printed
        assert "nothing is in validation: " in printed
    return project


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _without_none(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if value is not None}


def _with_objects(message: dict[str, Any]) -> dict[str, Any]:
    """The message with arguments as objects, as TRL takes them."""
    calls = [
        {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
        for call in message.get("tool_calls", ())
    ]
    return {**message, "tool_calls": calls} if calls else message


def _of(made: list[Example], split: str) -> list[Example]:
    return [each for each in made if each.split == split]


def test_openai_gets_every_example_with_exactly_what_its_documentation_names(project: Project, made: list[Example]):
    for split in SPLITS:
        lines = _lines(project.root / "openai" / f"{split}.jsonl")
        assert [list(line) for line in lines] == [["messages", "tools", "parallel_tool_calls"]] * len(lines)
        assert [line["messages"] for line in lines] == [list(each.messages) for each in _of(made, split)]
        assert [line["tools"] for line in lines] == [list(each.tools) for each in _of(made, split)]
        assert {line["parallel_tool_calls"] for line in lines} <= {False}
        assert [fault for line in lines for fault in line_violations(line["messages"], line["tools"])] == []
    first = _lines(project.root / "openai" / "train.jsonl")[0]["messages"][0]
    assert list(first) == ["role", "content"]


@pytest.mark.parametrize("form", ["openai", "alpaca"])
def test_beside_each_line_is_the_id_of_its_example_from_which_the_lineage_leads_on(
    project: Project, made: list[Example], form: str
):
    for split in SPLITS:
        lines = _lines(project.root / form / f"{split}.jsonl")
        ids = (project.root / form / f"{split}.ids").read_text(encoding="utf-8").splitlines()
        known = {f"{each.id}\t{each.domain}": each for each in made if each.split == split}
        assert len(ids) == len(lines)
        assert list(dict.fromkeys(ids)) == list(known)
        for line, of in zip(lines, ids, strict=True):
            if form == "openai":
                assert line["messages"] == list(known[of].messages)
            else:
                assert line in list(samples(known[of]))
    first = (project.root / form / "train.ids").read_text(encoding="utf-8").partition("\t")[0]
    assert project.run("lineage", first, "--depth", "1").startswith(f"{first} ")


def test_load_dataset_reads_the_folder_and_gives_what_trl_takes(project: Project, made: list[Example], tmp_path: Path):
    loaded: Any = load_dataset(str(project.root / "hf"), cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "test"}
    for split in loaded:
        expected = _of(made, split)
        assert loaded[split]["id"] == [each.id for each in expected]
        assert loaded[split]["domain"] == [each.domain for each in expected]
        assert [loaded[split][index]["tools"] for index in range(len(expected))] == [list(e.tools) for e in expected]
        found = [[_without_none(message) for message in messages] for messages in loaded[split]["messages"]]
        assert found == [[_without_none(_with_objects(message)) for message in each.messages] for each in expected]


def test_in_the_files_arguments_and_tools_are_text_for_readers_of_any_kind(project: Project, made: list[Example]):
    path = project.root / "hf" / "data" / "train-00000-of-00001.parquet"
    rows = duckdb.sql(f"SELECT messages, tools FROM read_parquet('{path}')").fetchall()
    expected = _of(made, "train")
    assert [json.loads(tools) for _, tools in rows] == [list(each.tools) for each in expected]
    assert [[_without_none(message) for message in messages] for messages, _ in rows] == [
        [_without_none(message) for message in each.messages] for each in expected
    ]


def test_the_card_of_the_folder_has_front_matter_that_names_the_files(project: Project):
    front, _, card = (project.root / "hf" / "README.md").read_text(encoding="utf-8")[4:].partition("---\n")
    config = yaml.safe_load(front)["configs"][0]
    assert config["data_files"] == [
        {"split": "train", "path": "data/train-*.parquet"},
        {"split": "test", "path": "data/test-*.parquet"},
    ]
    assert card.startswith("\n# Conversations with tools\n")
    assert "| `near_threshold` | 0.9 |" in card
    names = sorted(path.name for path in (project.root / "hf" / "data").iterdir())
    assert names == ["test-00000-of-00001.parquet", "train-00000-of-00001.parquet"]


def test_the_card_explains_every_column_and_says_what_is_known_of_the_license(project: Project):
    front, _, card = (project.root / "hf" / "README.md").read_text(encoding="utf-8")[4:].partition("---\n")
    features = yaml.safe_load(front)["dataset_info"]["features"]
    noted = re.findall(r"^\| `(\w+)` \| .+ \|$", card.partition("## Columns")[2], re.MULTILINE)
    assert noted == [each["name"] for each in features]
    assert yaml.safe_load(front)["license"] == "apache-2.0"
    assert "no language model wrote any of them" in card
    assert list(lint_prose(card.partition("## Where the texts come from")[2])) == []


def test_where_models_were_asked_the_card_leaves_the_license_to_who_knows_their_terms(
    made: list[Example], tmp_path: Path
):
    project = Project(tmp_path)
    warehouse = with_dataset(store(project.warehouse, evaluated()), made, selected(evaluated()))
    note = warehouse.root / "_materializations" / "training_dataset" / "all.json"
    note.write_text(
        note.read_text(encoding="utf-8").replace('"author":"procedural"', '"author":"llm"'), encoding="utf-8"
    )
    project.run("export", "hf", str(tmp_path / "out"))
    front, _, card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")[4:].partition("---\n")
    assert yaml.safe_load(front)["license"] == "other"
    assert "Language models were asked" in card
    assert "no language model" not in card


def test_alpaca_gets_a_sample_for_each_message_of_the_agent(project: Project, made: list[Example]):
    lines = _lines(project.root / "alpaca" / "train.jsonl")
    train = _of(made, "train")
    assert len(lines) == sum(m["role"] == "assistant" for each in train for m in each.messages)
    assert {tuple(line) for line in lines} == {("instruction", "input", "output", "system", "history")}
    assert lines == [sample for each in train for sample in samples(each)]


def test_a_sample_has_everything_before_it_as_history_and_calls_between_tags(made: list[Example]):
    example = next(each for each in made if each.calls > 1)
    found = list(samples(example))
    assert found[0]["history"] == []
    assert found[0]["instruction"] == example.messages[1]["content"]
    for before, after in pairwise(found):
        assert after["history"] == [*before["history"], [before["instruction"], before["output"]]]
    calls = [sample["output"] for sample in found if sample["output"].startswith("<tool_call>\n")]
    written = [json.loads(call.removeprefix("<tool_call>\n").removesuffix("\n</tool_call>")) for call in calls]
    made_calls = [call["function"] for m in example.messages for call in m.get("tool_calls", ())]
    assert written == [{"name": c["name"], "arguments": json.loads(c["arguments"])} for c in made_calls]
    results = [m["content"] for m in example.messages if m["role"] == "tool"]
    assert [s["instruction"] for s in found if "<tool_response>" in s["instruction"]] == [
        f"<tool_response>\n{result}\n</tool_response>" for result in results
    ]
    assert all(tool["function"]["name"] in found[0]["system"] for tool in example.tools)


def test_the_same_dataset_gives_the_same_bytes(project: Project):
    for form in FORMS:
        project.run("export", form, str(project.root / "again" / form))
        first, again = project.root / form, project.root / "again" / form
        files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
        assert files
        assert [(first / name).read_bytes() for name in files] == [(again / name).read_bytes() for name in files]


def test_a_folder_with_something_in_it_stays_as_it_is(project: Project, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    printed = project.run("export", "openai", str(tmp_path), code=1)
    assert "there is something in it. Name a new or an empty folder." in printed
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("form", FORMS)
def test_without_a_dataset_the_command_that_makes_one_is_named(form: str, tmp_path: Path):
    printed = Project(tmp_path).run("export", form, str(tmp_path / "out"), code=1)
    assert f"training_dataset: there is none in {tmp_path / 'warehouse'}. Run `agentskiller run --count 6`" in printed
    assert not (tmp_path / "out").exists()


def test_a_report_of_other_examples_is_not_exported_as_their_card(tmp_path: Path, made: list[Example]):
    project = Project(tmp_path)
    warehouse = with_dataset(store(project.warehouse, evaluated()), made, selected(evaluated()))
    report = (warehouse.root / "dataset_report", warehouse.root / "_materializations" / "dataset_report")
    kept = {path: path.read_bytes() for folder in report for path in folder.iterdir()}
    with_dataset(warehouse, made[1:], selected(evaluated()))
    for path, content in kept.items():
        path.write_bytes(content)
    printed = project.run("export", "hf", str(tmp_path / "out"), code=1)
    assert "dataset_report: it tells of other examples than those that are stored" in printed


def test_an_unsound_example_is_refused_and_named(made: list[Example]):
    spoiled = made[3].model_copy(update={"messages": made[3].messages[:-1]})
    with pytest.raises(DatasetError, match=spoiled.id):
        openai_files([*made[:3], spoiled])
