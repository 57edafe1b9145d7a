"""Every test of models has a key, and nothing else from outside."""

from collections.abc import Iterator

import pytest

from agentskiller_assets.llm import background
from tests.llm.kit import KEY, VARIABLE, close_models


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, KEY)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AGENTSKILLER_PRICES", "AGENTSKILLER_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    yield
    background.run(close_models())
