"""Assets of the dataset: what is kept of all conversations, the examples, and the report."""

from collections import Counter
from functools import partial

import dagster as dg
from pydantic import Field

from agentskiller_assets.automation import update_of_all
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.dataset.contamination import ForeignTexts, source_of
from agentskiller_assets.dataset.examples import make_examples
from agentskiller_assets.dataset.models import SPLITS, DatasetReport, Example, Quality, Selection, Settings, Source
from agentskiller_assets.dataset.origins import DESCRIBING, quality_of
from agentskiller_assets.dataset.plots import lengths_plot, single_and_fused_plot
from agentskiller_assets.dataset.report import make_report
from agentskiller_assets.dataset.selection import select
from agentskiller_assets.dataset.stored import OF_DOMAINS, OF_PAIRS, Stored
from agentskiller_assets.errors import StorageError
from agentskiller_assets.metadata import markdown_table, preview
from agentskiller_assets.settings import DEFAULT_SEED
from resources.storage.sidecars import Materialization, name_of
from resources.warehouse import WarehouseResource

_FILES = ("models", "stored", "messages", "contamination", "duplicates", "groups", "selection", "examples")
_CODE = code_version("core", "evaluation/pruning.py", *(f"dataset/{name}.py" for name in _FILES))
_REPORT_CODE = code_version(
    "core",
    "rollouts/figures.py",
    *(f"dataset/{name}.py" for name in ("models", "report", "card", "quality", "origins")),
)
_ALL = [dg.AssetDep(asset, partition_mapping=dg.AllPartitionMapping()) for asset in (*OF_DOMAINS, *OF_PAIRS)]
"""All conversations. They are read from the warehouse, since what is registered need not be made yet."""


class SelectionConfig(dg.Config):
    """Settings of the dataset."""

    seed: int = Field(default=DEFAULT_SEED, description="The one seed. Set AGENTSKILLER_SEED to change it everywhere.")
    prune: bool = Field(default=True, description="Leave out calls that a conversation passes without.")
    near_threshold: float = Field(
        default=0.9, ge=0.5, le=1, description="Share of runs of five words from which two conversations are the same."
    )
    validation_share: float = Field(
        default=0.1, ge=0, lt=0.5, description="Share of the groups of domains to validate with."
    )
    test_share: float = Field(default=0.1, ge=0, lt=0.5, description="Share of the groups of domains to test with.")
    split_by: str = Field(
        default="group",
        pattern="^(group|domain)$",
        description="`group`: domains that share a pair are in one split. `domain`: each is drawn by itself, and "
        "pairs across splits are left out.",
    )
    decontaminate_against: list[str] = Field(
        default=[], description="Files (.txt, .jsonl, .parquet) with texts that no example may share 13 words with."
    )


_DESCRIBED = [
    dg.AssetDep("domain_catalog"),
    *(dg.AssetDep(asset, partition_mapping=dg.AllPartitionMapping()) for asset in DESCRIBING),
]
"""What the examples come from, for the figures of their variety."""


_asset = partial(
    dg.asset,
    group_name="dataset",
    kinds={"python", "parquet"},
    owners=["team:environments"],
    io_manager_key="records",
    automation_condition=update_of_all(*OF_DOMAINS, *OF_PAIRS, "dataset_selection", "training_dataset"),
)


@_asset(deps=_ALL, code_version=_CODE)
def dataset_selection(
    context: dg.AssetExecutionContext, config: SelectionConfig, warehouse: WarehouseResource
) -> list[Selection]:
    """What becomes of every conversation: kept, or left out with the reason; and the split that its domain is in."""
    settings = Settings.model_validate(config.model_dump())
    stored, foreign = Stored(warehouse.open()), ForeignTexts(settings.decontaminate_against)
    selected = select(stored, stored.partitions, stored.order, settings, foreign)
    stored.require_unchanged()
    decisions = Counter(each.decision for each in selected)
    kept = Counter(each.split for each in selected if each.decision == "kept")
    context.add_output_metadata(
        {
            "kept": decisions["kept"],
            "decisions": markdown_table(["decision", "conversations"], decisions.most_common()),
            "splits": markdown_table(["split", "kept"], [[split, kept[split]] for split in SPLITS]),
            "left_out": preview([each for each in selected if each.decision != "kept"], "domain", "decision", "reason"),
        }
    )
    return selected


@_asset(deps=_ALL, code_version=_CODE)
def training_dataset(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, dataset_selection: list[Selection]
) -> list[Example]:
    """The conversations that are kept, as examples for OpenAI's chat fine-tuning."""
    stored = Stored(warehouse.open())
    examples = make_examples(dataset_selection, stored)
    stored.require_unchanged()
    context.add_output_metadata(
        {
            "examples": len(examples),
            "domains": len({domain for each in examples for domain in each.domains}),
            "preview": preview(examples, "split", "domain", "task_kind", "turns", "calls", "words"),
        }
    )
    return examples


@_asset(deps=_DESCRIBED, code_version=_REPORT_CODE)
def dataset_report(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    dataset_selection: list[Selection],
    training_dataset: list[Example],
) -> DatasetReport:
    """The dataset card: counts, lengths, variety, what was left out and why, settings and digests."""
    selection = _note(warehouse, "dataset_selection")
    settings = Settings.model_validate(selection.settings)
    report = make_report(
        dataset_selection,
        training_dataset,
        settings,
        [
            Source(name=name_of(p.asset, p.partition), digest=p.data_version)
            for p in selection.parents
            if p.data_version
        ],
        [source_of(path) for path in settings.decontaminate_against],
        _note(warehouse, "training_dataset").data_version,
        quality_of(warehouse.open(), training_dataset),
    )
    context.add_output_metadata(
        {
            "examples": report.examples,
            "overlap": report.overlap,
            "lengths": dg.MetadataValue.md(lengths_plot(report)),
            "single_and_fused": dg.MetadataValue.md(single_and_fused_plot(training_dataset)),
            "variety": _variety(report.quality),
            "card": dg.MetadataValue.md(report.card),
        }
    )
    return report


def _variety(quality: Quality) -> dg.MarkdownMetadataValue:
    figures = quality.model_dump(exclude={"lengths"})
    return markdown_table(["", "figure"], [[name.replace("_", " "), value] for name, value in figures.items()])


def _note(warehouse: WarehouseResource, asset: str) -> Materialization:
    note = warehouse.open().materialization(asset, None)
    if note is None:
        raise StorageError(asset, "is not stored", "Make it first")
    return note
