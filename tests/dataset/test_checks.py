"""The checks of the dataset find what is planted, and name it; on a sound dataset none has anything to say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest

import agentskiller_assets.dataset.checks
from agentskiller_assets.dataset.checks import (
    WARNING,
    dataset_checks,
    freshness_checks,
    monotonous,
    report_checks,
    selection_checks,
)
from agentskiller_assets.dataset.models import DatasetReport, Example, Length, Selection
from agentskiller_assets.dataset.report import make_report
from agentskiller_assets.evaluation.models import Evaluation
from resources.storage.sidecars import Parent, Stamp
from resources.storage.warehouse import Warehouse
from resources.warehouse import WarehouseResource
from tests.checks.planting import altered, declared
from tests.dataset.kit import QUALITY, SETTINGS, evaluated, examples, selected, store
from tests.world import DOMAIN


@dataclass(frozen=True)
class Dataset:
    """What the three assets hold, and the evaluations behind them."""

    dataset_selection: list[Selection]
    training_dataset: list[Example]
    dataset_report: DatasetReport
    evaluations: dict[str, Evaluation]
    evaluated_since: bool = False
    """Whether the selection knows of other evaluations than those that are stored."""


Plant = Callable[[Dataset], tuple[Dataset, str]]
PLANTED: list[tuple[dg.AssetChecksDefinition, str, Plant]] = []


def _length(name: str, calls: float) -> Length:
    return Length(
        name=name, examples=9, mean_turns=9.0, mean_calls=calls, most_turns=9, most_calls=9, calls={}, turns={}
    )


def plants(definition: dg.AssetChecksDefinition, check: str) -> Callable[[Plant], Plant]:
    """Registers a fault for a check."""

    def add(plant: Plant) -> Plant:
        PLANTED.append((definition, check, plant))
        return plant

    return add


def sound() -> Dataset:
    """The dataset of the clinic."""
    found, made = selected(evaluated()), examples(evaluated())
    return Dataset(found, made, make_report(found, made, SETTINGS, [], [], "d", QUALITY), dict(evaluated().evaluations))


def with_example(dataset: Dataset, index: int, **changes: Any) -> Dataset:
    return replace(dataset, training_dataset=altered(dataset.training_dataset, index, **changes))


@plants(selection_checks, "decided_once")
def a_conversation_with_two_decisions(dataset: Dataset) -> tuple[Dataset, str]:
    again = dataset.dataset_selection[0].model_copy(update={"id": "selection_again"})
    return replace(dataset, dataset_selection=[*dataset.dataset_selection, again]), f"{again.rollout} has 2 decisions"


@plants(selection_checks, "reasons_given")
def a_decision_without_a_reason(dataset: Dataset) -> tuple[Dataset, str]:
    found = altered(dataset.dataset_selection, 3, reason="")
    return replace(dataset, dataset_selection=found), f"{found[3].id} has no reason"


@plants(selection_checks, "reasons_given")
def a_conversation_that_is_kept_unevaluated(dataset: Dataset) -> tuple[Dataset, str]:
    kept = next(i for i, each in enumerate(dataset.dataset_selection) if each.decision == "kept")
    found = altered(dataset.dataset_selection, kept, evaluation=None)
    return replace(dataset, dataset_selection=found), f"{found[kept].id} is kept without an evaluation"


@plants(dataset_checks, "valid_format")
def an_example_in_which_the_user_has_the_last_word(dataset: Dataset) -> tuple[Dataset, str]:
    each = dataset.training_dataset[2]
    messages = (*each.messages, {"role": "user", "content": "One more thing."})
    return with_example(dataset, 2, messages=messages), f"{each.id}: the assistant does not have the last word"


@plants(dataset_checks, "valid_format")
def an_example_with_parallel_calls(dataset: Dataset) -> tuple[Dataset, str]:
    each = dataset.training_dataset[0]
    return with_example(dataset, 0, parallel_tool_calls=True), f"{each.id}: parallel_tool_calls is not false"


@plants(dataset_checks, "splits_disjoint")
def a_domain_in_two_splits(dataset: Dataset) -> tuple[Dataset, str]:
    return with_example(dataset, 5, split="test"), f"and in test by {dataset.training_dataset[5].id}"


@plants(dataset_checks, "splits_disjoint")
def a_pair_that_brings_a_domain_into_another_split(dataset: Dataset) -> tuple[Dataset, str]:
    pair = f"{DOMAIN}--music_lessons"
    changed = with_example(dataset, 5, split="validation", domain=pair, domains=(DOMAIN, "music_lessons"))
    return changed, f"{DOMAIN} is in train by"


@plants(dataset_checks, "no_duplicates")
def an_example_that_is_there_twice_with_other_ids_of_calls(dataset: Dataset) -> tuple[Dataset, str]:
    index = next(i for i, each in enumerate(dataset.training_dataset) if each.calls)
    text = dataset.training_dataset[index].model_dump_json()
    for number, call in enumerate(_ids_of_calls(dataset.training_dataset[index])):
        text = text.replace(call, f"another_{number}")
    again = Example.model_validate_json(text).model_copy(update={"id": "example_again"})
    found = replace(dataset, training_dataset=[*dataset.training_dataset, again])
    return found, f"example_again says the same as {dataset.training_dataset[index].id}"


def _ids_of_calls(example: Example) -> list[str]:
    return [call["id"] for message in example.messages for call in message.get("tool_calls", ())]


@plants(dataset_checks, "no_duplicates")
def an_example_that_nearly_is_another(dataset: Dataset) -> tuple[Dataset, str]:
    longest = max(dataset.training_dataset, key=lambda each: each.words)
    *rest, last = longest.messages
    messages = (*rest, {**last, "content": f"{last['content']} Bye."})
    again = longest.model_copy(update={"id": "example_again", "messages": messages})
    return replace(dataset, training_dataset=[*dataset.training_dataset, again]), f"like {longest.id}"


@plants(dataset_checks, "only_passing")
def an_example_whose_evaluation_does_not_pass(dataset: Dataset) -> tuple[Dataset, str]:
    each = dataset.training_dataset[4]
    failed = dataset.evaluations[each.parents[0]].model_copy(update={"passed": False, "score": 0.0})
    changed = replace(dataset, evaluations={**dataset.evaluations, each.parents[0]: failed})
    return changed, f"{each.id} is of {each.parents[0]}, which has not passed"


@plants(dataset_checks, "only_passing")
def an_example_of_another_evaluation(dataset: Dataset) -> tuple[Dataset, str]:
    each = dataset.training_dataset[4]
    changed = with_example(dataset, 4, parents=(each.parents[0], "evaluation_of_another"))
    return changed, f"{each.id} is of {each.parents[0]}, which has not passed"


@plants(dataset_checks, "only_passing")
def an_example_that_was_not_selected(dataset: Dataset) -> tuple[Dataset, str]:
    each = dataset.training_dataset[1]
    found = [s.model_copy(update={"decision": "contaminated"}) if s.rollout == each.parents[0] else s
             for s in dataset.dataset_selection]  # fmt: skip
    return replace(dataset, dataset_selection=found), f"{each.id} is of {each.parents[0]}, which was not kept"


@plants(dataset_checks, "readable")
def an_example_in_which_the_agent_says_a_key(dataset: Dataset) -> tuple[Dataset, str]:
    each = dataset.training_dataset[2]
    messages = (*each.messages, {"role": "assistant", "content": "I have set starts_at for you."})
    return with_example(dataset, 2, messages=messages), f"{each.id}, message {len(each.messages)}: "


@plants(freshness_checks, "up_to_date")
def conversations_that_were_evaluated_since(dataset: Dataset) -> tuple[Dataset, str]:
    return replace(dataset, evaluated_since=True), f"evaluations[{DOMAIN}] was made since"


@plants(report_checks, "adds_up")
def a_report_that_counts_one_too_many(dataset: Dataset) -> tuple[Dataset, str]:
    report = dataset.dataset_report.model_copy(update={"examples": dataset.dataset_report.examples + 1})
    return replace(dataset, dataset_report=report), f"{report.id}: examples come to {report.examples}"


@plants(report_checks, "adds_up")
def a_report_of_fewer_examples_by_turns(dataset: Dataset) -> tuple[Dataset, str]:
    turns = dataset.dataset_report.turns
    fewer = turns.model_copy(update={"counts": dict(list(turns.counts.items())[1:])})
    return replace(dataset, dataset_report=dataset.dataset_report.model_copy(update={"turns": fewer})), "turns come to"


@plants(report_checks, "varied")
def a_report_of_domains_that_share_their_tools(dataset: Dataset) -> tuple[Dataset, str]:
    quality = dataset.dataset_report.quality.model_copy(update={"tools": 100, "tool_names": 20})
    report = dataset.dataset_report.model_copy(update={"quality": quality})
    return replace(dataset, dataset_report=report), "20 different tool names among 100 are less than 50%"


@plants(report_checks, "varied")
def a_report_of_users_who_say_the_same(dataset: Dataset) -> tuple[Dataset, str]:
    quality = dataset.dataset_report.quality.model_copy(update={"self_bleu": 0.95})
    report = dataset.dataset_report.model_copy(update={"quality": quality})
    return replace(dataset, dataset_report=report), "users' first messages are 0.95 like each other"


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"rules": 100, "rule_codes": 24}, "24 different rule codes among 100 are less than 25%"),
        ({"templates": 100, "template_shapes": 49}, "49 different template shapes among 100 are less than 50%"),
        ({"entities": 100, "entity_titles": 29}, "29 different entity titles among 100 are less than 30%"),
        ({"attributes": 100, "attribute_names": 19}, "19 different attribute names among 100 are less than 20%"),
        ({"messages": 200, "distinct_3": 0.1}, "of three words in a row in first messages 0.10 are different"),
        ({"shared_phrasing": 0.9}, "0.90 of what users of a domain say is said in another one"),
        ({"lengths": (_length("single", 3.0), _length("fused", 3.0))}, "3.0 calls in pairs, 3.0 in domains"),
    ],
)
def test_every_figure_of_variety_can_be_too_low(figures: dict[str, Any], said: str):
    (fault,) = monotonous(sound().dataset_report.quality.model_copy(update=figures))
    assert said in fault


def answers(root: Path, definition: dg.AssetChecksDefinition, dataset: Dataset) -> dict[str, dg.AssetCheckResult]:
    """The results of the checks on this dataset, with its evaluations in a warehouse."""
    warehouse: Warehouse = store(root, replace(evaluated(), evaluations=dataset.evaluations))
    note = warehouse.materialization("evaluations", DOMAIN)
    assert note is not None
    version = "another" if dataset.evaluated_since else note.data_version
    parents = (Parent(asset="evaluations", partition=DOMAIN, data_version=version),)
    stamp = Stamp(run_id="test", settings=SETTINGS.model_dump(mode="json"), parents=parents)
    warehouse.write_records("dataset_selection", None, Selection, [], stamp)
    spec = next(iter(definition.check_specs))
    keys = [spec.asset_key.to_user_string(), *(dep.asset_key.to_user_string() for dep in spec.additional_deps)]
    inputs: dict[str, Any] = {key: getattr(dataset, key) for key in keys if definition is not freshness_checks}
    if definition in (dataset_checks, freshness_checks):
        inputs["warehouse"] = WarehouseResource(root=str(root))
    results = cast("Iterator[dg.AssetCheckResult]", definition(**inputs))
    return {str(result.check_name): result for result in results}


@pytest.mark.parametrize(("definition", "check", "plant"), PLANTED, ids=[each.__name__ for _, _, each in PLANTED])
def test_a_planted_fault_fails_its_check_which_names_it(
    definition: dg.AssetChecksDefinition, check: str, plant: Plant, tmp_path: Path
):
    dataset, named = plant(sound())
    result = answers(tmp_path, definition, dataset)[check]
    assert not result.passed
    assert result.severity is (dg.AssetCheckSeverity.WARN if check in WARNING else dg.AssetCheckSeverity.ERROR)
    assert named in str(result.description)


@pytest.mark.parametrize("definition", [selection_checks, dataset_checks, freshness_checks, report_checks])
def test_a_sound_dataset_passes_all_checks(definition: dg.AssetChecksDefinition, tmp_path: Path):
    found = {name: result.description for name, result in answers(tmp_path, definition, sound()).items()}
    assert found == {spec.name: "nothing at fault" for spec in definition.check_specs}


def test_every_check_of_the_dataset_blocks_unless_it_warns_and_has_a_planted_fault():
    checks = declared(agentskiller_assets.dataset.checks)
    assert {f"{next(iter(d.check_specs)).asset_key.to_user_string()}:{name}" for d, name, _ in PLANTED} == set(checks)
    assert all(spec.blocking != (spec.name in WARNING) for each in checks.values() for spec in each.check_specs)
