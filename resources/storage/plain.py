"""Records as plain JSON values and canonical text; what they share, as the tools of a domain, is made plain once."""

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

from agentskiller_assets.core.canonical import plain_json
from agentskiller_assets.core.records import Record
from agentskiller_assets.errors import StorageError
from resources.storage.parquet import columns_of


class Plain(NamedTuple):
    """The records of one partition, ordered by id."""

    rows: list[dict[str, Any]]
    text: str
    """All of them as canonical JSON."""
    cells: dict[int, str]
    """The canonical JSON of values in the rows that several records share, by the identity of the value."""


def plain_records(culprit: str, model: type[Record], records: Iterable[Record]) -> Plain:
    """Raises `StorageError`, about `culprit`, for two records with one id and for values without a canonical form."""
    cells, kept = _Cells(model), list(records)  # kept, since what is shared is told by the identity of objects
    found = [_plain_record(culprit, model, record, cells) for record in kept]
    found.sort(key=lambda each: each[0]["id"])
    rows, texts = [row for row, _ in found], [text for _, text in found]
    for row, following in itertools.pairwise(rows):
        if row["id"] == following["id"]:
            fix = "Make what identifies a record part of its id"
            raise StorageError(culprit, f"two records have the id {row['id']}", fix)
    return Plain(rows, f"[{','.join(texts)}]", cells.texts)


def _plain_record(culprit: str, model: type[Record], record: Record, cells: "_Cells") -> tuple[dict[str, Any], str]:
    if type(record) is not model:
        fix = "Store records of one model per asset"
        raise StorageError(culprit, f"holds a {type(record).__name__} among {model.__name__} records", fix)
    try:
        row, text = cells.plain(record)
        text.encode()
    except (TypeError, ValueError) as exc:
        fix = "Store numbers that are finite and text that is valid Unicode"
        raise StorageError(f"{culprit}, record {record.id}", f"has no canonical form: {exc}", fix) from exc
    return row, text


class _Cells:
    """Tuples of dictionaries whose values are the very objects that another record has, made plain for that one."""

    def __init__(self, model: type[Record]) -> None:
        self.texts: dict[int, str] = {}
        self._names = [name for name, kind in columns_of(model).items() if kind == "JSON"]
        self._known: dict[tuple[Any, ...], Any] = {}

    def plain(self, record: Record) -> tuple[dict[str, Any], str]:
        """The record as plain values and as their JSON. Both have to live until all are done: later ones share them."""
        keys = {name: key for name in self._names if (key := _identity(name, getattr(record, name)))}
        shared = {name: self._known[key] for name, key in keys.items() if key in self._known}
        # `Model` says that NaN stays NaN in JSON mode, and is not turned into null: `plain_json` refuses it
        row = record.model_dump(mode="json", exclude=set(shared) or None) | shared
        for name, key in keys.items():
            self._known.setdefault(key, row[name])
        return row, self._text(row, shared) if shared else plain_json(row)

    def _text(self, row: dict[str, Any], shared: dict[str, Any]) -> str:
        """`plain_json` of the row."""
        for value in shared.values():
            if id(value) not in self.texts:
                self.texts[id(value)] = plain_json(value)
        cells = {name: self.texts.get(id(value)) or plain_json(value) for name, value in row.items()}
        return f"{{{','.join(f'{plain_json(name)}:{cells[name]}' for name in sorted(cells))}}}"


def _identity(name: str, value: Any) -> tuple[Any, ...]:
    """Equal for two values only if their dictionaries hold the same objects; nothing for another kind of value."""
    if type(value) is not tuple or not value or any(type(each) is not dict for each in value):
        return ()
    return (name, *((*each, *map(id, each.values())) for each in value))
