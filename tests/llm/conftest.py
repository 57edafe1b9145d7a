"""Every test of models has a key, and nothing else from outside."""

import pytest

from tests.llm.kit import KEY, VARIABLE


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AGENTSKILLER_PRICES", "AGENTSKILLER_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
