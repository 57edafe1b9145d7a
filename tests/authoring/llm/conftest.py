"""Every test of the author that asks models has a key, and nothing else from outside."""

import pytest

from tests.llm.kit import KEY, VARIABLE


@pytest.fixture(autouse=True, scope="package")
def environment() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, KEY)
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AGENTSKILLER_PRICES", "AGENTSKILLER_OFFLINE"):
            patch.delenv(name, raising=False)
        yield
