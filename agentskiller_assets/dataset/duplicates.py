"""Near duplicates: texts that share most of their runs of five words, found exactly and without comparing all."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from math import ceil

from agentskiller_assets.dataset.messages import words_of

SHINGLE = 5
"""Words in a row that are compared."""
_ROUNDING = 1e-9


class Shingles:
    """Numbers for runs of words, the same for equal runs: a text becomes a small set of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, text: str) -> frozenset[int]:
        """The runs of a text; one of fewer words is a single run."""
        words = words_of(text)
        runs = {" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}
        return frozenset(self._numbers.setdefault(run, len(self._numbers)) for run in sorted(runs))


def similarity(one: Collection[int], other: Collection[int]) -> float:
    """The runs that both have as a share of those that either has (Jaccard)."""
    shared = len(set(one) & set(other))
    return shared / (len(one) + len(other) - shared)


def near_duplicates(texts: Mapping[str, frozenset[int]], threshold: float) -> dict[str, tuple[str, float]]:
    """For each text that is like an earlier one which is kept: that one, and how alike they are.

    Two sets that share so much share one of the rarest runs of each: only those are looked up.
    """
    times = Counter(chain.from_iterable(texts.values()))
    kept: dict[int, list[str]] = {}
    found: dict[str, tuple[str, float]] = {}
    for name, runs in texts.items():
        rare = sorted(runs, key=lambda run: (times[run], run))
        rare = rare[: len(rare) - ceil(threshold * len(rare) - _ROUNDING) + 1]
        twin = _most_alike(texts, name, chain.from_iterable(kept.get(run, ()) for run in rare))
        if twin is not None and twin[1] >= threshold:
            found[name] = twin
            continue
        for run in rare:
            kept.setdefault(run, []).append(name)
    return found


def _most_alike(texts: Mapping[str, frozenset[int]], name: str, others: Iterable[str]) -> tuple[str, float] | None:
    """The first of the others that are most like a text."""
    best: tuple[str, float] | None = None
    for other in dict.fromkeys(others):
        alike = similarity(texts[name], texts[other])
        if best is None or alike > best[1]:
            best = (other, alike)
    return best
