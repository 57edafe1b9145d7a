"""Which models, where and within which bounds: from the environment, unless a setting says otherwise."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentskiller_assets.llm.errors import SettingsError
from agentskiller_assets.llm.openai_llm import Endpoint
from agentskiller_assets.llm.prices import PRICES

BASE_URL = "AGENTSKILLER_BASE_URL"
TEXTUAL_MODEL = "AGENTSKILLER_TEXTUAL_MODEL"
CODING_MODEL = "AGENTSKILLER_CODING_MODEL"
KEY_VARIABLE = "AGENTSKILLER_KEY_VARIABLE"
OFFLINE = "AGENTSKILLER_OFFLINE"
CONCURRENCY = "AGENTSKILLER_LLM_CONCURRENCY"
BUDGET_TOKENS = "AGENTSKILLER_BUDGET_TOKENS"
BUDGET_USD = "AGENTSKILLER_BUDGET_USD"
DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"


@dataclass(frozen=True)
class Settings:
    """Everything about models that a run can be told."""

    endpoint: Endpoint
    textual_model: str = ""
    """Writes what people read."""
    coding_model: str = ""
    """Writes SQL; the textual model where none is named."""
    offline: bool = False
    most_tokens: int | None = None
    """For one run, both ways."""
    most_cost: float | None = None
    """US dollars for one run."""
    prices: Path | None = None

    @classmethod
    def load(
        cls,
        *,
        base_url: str = "",
        key_variable: str = "",
        textual_model: str = "",
        coding_model: str = "",
        offline: bool = False,
        strict_model: bool = False,
        concurrency: int = 0,
        timeout_s: float = 0,
        most_tokens: int = 0,
        most_cost: float = 0,
    ) -> "Settings":
        """What is named here, and the environment for what is not."""
        textual = textual_model or os.environ.get(TEXTUAL_MODEL, "")
        optional: dict[str, Any] = {"timeout_s": timeout_s} if timeout_s else {}
        if many := concurrency or _number(CONCURRENCY):
            optional["concurrency"] = int(many)
        return cls(
            endpoint=Endpoint(
                base_url=base_url or os.environ.get(BASE_URL, ""),
                key_variable=key_variable or os.environ.get(KEY_VARIABLE) or DEFAULT_KEY_VARIABLE,
                strict_model=strict_model,
                **optional,
            ),
            textual_model=textual,
            coding_model=coding_model or os.environ.get(CODING_MODEL) or textual,
            offline=offline or os.environ.get(OFFLINE, "").lower() in ("1", "true", "yes"),
            most_tokens=most_tokens or int(_number(BUDGET_TOKENS)) or None,
            most_cost=most_cost or _number(BUDGET_USD) or None,
            prices=Path(os.environ[PRICES]) if os.environ.get(PRICES) else None,
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing says that a model is to be used; a key alone, which may be there for others, does not."""
        return not any((self.endpoint.base_url, self.textual_model, self.coding_model))


def _number(variable: str) -> float:
    text = os.environ.get(variable, "").replace(",", "").replace("_", "")
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise SettingsError(
            variable, f"{text!r} is not a number of at least 0", "Set it to a plain number, or unset it."
        )
    return found
