"""What a person sees of an asset in the UI: tables, previews and links; and the one way to define a domain's asset."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from agentskiller_assets.core.records import Record
from agentskiller_assets.partitions import domain_partitions

PREVIEW_ROWS = 8
_LONGEST_CELL = 90
PARTITIONS = domain_partitions()
"""The domains, as the registry had them when the definitions were loaded."""


def domain_asset(group: str, version: str, io_manager: str = "records") -> Callable[..., dg.AssetsDefinition]:
    """`dg.asset` with what all assets of one domain have in common."""
    return dg.asset(
        group_name=group,
        partitions_def=PARTITIONS,
        kinds={"python", "duckdb" if io_manager == "databases" else "parquet"},
        owners=["team:environments"],
        code_version=version,
        io_manager_key=io_manager,
    )


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.MarkdownMetadataValue:
    """A table in Markdown."""
    lines = [_line(header), _line(["---"] * len(header)), *(_line(row) for row in rows)]
    return dg.MetadataValue.md("\n".join(lines))


def preview(records: Sequence[Record], *fields: str) -> dg.MarkdownMetadataValue:
    """The first records as a table of these fields."""
    return markdown_table(fields, [[getattr(record, name) for name in fields] for record in records[:PREVIEW_ROWS]])


def _line(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: Any) -> str:
    text = " ".join(str("" if value is None else value).split()).replace("|", "\\|")
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
