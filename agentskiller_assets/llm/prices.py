"""What tokens cost, from a packaged table that a file of the user's goes before."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from agentskiller_assets.core.records import Model
from agentskiller_assets.llm.errors import SettingsError

PRICES = "AGENTSKILLER_PRICES"
"""Environment variable with a YAML file of prices."""
_PACKAGED = Path(__file__).with_name("prices.yaml")
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4}|\d{8}|latest)$")
_MILLION = 1_000_000


class Price(Model):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Prices:
    """Prices by name of model. `gpt-4o-2024-08-06` is `gpt-4o` unless the table has it itself."""

    def __init__(self, table: Mapping[str, Price]) -> None:
        self._table = table

    @classmethod
    def load(cls, own: Path | None = None) -> "Prices":
        """The packaged table, and over it the file `own`, or the one that AGENTSKILLER_PRICES names."""
        file = own or (Path(os.environ[PRICES]) if os.environ.get(PRICES) else None)
        table = _read(_PACKAGED) | (_read(file) if file else {})
        return cls(table)

    def of(self, model: str) -> Price | None:
        """The price of a model, if it is known."""
        return self._table.get(model) or self._table.get(_DATED.sub("", model))

    def cost(self, model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
        """US dollars for so many tokens; None where no price is known."""
        price = self.of(model)
        if price is None:
            return None
        return round((prompt_tokens * price.input + completion_tokens * price.output) / _MILLION, 9)


def _read(file: Path) -> dict[str, Price]:
    fix = "Write one line per model: `name: {input: 0.15, output: 0.60}`, in US dollars for a million tokens."
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        return {str(name): Price.model_validate(price) for name, price in found.items()}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise SettingsError(f"prices {file}", f"it is no table of prices ({type(error).__name__})", fix) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"prices {file}", f"{where}: {first['msg']}", fix) from error
