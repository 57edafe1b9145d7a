"""Garbage is looked for seldom where much is loaded that stays, and after every few runs where those are made."""

import gc
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

_NEW, _YOUNG, _OLD = 100_000, 50, 100
"""Objects made before the youngest are looked through, and how often that happens before older ones are; a run makes
some millions. A twentieth of the time of a run is saved, and a fifth of that of loading all that runs need."""
_EVERY = 8
"""Runs between two collections: one takes a twentieth of the time of a run, too."""
_RUNS = itertools.count(1)


def seldom_collected() -> None:
    """From now on, in this process and those that are forked from it; older objects as often as ever after that."""
    gc.set_threshold(_NEW)


@contextmanager
def collected_afterwards() -> Iterator[None]:
    """For one run. What was loaded before the first of them is taken out of every later collection."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
        gc.set_threshold(_NEW, _YOUNG, _OLD)
    try:
        yield
    finally:
        if next(_RUNS) % _EVERY == 0:
            gc.collect()
