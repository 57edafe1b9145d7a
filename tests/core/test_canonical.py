"""Equal values give equal text, by the quick way as by the thorough one."""

from hypothesis import given
from hypothesis import strategies as st

from agentskiller_assets.core.canonical import canonical_json, plain_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_plain_values_have_the_same_text_either_way(value: object) -> None:
    assert plain_json(value) == canonical_json(value)
