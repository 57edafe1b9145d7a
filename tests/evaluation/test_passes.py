"""pass^k: the unbiased estimate that all of k conversations pass."""

from itertools import combinations

import pytest

from agentskiller_assets.errors import EvaluationError
from agentskiller_assets.evaluation.passes import pass_hat_k

RESULTS = {"one": [True, False, True, True], "two": [True] * 4, "three": [False, False, True, False]}


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_it_is_the_share_of_all_choices_of_k_that_pass_together(k):
    shares = [[all(chosen) for chosen in combinations(passed, k)] for passed in RESULTS.values()]

    assert pass_hat_k(RESULTS, k) == pytest.approx(sum(sum(s) / len(s) for s in shares) / len(shares))


def test_for_one_it_is_the_pass_rate():
    assert pass_hat_k(RESULTS, 1) == pytest.approx((0.75 + 1 + 0.25) / 3)


def test_more_than_there_are_cannot_be_told():
    with pytest.raises(EvaluationError, match=r"two: it has 1 conversations, pass\^2 needs 2"):
        pass_hat_k({"one": [True, True], "two": [True]}, 2)


@pytest.mark.parametrize(("results", "k"), [({}, 1), ({"one": []}, 1), (RESULTS, 0)])
def test_nothing_is_no_result(results, k):
    with pytest.raises(EvaluationError):
        pass_hat_k(results, k)
