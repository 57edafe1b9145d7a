"""`export openai`, `export hf` and `export alpaca`: the dataset as other tools read it."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.folders import write_new_folder
from agentskiller_assets.dataset.exports.alpaca import alpaca_files
from agentskiller_assets.dataset.exports.hub import hub_files
from agentskiller_assets.dataset.exports.lines import Files
from agentskiller_assets.dataset.exports.openai_files import openai_files
from agentskiller_assets.dataset.models import SPLITS, DatasetReport, Example
from agentskiller_assets.errors import DatasetError, StorageError
from resources.storage.warehouse import Warehouse, default_root

Folder = Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")]
_MAKE = "`agentskiller run --count 6`"


def export_openai(folder: Folder) -> None:
    """Write the dataset for OpenAI's chat fine-tuning: train.jsonl, validation.jsonl, test.jsonl, and ids beside."""
    examples = _examples(Warehouse(default_root()))
    _write(folder, openai_files(examples), examples)


def export_hf(folder: Folder) -> None:
    """Write the dataset as a folder for datasets.load_dataset, with its card: Parquet files by split."""
    warehouse = Warehouse(default_root())
    examples = _examples(warehouse)
    (report,) = warehouse.read_records(_stored(warehouse, "dataset_report"), DatasetReport, None)
    made = warehouse.materialization("training_dataset", None)
    if made is None or made.data_version != report.digest:
        raise StorageError("dataset_report", "it tells of other examples than those that are stored", f"Run {_MAKE}.")
    _write(folder, hub_files(examples, report, _by_models(warehouse)), examples)


def export_alpaca(folder: Folder) -> None:
    """Write the dataset in Alpaca's form, one sample for each message of the agent, and ids beside."""
    examples = _examples(Warehouse(default_root()))
    _write(folder, alpaca_files(examples), examples)


def _examples(warehouse: Warehouse) -> list[Example]:
    examples = warehouse.read_records(_stored(warehouse, "training_dataset"), Example, None)
    if not examples:
        fix = 'See `agentskiller sql "SELECT decision, reason, count(*) FROM dataset_selection GROUP BY ALL"`.'
        raise DatasetError("training_dataset", "it holds no example", fix)
    return examples


def _by_models(warehouse: Warehouse) -> bool:
    """Whether a language model was asked for anything that is stored."""
    asked = "SELECT count(*) FROM materializations WHERE author <> 'procedural' OR len(call_ids) > 0"
    _, [(found,)] = warehouse.query(asked)
    return found > 0


def _stored(warehouse: Warehouse, asset: str) -> str:
    """The asset's own name; `StorageError` with the command that makes it if it is not stored."""
    if warehouse.condition(asset, None) != "stored":
        raise StorageError(asset, f"there is none in {warehouse.root}", f"Run {_MAKE} to make it.")
    return asset


def _write(folder: Path, files: Files, examples: list[Example]) -> None:
    write_new_folder(folder, files)
    counted = Counter(example.split for example in examples)
    parts = ", ".join(f"{counted[split]} {split}" for split in SPLITS)
    out.print(f"{len(examples)} examples ({parts}) in {len(files)} files in {folder}", markup=False, highlight=False)
    if empty := [split for split in SPLITS if not counted[split]]:
        why = '`agentskiller sql "SELECT card FROM dataset_report"` says why'
        out.print(f"nothing is in {' and '.join(empty)}: {why}", markup=False, highlight=False)
