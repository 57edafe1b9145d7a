"""Models as a Dagster resource: an endpoint, what was recorded from it, or a script.

One instance serves all who ask models in a run. In the definitions it is made by `LLMResource.configure_at_launch`, so
that `resources.llm.config` of a run holds for the author, the agent and the user as well.
"""

import importlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from agentskiller_assets.llm.errors import SettingsError
from agentskiller_assets.llm.meter import Meter, totals
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.scripted import Script, ScriptedLLM
from agentskiller_assets.llm.settings import CODING_MODEL, TEXTUAL_MODEL, Settings
from resources.warehouse import WarehouseResource

__all__ = ["LLM_POOL", "LLMResource", "Models", "calls_of"]

LLM_POOL = "llm"
"""Dagster's pool of the steps that may ask models: `dagster instance concurrency set llm 2` bounds them across runs."""

_meters: defaultdict[tuple[str, str, str | None], list[Meter]] = defaultdict(list)
"""By run, asset and partition."""


@dataclass(frozen=True)
class Models:
    """The names of the two models."""

    textual: str
    coding: str


class LLMResource(dg.ConfigurableResource):
    """Opens the models that the settings name. What is empty here comes from the environment."""

    warehouse: WarehouseResource
    base_url: str = Field(default="", description="Empty: AGENTSKILLER_BASE_URL, else OpenAI's own endpoint.")
    key_variable: str = Field(
        default="",
        description="Environment variable that holds the key. Empty: AGENTSKILLER_KEY_VARIABLE, else its default.",
    )
    textual_model: str = Field(default="", description="Writes what people read. Empty: AGENTSKILLER_TEXTUAL_MODEL.")
    coding_model: str = Field(
        default="", description="Writes SQL. Empty: AGENTSKILLER_CODING_MODEL, else the textual model."
    )
    offline: bool = Field(default=False, description="Only what was recorded. Also by AGENTSKILLER_OFFLINE=1.")
    strict_model: bool = Field(default=False, description="Whether an answer by a model of another name is an error.")
    concurrency: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Calls to one model at a time. 0: AGENTSKILLER_LLM_CONCURRENCY, else 16.",
    )
    timeout_s: float = Field(default=0, ge=0, description="For one attempt. 0: two minutes.")
    budget_tokens: int = Field(default=0, ge=0, description="For one run. 0: AGENTSKILLER_BUDGET_TOKENS, else none.")
    budget_usd: float = Field(default=0, ge=0, description="For one run. 0: AGENTSKILLER_BUDGET_USD, else none.")
    script: str = Field(
        default="", description="`module:name` of a function or table that answers instead of any model."
    )
    _run_id: str = PrivateAttr(default="")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Notes which run it is, since a budget is one run's."""
        self._run_id = context.run.run_id if context.run else ""

    def settings(self) -> Settings:
        """All that a run is told about models; `SettingsError` for what makes no sense."""
        return Settings.load(
            base_url=self.base_url,
            key_variable=self.key_variable,
            textual_model=self.textual_model,
            coding_model=self.coding_model,
            offline=self.offline,
            strict_model=self.strict_model,
            concurrency=self.concurrency,
            timeout_s=self.timeout_s,
            most_tokens=self.budget_tokens,
            most_cost=self.budget_usd,
        )

    def models(self) -> Models:
        """The two models; `SettingsError` if none is named."""
        settings = self.settings()
        if not settings.textual_model or not settings.coding_model:
            fix = f"Set {TEXTUAL_MODEL} and, if it is another, {CODING_MODEL}; `agentskiller doctor` checks them."
            raise SettingsError("LLM author", "no model is named", fix)
        return Models(settings.textual_model, settings.coding_model)

    def open(
        self,
        asset: str | None = None,
        partition: str | None = None,
        tell: Callable[[str], None] | None = None,
        *,
        base_url: str = "",
        key_variable: str = "",
    ) -> Meter:
        """The models on behalf of an asset and partition, whose totals `calls_of` gives; `tell` hears of progress.

        Another endpoint than the resource's may be named, for who plays one side of a conversation.
        """
        meter = Meter(self._open(base_url, key_variable), asset, partition, tell)
        if asset is not None:
            _meters[self._run_id, asset, partition].append(meter)
        return meter

    def _open(self, base_url: str, key_variable: str) -> LLM:
        if self.script:
            return ScriptedLLM(_script(self.script))
        settings = self.settings()
        own = {name: value for name, value in (("base_url", base_url), ("key_variable", key_variable)) if value}
        settings = replace(settings, endpoint=replace(settings.endpoint, **own))
        return open_llm(settings, self.warehouse.open().root, self._run_id)


def calls_of(run_id: str, asset: str, partition: str | None) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Ids of the calls that a run made for an asset and partition, and their totals for its metadata; none, none."""
    meters = _meters.get((run_id, asset, partition), [])
    call_ids = sorted({call_id for meter in meters for call_id in meter.call_ids})
    return tuple(call_ids), totals(meters) if call_ids else {}


def _script(place: str) -> Script:
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        fix = "Write `module:name`, where the name is a function of the request or a table by prompt."
        raise SettingsError(f"script {place!r}", f"it cannot be found ({error})", fix) from error
