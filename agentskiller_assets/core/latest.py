"""The last few of what takes long to make, by a digest of all that it depends on."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """At most so many; the one that was made first makes room. Threads may ask for the same one and make it twice."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, T] = {}

    def get(self, key: str, make: Callable[[], T]) -> T:
        """What was made for this key, or is made now; an error of `make` is the caller's, and nothing is kept."""
        if key in self._kept:
            return self._kept[key]
        made = make()
        while len(self._kept) >= self._most:
            self._kept.pop(next(iter(self._kept)), None)
        return self._kept.setdefault(key, made)
