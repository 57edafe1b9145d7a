"""What a person sees of an asset in the UI; and the one way to define the asset of a domain, or of a pair."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from agentskiller_assets.automation import UPDATE
from agentskiller_assets.core.records import Record
from agentskiller_assets.partitions import MADE_FOR, domain_partitions, domains_to_pairs, pair_partitions

PREVIEW_ROWS = 8
_LONGEST_CELL = 90
# Pairs first: the registry only grows, so that domains which are read later contain those of every pair.
PAIRS = pair_partitions()
"""The pairs, as the registry had them when the definitions were loaded."""
PARTITIONS = domain_partitions()
"""The domains, as the registry had them when the definitions were loaded."""
DOMAINS_OF_PAIR = domains_to_pairs(PAIRS.get_partition_keys())
"""From each domain to the pairs that contain it."""


def domain_asset(
    group: str, version: str, io_manager: str = "records", pool: str | None = None, deps: Sequence[Any] = ()
) -> Callable[..., dg.AssetsDefinition]:
    """`dg.asset` with what all assets of one domain have in common."""
    return _partitioned(PARTITIONS, "domain", group, version, io_manager, {}, pool, deps)


def pair_asset(
    group: str,
    version: str,
    io_manager: str = "records",
    ins: Mapping[str, dg.AssetIn] | None = None,
    pool: str | None = None,
) -> Callable[..., dg.AssetsDefinition]:
    """`dg.asset` with what all assets of one pair have in common; `ins` is what `of_both` answers."""
    return _partitioned(PAIRS, "pair", group, version, io_manager, ins or {}, pool)


def of_both(*asset_names: str) -> dict[str, dg.AssetIn]:
    """Inputs of a pair's asset that are partitioned by domain: each parameter gets a dict of the two domains."""
    return {name: dg.AssetIn(partition_mapping=DOMAINS_OF_PAIR) for name in asset_names}


def _partitioned(
    partitions: dg.PartitionsDefinition,
    made_for: str,
    group: str,
    version: str,
    io_manager: str,
    ins: Mapping[str, dg.AssetIn],
    pool: str | None,
    deps: Sequence[Any] = (),
) -> Callable[..., dg.AssetsDefinition]:
    return dg.asset(
        deps=deps,
        group_name=group,
        ins=ins,
        partitions_def=partitions,
        tags={MADE_FOR: made_for},
        kinds={"python", "duckdb" if io_manager == "databases" else "parquet"},
        owners=["team:environments"],
        code_version=version,
        io_manager_key=io_manager,
        pool=pool,
        automation_condition=UPDATE,
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
