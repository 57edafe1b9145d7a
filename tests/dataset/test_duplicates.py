"""Near duplicates are exactly those that comparing all with all would find."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agentskiller_assets.dataset.duplicates import Shingles, near_duplicates, similarity

THRESHOLDS = st.sampled_from([0.5, 0.7, 0.8, 0.9, 1.0])
SETS = st.lists(st.frozensets(st.integers(0, 12), min_size=1, max_size=12), max_size=30)


def _by_comparing_all(texts: dict[str, frozenset[int]], threshold: float) -> set[str]:
    kept: list[frozenset[int]] = []
    found = set()
    for name, runs in texts.items():
        if any(similarity(runs, other) >= threshold for other in kept):
            found.add(name)
        else:
            kept.append(runs)
    return found


@settings(deadline=None)
@given(SETS, THRESHOLDS)
def test_looking_at_rare_runs_finds_what_comparing_all_finds(sets: list[frozenset[int]], threshold: float):
    texts = {str(number): runs for number, runs in enumerate(sets)}
    found = near_duplicates(texts, threshold)
    assert set(found) == _by_comparing_all(texts, threshold)
    assert all(similarity(texts[one], texts[other]) == share >= threshold for one, (other, share) in found.items())
    assert all(int(other) < int(one) and other not in found for one, (other, _) in found.items())


def test_runs_are_of_five_words_without_case_or_punctuation():
    shingles = Shingles()
    assert shingles.of("I'd like a refund, please.") == shingles.of("i'd LIKE a refund -- please")
    assert len(shingles.of("one two three four five six seven")) == 3
    assert len(shingles.of("too short")) == 1
    assert shingles.of("too short") != shingles.of("short too")
