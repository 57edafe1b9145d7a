"""What several machines share: a bucket with all that each of them has made, of which a warehouse holds a part.

Contents are stored under their own digest and never change; the sidecar of a materialization, which names them, is one
object and replaced at once. Whoever reads it finds either all of the old materialization or all of the new one,
however many write at a time.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agentskiller_assets.core.canonical import digest_bytes
from agentskiller_assets.errors import StorageError
from agentskiller_assets.llm.calls import CALLS, CallStore
from resources.storage import sidecars
from resources.storage.faults import storage_faults
from resources.storage.files import replace_all, temporary, write_text
from resources.storage.sidecars import Materialization

OBJECT_STORE = "AGENTSKILLER_OBJECT_STORE"
"""Environment variable with the address, such as `s3://bucket/folder`; nothing is shared where it is not set."""
_CONTENTS = "_objects"
_INSTALL = "Install it with `pip install 'agentskiller-assets[cluster]'`"
_REACH = "See that the address and the keys in the environment are right, and that the store can be reached"


def shared_by(root: Path) -> "ObjectStore | None":
    """The store that the warehouse in this folder is shared through, if the environment names one."""
    address = os.environ.get(OBJECT_STORE)
    return _opened(address, root, os.getpid()) if address else None


@lru_cache(maxsize=16)
def _opened(address: str, root: Path, _process: int) -> "ObjectStore":
    """One for each process: the threads behind it do not outlive a fork."""
    return ObjectStore(address, root)


class ObjectStore:
    """Copies materializations between a store and a warehouse's folder. `StorageError` names store, fault and fix.

    `address` is a URL that obstore knows: `s3://`, `gs://`, `az://`, or `file:///`. Keys and endpoints are read from
    the environment by the names that the vendors' own tools use, such as AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL.
    """

    def __init__(self, address: str, root: Path) -> None:
        self._address = address
        self._root = root
        self._store = _connected(address)

    def fetch(self, asset: str, partition: str | None) -> None:
        """Brings the folder's copy of a materialization up to date; one that nobody has sent is left alone."""
        note = sidecars.sidecar_path(self._root, asset, partition)
        text = self._get(self._key(note))
        if text is None:
            return
        told = self._told(text, self._key(note))
        if self._is_here(note, text, told):
            return
        self._fetch_missing(self._about(told))
        with storage_faults(note, "write"), ExitStack() as stack:
            moves = []
            for name, expected in told.files.items():
                staged = stack.enter_context(temporary(self._root / name))
                staged.write_bytes(self._content(expected, name))
                moves.append((staged, self._root / name))
            staged = stack.enter_context(temporary(note))
            staged.write_bytes(text)
            replace_all([*moves, (staged, note)])

    def send(self, written: Materialization) -> None:
        """Makes a materialization of this folder what everybody reads; its sidecar is sent last."""
        for name, digest in written.files.items():
            self._put_once(_content_key(digest), self._root / name)
        for path in self._about(written):
            self._put_once(self._key(path), path)
        note = sidecars.sidecar_path(self._root, written.asset, written.partition)
        self._put(self._key(note), note.read_bytes())

    def fetch_file(self, path: Path) -> None:
        """Brings a small file of the warehouse, such as the registry, up to date."""
        text = self._get(self._key(path))
        if text is not None and not (path.exists() and path.read_bytes() == text):
            _write(path, text)

    def send_file(self, path: Path) -> None:
        """Makes a small file of the warehouse what everybody reads."""
        self._put(self._key(path), path.read_bytes())

    def partitions_of(self, asset: str) -> list[str]:
        """The partitions of an asset that anybody has sent, sorted."""
        names = [Path(key).stem for key in self._list(f"{sidecars.MATERIALIZATIONS}/{asset}/")]
        return sorted(name for name in names if name != sidecars.UNPARTITIONED)

    def materializations(self) -> list[tuple[str, str | None]]:
        """Asset and partition of everything that anybody has sent, sorted."""
        paths = [Path(key) for key in self._list(f"{sidecars.MATERIALIZATIONS}/")]
        found = [(path.parent.name, None if path.stem == sidecars.UNPARTITIONED else path.stem) for path in paths]
        return sorted(found, key=lambda place: (place[0], place[1] or ""))

    def sidecars(self) -> list[Materialization]:
        """All that anybody has sent, as it is now, in order of asset and partition; a request for each."""
        texts = {key: self._get(key) for key in sorted(self._list(f"{sidecars.MATERIALIZATIONS}/"))}
        return [self._told(text, key) for key, text in texts.items() if text is not None]

    def unnamed(self, before: datetime) -> dict[str, int]:
        """Contents that were sent before that time and that no sidecar names any more: their keys and bytes."""
        with self._faults(f"list {_CONTENTS}/"):
            old = [
                each for chunk in self._store.list(f"{_CONTENTS}/") for each in chunk if each["last_modified"] < before
            ]
        named = {_content_key(digest) for told in self.sidecars() for digest in told.files.values()}
        return {str(each["path"]): int(each["size"]) for each in old if each["path"] not in named}

    def remove(self, keys: Iterable[str]) -> None:
        """Lets go of contents; who calls this has seen to it that nobody is about to name them again."""
        for key in keys:
            with self._faults(f"remove {key}"):
                self._store.delete(key)

    def _told(self, text: bytes, key: str) -> Materialization:
        """A sidecar of the store; `StorageError` for one that cannot be read, or that leads out of the warehouse."""
        place = f"{self._address}, {key}"
        try:
            told = Materialization.model_validate_json(text)
        except ValidationError as error:
            fix = "Use the version that wrote it, or remove this object to have it made again"
            raise StorageError(place, "is not a sidecar that this version can read", fix) from error
        for path in (*(self._root / name for name in told.files), *self._about(told)):
            if not path.is_relative_to(self._root) or ".." in path.relative_to(self._root).parts:
                fix = "Remove this object, and see who else can write to the store"
                raise StorageError(place, f"it names a file outside of the warehouse, {str(path)!r}", fix)
        return told

    def _is_here(self, note: Path, text: bytes, told: Materialization) -> bool:
        """Whether the folder has the same sidecar, and all files that it speaks of, whole."""
        with storage_faults(note, "read"):
            if not note.exists() or note.read_bytes() != text:
                return False
        return sidecars.condition(self._root, told.asset, told.partition, told) == "stored"

    def _about(self, told: Materialization) -> list[Path]:
        """Files that a materialization cannot be read, or traced, without: its schema and its model calls."""
        schema = self._root / sidecars.SCHEMAS / f"{told.schema_fingerprint}.json"
        calls = CallStore(self._root / CALLS)
        return [schema, *(calls.path(call) for call in told.call_ids)]

    def _fetch_missing(self, paths: Sequence[Path]) -> None:
        for path in paths:
            if not path.exists() and (text := self._get(self._key(path))) is not None:
                _write(path, text)

    def _content(self, digest: str, name: str) -> bytes:
        found = self._get(_content_key(digest))
        if found is None or digest_bytes(found) != digest:
            fault = "is missing" if found is None else "is not what was sent"
            raise StorageError(f"{self._address}, {name}", fault, "Make that partition again: what it was is lost")
        return found

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _get(self, key: str) -> bytes | None:
        with self._faults(f"read {key}"):
            try:
                return self._store.get(key).bytes().to_bytes()
            except FileNotFoundError:
                return None

    def _put_once(self, key: str, path: Path) -> None:
        """Sends a file whose key says what is in it, unless it is there."""
        with self._faults(f"look for {key}"):
            try:
                self._store.head(key)
            except FileNotFoundError:
                self._put(key, path.read_bytes())

    def _put(self, key: str, content: bytes) -> None:
        with self._faults(f"write {key}"):
            self._store.put(key, content)

    def _list(self, prefix: str) -> list[str]:
        with self._faults(f"list {prefix}"):
            return [str(each["path"]) for chunk in self._store.list(prefix) for each in chunk]

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - of the extra `cluster`

        try:
            yield
        except (BaseError, OSError) as error:
            raise StorageError(self._address, f"cannot {doing}: {_reason(error)}", _REACH) from error


def _connected(address: str) -> Any:
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - of the extra `cluster`
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError as error:
        raise StorageError(f"{OBJECT_STORE}={address}", "obstore is not installed", _INSTALL) from error
    try:
        return from_url(address, mkdir=True) if address.startswith("file:") else from_url(address)
    except (BaseError, OSError, ValueError) as error:
        raise StorageError(f"{OBJECT_STORE}={address}", f"no store is there: {_reason(error)}", _REACH) from error


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _content_key(digest: str) -> str:
    return f"{_CONTENTS}/{digest[:2]}/{digest}"


def _write(path: Path, content: bytes) -> None:
    with storage_faults(path, "write"):
        write_text(path, content.decode())
