"""`warehouse.duckdb`: views over the files, for any DuckDB client."""

import contextlib
import json
import logging
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.errors import StorageError
from agentskiller_assets.llm.calls import CALLS
from resources.storage.calls import call_views
from resources.storage.engine import CONFIG, file_literal, literal, quoted
from resources.storage.faults import storage_faults
from resources.storage.files import locked, temporary, write_text
from resources.storage.parquet import description
from resources.storage.sidecars import MATERIALIZATIONS, UNPARTITIONED

_LOG = logging.getLogger(__name__)
CATALOG = "warehouse.duckdb"
VIEWS = frozenset({"records", "lineage_edges", "materializations", "database_rows", "llm_calls", "llm_cost"})
"""Views that are not assets."""
_SIGNATURE = ".catalog.json"
_LOCK = ".catalog.lock"
_VERSION = 4
"""Raised whenever the text of a view changes, so that older catalogs are built again."""
_MATERIALIZATION_COLUMNS = {
    "asset": "VARCHAR",
    "partition": "VARCHAR",
    "run_id": "VARCHAR",
    "time": "TIMESTAMP",
    "code_version": "VARCHAR",
    "data_version": "VARCHAR",
    "row_count": "BIGINT",
    "author": "VARCHAR",
    "call_ids": "VARCHAR[]",
    "settings": "JSON",
    "parents": 'STRUCT(asset VARCHAR, "partition" VARCHAR, data_version VARCHAR)[]',
    "schema_fingerprint": "VARCHAR",
    "failed_checks": "VARCHAR[]",
}
_RETRIES = 3
"""How often a query is made again that met a file which a writer was just replacing."""
_READ_ONLY = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


def refresh(root: Path) -> bool:
    """Builds the catalog again if assets came or went or the root moved; says whether it did.

    The check is one listing of the root. Processes that find work to do take turns by an advisory lock.
    """
    if not root.is_dir() or _is_current(root):
        return False
    with storage_faults(root / CATALOG, "write"), locked(root / _LOCK):
        if _is_current(root):
            return False
        signature = _signature(root)
        try:
            _build(root, signature)
        except duckdb.InvalidInputException as exc:  # a stored file is damaged: making it again must stay possible
            _LOG.warning("%s: the views stay as they were, since a file cannot be read: %s", root / CATALOG, exc)
            return False
        write_text(root / _SIGNATURE, canonical_json(signature))
    return True


def select(root: Path, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> tuple[list[str], list[Any]]:
    """Column names and rows of one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) over the views."""
    refresh(root)
    path = root / CATALOG
    if not path.exists():
        fault = "there is no catalog, since nothing is stored yet"
        raise StorageError(str(path), fault, "Run `agentskiller run` first, or set AGENTSKILLER_WAREHOUSE")
    try:
        _require_read_only(sql)
        for _ in range(_RETRIES):
            with contextlib.suppress(duckdb.IOException):
                return _answer(path, sql, parameters)
        return _answer(path, sql, parameters)
    except duckdb.Error as exc:
        raise StorageError("SQL", str(exc), '`agentskiller sql "SHOW TABLES"` lists what there is') from exc


def asset_folders(root: Path) -> list[str]:
    """Assets with at least one Parquet file, sorted."""
    folders = [path for path in root.iterdir() if path.is_dir() and path.name[0] not in "_."]
    return sorted(path.name for path in folders if _holds(path, ".parquet"))


def _holds(folder: Path, suffix: str) -> bool:
    """Whether there is a whole file of this kind; `glob` would list all of the thousands that there may be."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        return any(entry.name.endswith(suffix) and entry.name[0] != "." for entry in entries)
    return False


def _answer(path: Path, sql: str, parameters: Sequence[Any] | dict[str, Any]) -> tuple[list[str], list[Any]]:
    with closing(duckdb.connect(str(path), read_only=True, config=_reader_config())) as connection:
        connection.execute(sql, parameters)
        return [str(column[0]) for column in description(connection)], connection.fetchall()


def _reader_config() -> dict[str, str | bool | int | float | list[str]]:
    return {key: value for key, value in CONFIG.items() if key != "threads"}


def _require_read_only(sql: str) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in _READ_ONLY:
        fault = "exactly one SELECT, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN is possible here"
        raise StorageError("SQL", fault, f"To do more, open {CATALOG} with a DuckDB client")


def _signature(root: Path) -> dict[str, Any]:
    assets = asset_folders(root)
    databases = [asset for asset in assets if _holds(root / asset, ".duckdb")]
    sidecars, calls = (_holds_below(root / name) for name in (MATERIALIZATIONS, CALLS))
    return {
        "version": _VERSION,
        "root": str(root),
        "assets": assets,
        "databases": databases,
        "sidecars": sidecars,
        "calls": calls,
    }


def _holds_below(folder: Path) -> bool:
    """Whether any folder in it has a whole JSON file."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        return any(entry.is_dir() and _holds(Path(entry.path), ".json") for entry in entries)
    return False


def _is_current(root: Path) -> bool:
    path = root / _SIGNATURE
    with storage_faults(path, "read"):
        if not path.exists() or not (root / CATALOG).exists():
            return False
        try:
            return json.loads(path.read_text(encoding="utf-8")) == _signature(root)
        except ValueError:
            return False


def _build(root: Path, signature: dict[str, Any]) -> None:
    final = root / CATALOG
    with temporary(final) as path:
        with closing(duckdb.connect(str(path), config=CONFIG)) as connection:
            for name, query in _views(root, signature).items():
                connection.execute(f"CREATE VIEW {quoted(name)} AS {query}")
        os.replace(path, final)  # noqa: PTH105
    # A client that had the old file open for writing may have left its log, which is not ours to replay.
    final.with_name(f"{CATALOG}.wal").unlink(missing_ok=True)


def _views(root: Path, signature: dict[str, Any]) -> dict[str, str]:
    assets, databases = signature["assets"], signature["databases"]
    views = {asset: _files(root, asset, "*") for asset in assets if asset not in databases}
    if databases:
        views["database_rows"] = " UNION ALL BY NAME ".join(
            _files(root, asset, f"{literal(asset)} AS asset, *") for asset in databases
        )
    if assets:
        views["records"] = " UNION ALL ".join(
            _files(root, asset, f"id, parents, {literal(asset)} AS asset") for asset in assets
        )
        views["lineage_edges"] = (
            "SELECT id AS child, unnest(parents) AS parent, asset, partition,"
            " generate_subscripts(parents, 1) AS position FROM records"
        )
    if signature["sidecars"]:
        columns = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in _MATERIALIZATION_COLUMNS.items())
        source = file_literal(root / MATERIALIZATIONS, "*/*.json")
        # A sidecar outlives data that somebody deleted; of the pair, both must be there.
        views["materializations"] = (
            f"SELECT * FROM read_json({source}, columns = {{{columns}}})"
            f" WHERE concat_ws('/', asset, coalesce(partition, '{UNPARTITIONED}')) IN"
            f" (SELECT regexp_extract(file, '([^/]+/[^/]+)\\.parquet$', 1)"
            f" FROM glob({file_literal(root, '*/*.parquet')}))"
        )
    return views | call_views(root, signature["calls"])


def _files(root: Path, asset: str, columns: str) -> str:
    """A query over the files of an asset for which there is a sidecar: one without is an unfinished write."""
    starred = columns.replace("*", "* EXCLUDE (filename)")
    sidecars = file_literal(root / MATERIALIZATIONS / asset, "*.json")
    return (
        f"SELECT {starred}, nullif(parse_filename(filename, true), '{UNPARTITIONED}') AS partition"
        f" FROM read_parquet({file_literal(root / asset, '*.parquet')},"
        " union_by_name = true, filename = true, hive_partitioning = false)"
        f" WHERE parse_filename(filename, true) IN (SELECT parse_filename(file, true) FROM glob({sidecars}))"
    )
