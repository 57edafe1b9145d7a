"""The note next to every materialization: who made it, when, from what, with which settings."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from agentskiller_assets.core.canonical import canonical_json, digest_bytes
from agentskiller_assets.core.records import Model, Record, Upgrade
from agentskiller_assets.errors import SchemaChangedError, StorageError
from resources.storage.faults import rebuild_command, storage_faults
from resources.storage.files import write_text
from resources.storage.schemas import changed_field, fingerprint, model_schema

UNPARTITIONED = "all"
"""File name of an asset without partitions; no partition may have it."""
MATERIALIZATIONS = "_materializations"
SCHEMAS = "_schemas"

Condition = Literal["missing", "unfinished", "stored"]
Place = tuple[str, str | None]
"""Asset and partition."""


class Parent(Model):
    """An upstream partition as it was when it was read."""

    asset: str
    partition: str | None = None
    data_version: str | None = None
    """None where the upstream asset is not in the warehouse."""


class Stamp(Model):
    """What only the writer knows about a materialization."""

    run_id: str
    code_version: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    """The configuration that decided the output."""
    parents: tuple[Parent, ...] = ()
    author: str = "procedural"
    call_ids: tuple[str, ...] = ()
    """Model calls that the output was made with."""


class Materialization(Stamp):
    """The sidecar of one asset and partition."""

    asset: str
    partition: str | None
    time: str
    """UTC, ISO 8601."""
    data_version: str
    """Digest of the content; an unchanged re-run keeps it."""
    row_count: int
    schema_fingerprint: str
    files: dict[str, str]
    """Path below the root to the digest of the file's bytes: how an interrupted write is noticed."""
    failed_checks: tuple[str, ...] = ()
    """Blocking checks that found something at fault in this content."""


def data_file(root: Path, asset: str, partition: str | None) -> Path:
    """The asset's Parquet file."""
    return root / asset / f"{partition or UNPARTITIONED}.parquet"


def sidecar_path(root: Path, asset: str, partition: str | None) -> Path:
    """Where the sidecar is."""
    return root / MATERIALIZATIONS / asset / f"{partition or UNPARTITIONED}.json"


def places(root: Path) -> set[Place]:
    """Asset and partition of everything of which there is data or a sidecar."""
    found = {(path.parent.name, path.stem) for path in (root / MATERIALIZATIONS).glob("*/[!.]*.json")}
    found |= {(path.parent.name, path.stem) for path in root.glob("[!_.]*/[!.]*.parquet")}
    return {(asset, None if name == UNPARTITIONED else name) for asset, name in found}


def run_ids(root: Path) -> set[str]:
    """The runs that made what is stored now; damaged sidecars name none."""
    notes = (read_sidecar(root, *place) for place in places(root))
    return {note.run_id for note in notes if note}


def file_digests(root: Path, pairs: Sequence[tuple[Path, Path]]) -> dict[str, str]:
    """Digests of the first file of each pair under the name, relative to the root, of the second."""
    return {final.relative_to(root).as_posix(): digest_bytes(path.read_bytes()) for path, final in pairs}


def describe(
    stamp: Stamp,
    *,
    asset: str,
    partition: str | None,
    data_version: str,
    row_count: int,
    model: type[BaseModel],
    files: dict[str, str],
    upgraded: Materialization | None = None,
) -> Materialization:
    """The sidecar of a write that happens now, or of the same content in a newer shape."""
    if upgraded:
        return upgraded.model_copy(update={"schema_fingerprint": fingerprint(model_schema(model)), "files": files})
    return Materialization(
        **{name: getattr(stamp, name) for name in Stamp.model_fields},
        asset=asset,
        partition=partition,
        time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        data_version=data_version,
        row_count=row_count,
        schema_fingerprint=fingerprint(model_schema(model)),
        files=files,
    )


def read_sidecar(root: Path, asset: str, partition: str | None) -> Materialization | None:
    """The sidecar; None if there is none, or one that is damaged, so that what it spoke of is unfinished.

    Raises `StorageError` for a sound one that another version wrote, which nothing may be written over unasked.
    """
    path = sidecar_path(root, asset, partition)
    try:
        with storage_faults(path, "read"):
            text = path.read_text(encoding="utf-8") if path.exists() else None
        return None if text is None else Materialization.model_validate_json(text)
    except UnicodeDecodeError:
        return None
    except ValidationError as exc:
        if exc.errors()[0]["type"] == "json_invalid":
            return None
        fix = "Use the version that wrote it, or move this file away to have it made again"
        raise StorageError(str(path), "is not a sidecar that this version can read", fix) from exc


def condition(root: Path, asset: str, partition: str | None, sidecar: Materialization | None) -> Condition:
    """Whether the files that the sidecar speaks of are there, whole and the ones that it was written for."""
    if sidecar is None:
        there = data_file(root, asset, partition).exists()
        return "unfinished" if there else "missing"
    for name, expected in sidecar.files.items():
        path = root / name
        with storage_faults(path, "read"):
            if not path.exists() or digest_bytes(path.read_bytes()) != expected:
                return "unfinished"
    return "stored"


def keep_schema(root: Path, model: type[BaseModel]) -> None:
    """Stores the model's schema under its fingerprint, once."""
    schema = model_schema(model)
    path = root / SCHEMAS / f"{fingerprint(schema)}.json"
    if not path.exists():
        write_text(path, canonical_json(schema))


def upgrade_of(root: Path, sidecar: Materialization, model: type[Record]) -> Upgrade:
    """What turns a row of the file into one of the model; `SchemaChangedError` if nothing does.

    A row of the model's own shape, or of one that lacks only optional fields of it, stays as it is.
    """
    if is_current(sidecar, model):
        return _as_it_is
    if upgrade := model.upgrades.get(sidecar.schema_fingerprint):
        return upgrade
    path = root / SCHEMAS / f"{sidecar.schema_fingerprint}.json"
    with storage_faults(path, "read"):
        stored = path.read_text(encoding="utf-8") if path.exists() else None
    field = _changed(stored, model_schema(model))
    if field is not None:
        raise schema_changed(sidecar.asset, sidecar.partition, field)
    return _as_it_is


def is_current(sidecar: Materialization, model: type[Record]) -> bool:
    """Whether the file has the shape that the model has now."""
    return sidecar.schema_fingerprint == fingerprint(model_schema(model))


def schema_changed(asset: str, partition: str | None, field: str) -> SchemaChangedError:
    """The error for a file whose field is not what the model says any more."""
    return SchemaChangedError(
        name_of(asset, partition),
        f"was stored for another shape of its records: field {field!r} differs",
        f"Run {rebuild_command(partition)} to rebuild it",
    )


def name_of(asset: str, partition: str | None) -> str:
    """`asset[partition]`, as the user knows it."""
    return f"{asset}[{partition}]" if partition else asset


def _changed(stored: str | None, current: dict[str, Any]) -> str | None:
    return "(unknown)" if stored is None else changed_field(json.loads(stored), current)


def _as_it_is(row: dict[str, Any]) -> dict[str, Any]:
    return row
