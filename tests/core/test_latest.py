"""The last few are kept, and no more."""

import pytest

from agentskiller_assets.core.latest import Latest


def test_each_is_made_once_until_so_many_others_were_made_after_it() -> None:
    made: list[str] = []

    def get(latest: Latest[str], key: str) -> str:
        return latest.get(key, lambda: made.append(key) or f"the {key}")

    latest = Latest[str](2)
    assert [get(latest, key) for key in "abab"] == ["the a", "the b", "the a", "the b"]
    assert made == ["a", "b"]
    assert [get(latest, key) for key in "cba"] == ["the c", "the b", "the a"]
    assert made == ["a", "b", "c", "a"], "c took the place of a, and a that of b"
    assert get(latest, "c") == "the c"
    assert made == ["a", "b", "c", "a"]


def test_what_cannot_be_made_is_tried_again() -> None:
    latest = Latest[float](1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            latest.get("half", lambda: 1 / 0)
    assert latest.get("half", lambda: 1 / 2) == 0.5
