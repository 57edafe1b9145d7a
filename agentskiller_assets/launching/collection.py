"""Garbage is looked for seldom in processes that make runs: most of what they hold is loaded once, or soon let go."""

import gc

_NEW, _YOUNG, _OLD = 100_000, 50, 100
"""Objects made before the youngest are looked through, and how often that happens before older ones are; a run makes
some millions. A tenth of the time of a run is saved; references that lead in circles stay a little longer."""


def collect_seldom() -> None:
    """Takes what is loaded out of every later collection. Further calls in one process change nothing."""
    if gc.get_freeze_count() == 0:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_NEW, _YOUNG, _OLD)
