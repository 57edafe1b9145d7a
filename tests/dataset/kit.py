"""Evaluated conversations of the clinic, a warehouse that holds some, and what is selected of them."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from agentskiller_assets.dataset.contamination import ForeignTexts
from agentskiller_assets.dataset.examples import make_examples
from agentskiller_assets.dataset.models import DatasetReport, Example, Selection, Settings
from agentskiller_assets.dataset.quality import measure_quality
from agentskiller_assets.dataset.report import make_report
from agentskiller_assets.dataset.selection import select
from agentskiller_assets.dataset.stored import Conversations
from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.models import Evaluation, Part
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.registry import Registry, write_registry
from agentskiller_assets.rollouts.models import Message, Rollout
from agentskiller_assets.tasks.models import Query, TaskTemplate
from resources.storage.sidecars import Parent, Stamp
from resources.storage.warehouse import Warehouse
from tests.world import DOMAIN, clinic

SETTINGS = Settings(seed=7)
QUALITY = measure_quality([], [], {}, [], {})
"""Of nothing, for tests that look at something else."""


@cache
def evaluated() -> Conversations:
    """The scripted conversations of the clinic with their evaluations."""
    world = clinic()
    tasks = {task.id: task for task in world.validated_tasks}
    templates = {template.id: template for template in world.task_templates}
    with Evaluator(world.environment) as evaluator:
        found = {
            each.id: evaluator.evaluate(each, tasks[each.task], templates[tasks[each.task].instance.template])
            for each in world.rollouts
        }
    return Conversations(DOMAIN, world.rollouts, found)


def moved(conversations: Conversations, partition: str, count: int | None = None) -> Conversations:
    """Some of the same conversations as if they were of another domain or pair, under ids of their own."""
    rollouts = [
        each.model_copy(update={"id": f"{each.id}_{partition}", "domain": partition})
        for each in conversations.rollouts[:count]
    ]
    evaluations = {
        each.id: conversations.evaluations[old.id].model_copy(
            update={"id": f"{conversations.evaluations[old.id].id}_{partition}", "rollout": each.id}
        )
        for each, old in zip(rollouts, conversations.rollouts, strict=False)
    }
    return Conversations(partition, rollouts, evaluations)


def saying(rollout: Rollout, rollout_id: str, *texts: str) -> Rollout:
    """A conversation with another id in which the user and the agent say these texts in turn, after its prompt."""
    roles = ("user", "assistant") * len(texts)
    talk = [Message(role=role, content=text) for role, text in zip(roles, texts, strict=False)]
    messages = (rollout.messages[0], *talk)
    return rollout.model_copy(update={"id": rollout_id, "messages": messages, "calls": ()})


def passing(rollouts: Iterable[Rollout]) -> Conversations:
    """These conversations, all of which passed."""
    listed = list(rollouts)
    return Conversations(DOMAIN, listed, {each.id: verdict(each, 1.0) for each in listed})


def verdict(rollout: Rollout, score: float, redundant: tuple[str, ...] = ()) -> Evaluation:
    """An evaluation with one part."""
    reasons = () if score == 1 else ("the wrong doctor was called",)
    return Evaluation(
        id=Evaluation.make_id(rollout.id),
        parents=(rollout.id, rollout.task),
        position=0,
        domain=rollout.domain,
        rollout=rollout.id,
        query=rollout.query,
        task=rollout.task,
        task_kind=rollout.task_kind,
        repeat=rollout.repeat,
        agent=rollout.agent,
        parts=(Part(name="action", score=score, reasons=reasons),),
        score=score,
        passed=score == 1,
        redundant=redundant,
    )


def selected(
    *conversations: Conversations,
    settings: Settings = SETTINGS,
    order: Sequence[str] = (DOMAIN,),
    foreign: ForeignTexts | None = None,
) -> list[Selection]:
    """What is decided about these conversations."""
    partitions = [each.partition for each in conversations]
    return select(conversations, partitions, order, settings, foreign or ForeignTexts())


def examples(*conversations: Conversations, settings: Settings = SETTINGS) -> list[Example]:
    """The examples of these conversations."""
    return make_examples(selected(*conversations, settings=settings), conversations)


def with_dataset(warehouse: Warehouse, made: list[Example], found: list[Selection]) -> Warehouse:
    """The warehouse with these examples too, and their report."""
    stamp = Stamp(run_id="test", settings=SETTINGS.model_dump(mode="json"))
    warehouse.write_records("dataset_selection", None, Selection, found, stamp)
    note = warehouse.write_records("training_dataset", None, Example, made, stamp)
    report = make_report(found, made, SETTINGS, [], [], note.data_version, QUALITY)
    warehouse.write_records("dataset_report", None, DatasetReport, [report], stamp)
    return warehouse


def store(root: Path, *conversations: Conversations, registry: Registry | None = None) -> Warehouse:
    """A warehouse with these conversations and their evaluations, and a registry that knows more than those."""
    warehouse = Warehouse(root)
    domains = registry or Registry(domains=(DOMAIN, "music_lessons", "guided_rides"))
    write_registry(root, domains)
    for each in conversations:
        fused = "fused_" if "--" in each.partition else ""
        stamp = Stamp(run_id="test")
        made = warehouse.write_records(f"{fused}rollouts", each.partition, Rollout, each.rollouts, stamp)
        parent = Parent(asset=f"{fused}rollouts", partition=each.partition, data_version=made.data_version)
        stamp = Stamp(run_id="test", parents=(parent,))
        found = list(each.evaluations.values())
        warehouse.write_records(f"{fused}evaluations", each.partition, Evaluation, found, stamp)
    _store_origins(warehouse)
    return warehouse


def _store_origins(warehouse: Warehouse) -> None:
    """What the clinic's conversations come from."""
    world, stamp = clinic(), Stamp(run_id="test")
    warehouse.write_records("domain_catalog", None, CatalogEntry, world.domain_catalog, stamp)
    warehouse.write_records("blueprints", DOMAIN, Blueprint, [world.blueprints], stamp)
    warehouse.write_records("task_templates", DOMAIN, TaskTemplate, world.task_templates, stamp)
    warehouse.write_records("queries", DOMAIN, Query, world.queries, stamp)
