"""Texts that the examples are kept apart from, such as those of a benchmark: no run of 13 words may be in both."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from agentskiller_assets.core.canonical import digest_bytes
from agentskiller_assets.dataset.messages import words_of
from agentskiller_assets.dataset.models import Source
from agentskiller_assets.errors import StorageError
from resources.storage.engine import engine, file_literal
from resources.storage.parquet import description

RUN = 13
"""Words in a row that two texts share by accident hardly ever."""
_FORMS = "Give files that end in .txt, .jsonl or .parquet"


class ForeignTexts:
    """The runs of words of some files."""

    def __init__(self, paths: Sequence[str] = ()) -> None:
        self.files = tuple(source_of(path) for path in paths)
        self._runs: dict[str, str] = {}
        for path in paths:
            for text in _texts(Path(path)):
                for run in _runs(text):
                    self._runs.setdefault(run, Path(path).name)
        # many conversations have one system prompt
        self._in_text = lru_cache(maxsize=1024)(self._look)

    def found_in(self, texts: Iterable[str]) -> str | None:
        """The first run of words of these texts that a file has too, and which file; None if there is none."""
        if not self._runs:
            return None
        return next((found for text in texts if (found := self._in_text(text))), None)

    def _look(self, text: str) -> str | None:
        return next((f"{self._runs[run]} has too: {run}" for run in _runs(text) if run in self._runs), None)


def source_of(path: str) -> Source:
    """A file by its path and the digest of its bytes; `StorageError` if it cannot be read."""
    try:
        return Source(name=path, digest=digest_bytes(Path(path).read_bytes()))
    except OSError as error:
        raise StorageError(path, f"it cannot be read ({error.strerror})", _FORMS) from error


def _runs(text: str) -> Iterator[str]:
    words = words_of(text)
    return (" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def _texts(path: Path) -> Iterator[str]:
    """Every text that a file holds, however deep."""
    match path.suffix:
        case ".txt":
            yield path.read_text(encoding="utf-8", errors="replace")
        case ".jsonl":
            yield from _of_lines(path)
        case ".parquet":
            yield from _of_table(path)
        case _:
            raise StorageError(str(path), "texts cannot be read from a file of this kind", _FORMS)


def _of_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield from _strings(json.loads(line))
                except ValueError as error:
                    raise StorageError(
                        f"{path}, line {number}", "it is not JSON", "Write one value per line"
                    ) from error


def _of_table(path: Path) -> Iterator[str]:
    try:
        with engine() as cursor:
            cursor.execute(f"SELECT * FROM read_parquet({file_literal(path)}, hive_partitioning = false)")
            names = [column[0] for column in description(cursor)]
            while rows := cursor.fetchmany(1000):
                yield from _strings([dict(zip(names, row, strict=True)) for row in rows])
    except duckdb.Error as error:
        raise StorageError(str(path), f"it is no Parquet file: {error}", _FORMS) from error


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
