"""Splits: no domain is in two, growing moves nobody unless groups meet, and there is always something to train on."""

import random
from collections import Counter

import pytest

from agentskiller_assets.dataset.groups import domains_in, groups_of, splits_of
from agentskiller_assets.dataset.models import Settings, Split

ORDER = [f"domain_{number:03}" for number in range(300)]
SETTINGS = Settings(seed=7)


def _split_of_domains(partitions: list[str], settings: Settings = SETTINGS) -> dict[str, Split]:
    groups = groups_of(partitions, ORDER, settings)
    splits = splits_of(groups, ORDER, settings)
    return {domain: splits[group] for domain, group in groups.items()}


def _pair(one: int, other: int) -> str:
    return "--".join(sorted((ORDER[one], ORDER[other])))


def test_domains_that_pairs_hold_together_are_one_group_under_the_name_of_the_first():
    groups = groups_of([*ORDER[:6], _pair(4, 2), _pair(4, 5)], ORDER, SETTINGS)
    assert groups == {
        ORDER[0]: ORDER[0], ORDER[1]: ORDER[1], ORDER[2]: ORDER[2], ORDER[3]: ORDER[3],
        ORDER[4]: ORDER[2], ORDER[5]: ORDER[2],
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_no_domain_is_in_two_splits_whatever_the_pairs(seed: int):
    draw = random.Random(seed)
    pairs = [_pair(*draw.sample(range(80), 2)) for _ in range(40)]
    settings = Settings(seed=seed)
    groups = groups_of([*ORDER[:80], *pairs], ORDER, settings)
    splits = splits_of(groups, ORDER, settings)
    for pair in pairs:
        one, other = domains_in(pair)
        assert groups[one] == groups[other]
    assert set(splits) == set(groups.values())


def test_more_domains_and_pairs_at_the_end_move_none_unless_groups_meet():
    before = [*ORDER[:100], *(_pair(n, n + 1) for n in range(0, 60, 3))]
    grown = [*before, *ORDER[100:], *(_pair(n, n + 100) for n in range(0, 100, 3)), _pair(200, 201)]
    old, new = _split_of_domains(before), _split_of_domains(grown)
    assert {domain: new[domain] for domain in old} == old
    met = _split_of_domains([*before, _pair(0, 90)])
    moved = {domain for domain, split in old.items() if met[domain] != split}
    assert moved <= {ORDER[90], ORDER[91]}


def test_shares_are_kept_over_every_forty_places_and_the_first_is_trained_on():
    splits = _split_of_domains(ORDER, Settings(seed=3, validation_share=0.2, test_share=0.1))
    for start in range(0, 280, 40):
        shares = Counter(splits[domain] for domain in ORDER[start : start + 40])
        assert shares == {"train": 28, "validation": 8, "test": 4}
    for seed in range(30):
        few = _split_of_domains(ORDER[50:52], Settings(seed=seed, validation_share=0.49, test_share=0.49))
        assert few[ORDER[50]] == "train"


def test_six_domains_have_all_splits_and_no_share_is_none():
    for seed in range(30):
        six = Counter(_split_of_domains(ORDER[:6], Settings(seed=seed)).values())
        assert six == {"train": 4, "validation": 1, "test": 1}
        assert set(_split_of_domains(ORDER, Settings(seed=seed, validation_share=0)).values()) == {"train", "test"}


def test_the_seed_and_the_order_of_registration_decide_and_not_that_of_reading():
    assert _split_of_domains(ORDER) == _split_of_domains(list(reversed(ORDER)))
    assert _split_of_domains(ORDER) != _split_of_domains(ORDER, Settings(seed=8))


def test_by_domain_a_pair_holds_nothing_together():
    groups = groups_of([ORDER[0], _pair(0, 1)], ORDER, Settings(seed=7, split_by="domain"))
    assert groups == {ORDER[0]: ORDER[0], ORDER[1]: ORDER[1]}
