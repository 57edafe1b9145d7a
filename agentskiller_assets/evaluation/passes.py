"""pass^k: how likely an agent does a task every time, when it is tried k times."""

from collections.abc import Mapping, Sequence
from math import comb
from statistics import fmean

from agentskiller_assets.errors import EvaluationError

__all__ = ["pass_hat_k"]


def pass_hat_k(results: Mapping[str, Sequence[bool]], k: int) -> float:
    """The mean over queries of C(c, k) / C(n, k), for c passes in n conversations: an estimate without bias.

    `EvaluationError` where a query has fewer than k conversations, since nothing can be said then.
    """
    if k < 1 or not results:
        fault = "k is less than 1" if k < 1 else "there are no results"
        raise EvaluationError(f"pass^{k}", fault, "Give results and a k of at least 1.")
    for query, passed in results.items():
        if len(passed) < k:
            fault = f"it has {len(passed)} conversations, pass^{k} needs {k}"
            raise EvaluationError(query, fault, "Raise `rollouts_per_query`, or ask for a smaller k.")
    return fmean(comb(sum(passed), k) / comb(len(passed), k) for passed in results.values())
