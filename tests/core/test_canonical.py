"""Equal values give equal text, by the quick way as by the thorough one."""

import json
from enum import StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentskiller_assets.core.canonical import canonical_json, plain_json
from agentskiller_assets.core.prose_lint import Finding

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(PLAIN)
def test_plain_values_have_the_same_text_either_way(value: object) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    assert plain_json(value) == canonical_json(value) == text


def test_what_json_does_not_know_is_plain_first_or_refused() -> None:
    class Name(StrEnum):
        ONE = "one"

    values = {2: (1, [MappingProxyType({"a": Name.ONE})]), 10: Finding(code="c", excerpt="e", message="m")}
    assert canonical_json(values) == '{"10":{"code":"c","excerpt":"e","message":"m"},"2":[1,[{"a":"one"}]]}'
    for refused in ({1, 2}, float("nan"), object()):
        with pytest.raises((TypeError, ValueError)):
            canonical_json([refused])
