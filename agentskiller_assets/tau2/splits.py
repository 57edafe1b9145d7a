"""Splits of an exported domain: `base` is everything, `train` and `test` share nothing."""

from collections.abc import Mapping, Sequence

from agentskiller_assets.core.seeds import rng

TEST_SHARE = 0.2


def make_splits(seed: int, kinds: Mapping[str, str]) -> dict[str, list[str]]:
    """Ids by split, each in the order of `kinds`, which gives the kind of every task.

    A task's draw is its own, so that tasks that are added leave the others where they are. Of every kind with two tasks
    or more, the one with the lowest draw is in `test` and the one with the highest in `train`.
    """
    draws = {task: rng(seed, "tau2", "split", task).random() for task in kinds}
    test: set[str] = set()
    for kind in dict.fromkeys(kinds.values()):
        test |= _tested([task for task, its in kinds.items() if its == kind], draws)
    return {
        "base": list(kinds),
        "train": [task for task in kinds if task not in test],
        "test": [task for task in kinds if task in test],
    }


def _tested(tasks: Sequence[str], draws: Mapping[str, float]) -> set[str]:
    if len(tasks) < 2:
        return set()
    ordered = sorted(tasks, key=lambda task: draws[task])
    count = sum(draws[task] < TEST_SHARE for task in ordered)
    return set(ordered[: min(max(count, 1), len(ordered) - 1)])
