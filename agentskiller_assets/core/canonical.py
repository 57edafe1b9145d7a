"""Canonical bytes and digests: the one way this project turns values into something that can be compared."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

plain_json = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode
"""`canonical_json` for values that are plain already."""
_SCALARS = frozenset({str, int, float, bool, type(None)})


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and plain Unicode; equal values give equal text in every process."""
    return plain_json(_plain(value))


def digest(value: Any) -> str:
    """32 hexadecimal characters of SHA-256 over `canonical_json(value)`."""
    return digest_bytes(canonical_json(value).encode())


def digest_bytes(data: bytes) -> str:
    """32 hexadecimal characters of SHA-256 over raw bytes."""
    return hashlib.sha256(data).hexdigest()[:32]


def _plain(value: Any) -> Any:
    if type(value) in _SCALARS:  # most values are, and the questions below take longer
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        raise TypeError("a set has no order; sort it before it is stored or hashed")
    return value
