"""The warehouse: records and environment databases by asset and partition, written whole or not at all."""

import json
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from agentskiller_assets.core.canonical import canonical_json, digest_bytes
from agentskiller_assets.core.records import Record, Upgrade
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.errors import RecordNotFoundError, StorageError
from resources.storage import catalog, sidecars
from resources.storage.calls import CALLS_VIEW, call_fields, find_calls
from resources.storage.engine import engine, file_literal, literal
from resources.storage.environments import DatabaseRow, build_database, load_database, row_records
from resources.storage.faults import rebuild_command, storage_faults
from resources.storage.files import replace_all, temporary, write_text
from resources.storage.object_store import shared_by
from resources.storage.parquet import columns_of, read_parquet, write_parquet
from resources.storage.plain import plain_records
from resources.storage.recent import recall, remember
from resources.storage.row_checks import check_rows
from resources.storage.sidecars import Condition, Materialization, Place, Stamp, name_of

DATABASES = "databases"
"""The asset that holds environment databases, unless another is named."""
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RETRIES, _PAUSE = 3, 0.05
"""A reader may meet a writer between two renames: it looks again this often, after so many seconds."""

R = TypeVar("R", bound=Record)
Found = tuple[str, str | None, dict[str, Any]]
"""Asset, partition and the record's fields."""


def default_root() -> Path:
    """AGENTSKILLER_WAREHOUSE, or `warehouse` in the current directory; absolute."""
    return Path(os.environ.get("AGENTSKILLER_WAREHOUSE") or "warehouse").absolute()


class Warehouse:
    """A folder with all that was materialized; cheap to make and safe to use from several processes.

    Where AGENTSKILLER_OBJECT_STORE names a store, what is written is sent there, and what others have sent is fetched
    before it is read.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self._shared = shared_by(self.root)

    def write_records(
        self,
        asset: str,
        partition: str | None,
        model: type[R],
        records: Sequence[R],
        stamp: Stamp,
        upgraded: Materialization | None = None,
    ) -> Materialization:
        """Stores the records of one partition in place of what was there.

        With `upgraded`, the sidecar of the same records in an older shape, all that it says of them stays so.
        Raises `StorageError` for duplicate ids, values without a canonical form, and faults of the disk; the
        previous content is then as it was.
        """
        self._check_names(asset, partition)
        plain = plain_records(name_of(asset, partition), model, records)
        final, note = self._paths(asset, partition)
        with storage_faults(final, "write"), temporary(final) as data, temporary(note) as sidecar:
            write_parquet(data, columns_of(model), plain.rows, plain.cells)
            written = sidecars.describe(
                stamp,
                asset=asset,
                partition=partition,
                data_version=digest_bytes(plain.text.encode()),
                row_count=len(plain.rows),
                model=model,
                files=sidecars.file_digests(self.root, [(data, final)]),
                upgraded=upgraded,
            )
            self._publish(model, written, [(data, final)], sidecar, note)
        return written

    def read_records(self, asset: str, model: type[R], partition: str | None) -> list[R]:
        """The records of one partition, by `position` where the model has one, then by id.

        Raises `StorageError` if they are missing, unfinished or unreadable, `SchemaChangedError` if they were
        stored for another shape of the model.
        """
        path, _ = self._paths(asset, partition)
        positioned = columns_of(model).get("position") == "BIGINT"

        def read(upgrade: Upgrade) -> list[R]:
            records = [model.model_validate(upgrade(row)) for row in read_parquet(path)]
            return sorted(records, key=attrgetter("position")) if positioned else records

        try:
            return list(self._read_settled(asset, partition, model, read))
        except ValidationError as exc:
            where = ".".join(map(str, exc.errors()[0]["loc"]))
            raise sidecars.schema_changed(asset, partition, where) from exc

    def write_database(
        self,
        partition: str,
        value: EnvironmentRows,
        stamp: Stamp,
        asset: str = DATABASES,
        upgraded: Materialization | None = None,
    ) -> Materialization:
        """Stores an environment as `<asset>/<partition>.duckdb`, and a record per row as Parquet next to it.

        Raises `StorageError` naming table, row and column if rows break their specification; otherwise as
        `write_records`.
        """
        self._check_names(asset, partition)
        check_rows(value)
        rows = plain_records(name_of(asset, partition), DatabaseRow, row_records(partition, value)).rows
        listing, note = self._paths(asset, partition)
        final = self.database_path(partition, asset)
        with (
            storage_faults(final, "write"),
            temporary(final) as database,
            temporary(listing) as data,
            temporary(note) as sidecar,
        ):
            build_database(database, value)
            write_parquet(data, columns_of(DatabaseRow), rows)
            moves = [(data, listing), (database, final)]
            written = sidecars.describe(
                stamp,
                asset=asset,
                partition=partition,
                data_version=value.digest,
                row_count=len(rows) - 1,
                model=EnvironmentRows,
                files=sidecars.file_digests(self.root, moves),
                upgraded=upgraded,
            )
            self._publish(EnvironmentRows, written, moves, sidecar, note)
        return written

    def read_database(self, partition: str, asset: str = DATABASES) -> EnvironmentRows:
        """The environment of a partition, exactly as it was given to `write_database`."""
        path = self.database_path(partition, asset)
        try:
            return self._read_settled(asset, partition, EnvironmentRows, lambda upgrade: load_database(path, upgrade))
        except ValidationError as exc:
            where = ".".join(map(str, exc.errors()[0]["loc"]))
            raise sidecars.schema_changed(asset, partition, where) from exc

    def upgrade(self, asset: str, partition: str | None, model: type[Record]) -> bool:
        """Stores again, in the shape of now, what an older version stored and this one can read; whether it had to.

        Data version, time and run stay, so that nothing becomes stale. Raises `SchemaChangedError` where the older
        shape cannot be read.
        """
        sidecar = self.materialization(asset, partition)
        if sidecar is None or sidecars.is_current(sidecar, model):
            return False
        if partition and issubclass(model, EnvironmentRows):
            self.write_database(partition, self.read_database(partition, asset), sidecar, asset, sidecar)
        else:
            records = self.read_records(asset, model, partition)
            self.write_records(asset, partition, model, records, sidecar, sidecar)
        return True

    def note_checks(
        self, asset: str, partition: str | None, failed: Collection[str], made_by: str | None = None
    ) -> None:
        """Notes which blocking checks failed on what is stored: `assess` then calls it stale, whoever made it.

        Nothing is noted of what another run than `made_by` has made since.
        """
        sidecar = self.materialization(asset, partition)
        if sidecar is None or (made_by and made_by != sidecar.run_id) or set(sidecar.failed_checks) == set(failed):
            return
        noted = sidecar.model_copy(update={"failed_checks": tuple(sorted(failed))})
        _, note = self._paths(asset, partition)
        with storage_faults(note, "write"):
            write_text(note, canonical_json(noted) + "\n")
        if self._shared:
            self._shared.send(noted)

    def database_path(self, partition: str, asset: str = DATABASES) -> Path:
        """The DuckDB file of an environment; open it read-only."""
        return self.root / asset / f"{partition}.duckdb"

    def data_path(self, asset: str, partition: str | None) -> Path:
        """The Parquet file of an asset's partition."""
        return sidecars.data_file(self.root, asset, partition)

    def materialization(self, asset: str, partition: str | None) -> Materialization | None:
        """The sidecar of an asset's partition, or None."""
        if self._shared:
            self._shared.fetch(asset, partition)
        return sidecars.read_sidecar(self.root, asset, partition)

    def condition(self, asset: str, partition: str | None) -> Condition:
        """`stored`, `missing`, or `unfinished` where data and sidecar do not belong together."""
        return sidecars.condition(self.root, asset, partition, self.materialization(asset, partition))

    def partitions_of(self, asset: str) -> list[str]:
        """Keys of the partitions with data, sorted."""
        if self._shared:
            return self._shared.partitions_of(asset)
        names = [path.stem for path in (self.root / asset).glob("[!.]*.parquet")]
        return sorted(name for name in names if name != sidecars.UNPARTITIONED)

    def places(self) -> list[Place]:
        """Asset and partition of everything of which there is data or a sidecar, sorted."""
        found = sidecars.places(self.root) | {*(self._shared.materializations() if self._shared else [])}
        return sorted(found, key=lambda place: (place[0], place[1] or ""))

    def fetch_all(self) -> int:
        """Fetches everything that others have sent, for what reads files without asking for each; how much it was."""
        places = self._shared.materializations() if self._shared else []
        for asset, partition in places:
            self.materialization(asset, partition)
        return len(places)

    def refresh_catalog(self) -> bool:
        """Brings the views of `warehouse.duckdb` up to date; True if they had to be built again."""
        return catalog.refresh(self.root)

    def query(
        self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of one read-only SQL statement over the views; `StorageError` if it fails."""
        return catalog.select(self.root, sql, parameters)

    def find(self, record_id: str) -> Found:
        """Asset, partition and fields of a record or row; `RecordNotFoundError` names the closest ids."""
        found = self.locate([record_id])
        if record_id not in found:
            raise self._not_found(record_id)
        asset, partition = found[record_id]
        return asset, partition, self.fields_of({record_id: (asset, partition)})[record_id]

    def locate(self, record_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """Asset and partition of each of these records that is stored."""
        _, rows = self.query(
            "SELECT id, asset, partition FROM records WHERE list_contains(?, id) ORDER BY ALL DESC",
            [list(record_ids)],
        )
        found = {record_id: (asset, partition) for record_id, asset, partition in rows}
        return found | self.locate_calls(record_ids)

    def locate_calls(self, record_ids: Iterable[str]) -> dict[str, tuple[str, str | None]]:
        """`llm_calls` and the partition that asked first, of each of these that is a model call."""
        calls = find_calls(self.root, record_ids)
        return {call_id: (CALLS_VIEW, call.request.partition) for call_id, call in calls.items()}

    def fields_of(self, places: Mapping[str, tuple[str, str | None]]) -> dict[str, dict[str, Any]]:
        """The fields of records whose asset and partition is known, in one query, and of model calls."""
        calls = find_calls(self.root, [each for each, (asset, _) in places.items() if asset == CALLS_VIEW])
        of_calls = {call_id: call_fields(call) for call_id, call in calls.items()}
        parts = [
            f"SELECT id, to_json(r)::VARCHAR FROM read_parquet({file_literal(self.data_path(*place))},"
            f" hive_partitioning = false) r WHERE id IN ({', '.join(map(literal, ids))})"
            for place, ids in _grouped(places).items()
            if place[0] != CALLS_VIEW
        ]
        if not parts:
            return of_calls
        with storage_faults(self.root, "read"), engine() as cursor:
            rows = cursor.execute(" UNION ALL ".join(parts)).fetchall()
        return of_calls | {record_id: json.loads(fields) for record_id, fields in rows}

    def _not_found(self, record_id: str) -> RecordNotFoundError:
        _, rows = self.query(
            "SELECT DISTINCT id, jaro_winkler_similarity(id, ?) AS likeness FROM records"
            " ORDER BY likeness DESC, id LIMIT 3",
            [record_id],
        )
        close = ", ".join(row[0] for row in rows)
        return RecordNotFoundError(record_id, "no stored record has this id", f"The closest are {close}")

    def _read_settled(
        self, asset: str, partition: str | None, model: type[Record], read: Callable[[Upgrade], Any]
    ) -> Any:
        """What `read` gives, once sidecar and data belong together before and after it."""
        state: Condition = "missing"
        for attempt in range(_RETRIES):
            if attempt:
                time.sleep(_PAUSE)
            sidecar = self.materialization(asset, partition)
            if sidecar is not None and self._is_stored(sidecar):
                key = (self.root, asset, partition, model)
                if (known := recall(key, sidecar)) is not None:
                    return known
                upgrade = sidecars.upgrade_of(self.root, sidecar, model)
                with storage_faults(self.data_path(asset, partition), "read"):
                    content = read(upgrade)
                if self._is_stored(sidecar):
                    remember(key, sidecar, content, self.data_path(asset, partition).stat().st_size)
                    return content
            state = sidecars.condition(self.root, asset, partition, sidecar)
            if state == "missing":
                break
        fault = "is not stored" if state == "missing" else "is an unfinished write"
        fix = f"Run {rebuild_command(partition)} to make it"
        raise StorageError(name_of(asset, partition), fault, fix)

    def _is_stored(self, sidecar: Materialization) -> bool:
        return sidecars.condition(self.root, sidecar.asset, sidecar.partition, sidecar) == "stored"

    def _publish(
        self,
        model: type[Record],
        written: Materialization,
        moves: Sequence[tuple[Path, Path]],
        sidecar: Path,
        note: Path,
    ) -> None:
        sidecars.keep_schema(self.root, model)
        sidecar.write_text(canonical_json(written) + "\n", encoding="utf-8")
        replace_all([*moves, (sidecar, note)])
        if self._shared:
            self._shared.send(written)

    def _paths(self, asset: str, partition: str | None) -> tuple[Path, Path]:
        return self.data_path(asset, partition), sidecars.sidecar_path(self.root, asset, partition)

    @staticmethod
    def _check_names(asset: str, partition: str | None) -> None:
        fix = "Choose another name: letters, digits, `_` and `-`"
        if not _SAFE_NAME.fullmatch(asset) or asset in catalog.VIEWS:
            raise StorageError(asset, "cannot be the name of an asset", fix)
        reserved = partition == sidecars.UNPARTITIONED
        if partition is not None and (reserved or not _SAFE_NAME.fullmatch(partition)):
            raise StorageError(partition, "cannot be the name of a partition", fix)


def _grouped(places: Mapping[str, tuple[str, str | None]]) -> dict[tuple[str, str | None], list[str]]:
    groups: dict[tuple[str, str | None], list[str]] = {}
    for record_id, place in places.items():
        groups.setdefault(place, []).append(record_id)
    return groups
