"""One stored conversation with all that belongs to it, and what it changed, row by row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.errors import RecordNotFoundError
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.rollouts.models import ExecutedCall, Message, Rollout
from agentskiller_assets.tasks.models import Query
from resources.storage.warehouse import Warehouse

_PREFIX = "rollout_"
_FUSED = "fused_"


@dataclass(frozen=True)
class Change:
    """What became of one row of a database."""

    what: str
    """inserted, updated or deleted"""
    table: str
    key: str
    """Empty for rows that are shown whole."""
    cells: tuple[tuple[str, Any, Any], ...]
    """Column, old and new value; only one of the two for a row that came or went."""


@dataclass(frozen=True)
class Conversation:
    """A rollout, and what is known of it besides."""

    rollout: Rollout
    evaluation: Evaluation | None
    query: Query | None

    @property
    def prompt(self) -> str:
        """The system prompt."""
        return self.rollout.messages[0].content or ""

    @property
    def talk(self) -> tuple[Message, ...]:
        """The messages without prompt and results; a call has its result with it."""
        return tuple(each for each in self.rollout.messages if each.role in ("user", "assistant"))

    @property
    def calls(self) -> Mapping[str, ExecutedCall]:
        """What was called, by the id of the call."""
        return {call.id: call for call in self.rollout.calls}

    @property
    def answers(self) -> Mapping[str, str]:
        """What the agent read of each call."""
        return {str(each.tool_call_id): each.content or "" for each in self.rollout.messages if each.role == "tool"}

    @property
    def changes(self) -> list[Change]:
        """What the conversation changed."""
        return list(_changes(self.rollout.final_diff))

    @property
    def redundant(self) -> frozenset[str]:
        """Ids of the calls that it passes without."""
        return frozenset(self.evaluation.redundant if self.evaluation else ())

    @property
    def verdict(self) -> str:
        """Whether it passed, in a word or two."""
        if self.evaluation is None:
            return "not evaluated"
        return "passed" if self.evaluation.passed else "failed"


def find_conversation(warehouse: Warehouse, record_id: str) -> Conversation:
    """The conversation with this id, or the one that an evaluation, example or selection of this id is about.

    `RecordNotFoundError` if there is none.
    """
    asset, partition, fields = warehouse.find(record_id)
    if not record_id.startswith(_PREFIX):
        about = [parent for parent in fields.get("parents") or () if str(parent).startswith(_PREFIX)]
        if not about:
            fix = f"`agentskiller lineage {record_id} --down` shows the conversations that were made from it"
            raise RecordNotFoundError(record_id, f"it is a record of {asset}, not a conversation", fix)
        return find_conversation(warehouse, str(about[0]))
    rollout = Rollout.model_validate({name: fields[name] for name in Rollout.model_fields})
    fused = _FUSED if asset.startswith(_FUSED) else ""
    return Conversation(
        rollout=rollout,
        evaluation=_evaluation(warehouse, f"{fused}evaluations", str(partition), rollout),
        query=_query(warehouse, f"{fused}queries", str(partition), rollout),
    )


def _evaluation(warehouse: Warehouse, asset: str, partition: str, rollout: Rollout) -> Evaluation | None:
    if warehouse.condition(asset, partition) != "stored":
        return None
    stored = warehouse.read_records(asset, Evaluation, partition)
    return next((each for each in stored if each.rollout == rollout.id), None)


def _query(warehouse: Warehouse, asset: str, partition: str, rollout: Rollout) -> Query | None:
    if warehouse.condition(asset, partition) != "stored":
        return None
    return next((each for each in warehouse.read_records(asset, Query, partition) if each.id == rollout.query), None)


def _changes(diff: Mapping[str, Any]) -> Iterator[Change]:
    for table, rows in diff.get("inserted", {}).items():
        for row in rows:
            yield Change("inserted", table, "", tuple((name, None, value) for name, value in row.items()))
    for table, rows in diff.get("updated", {}).items():
        for row in rows:
            cells = tuple((name, old, new) for name, (old, new) in row["changes"].items())
            yield Change("updated", table, str(row["key"]), cells)
    for table, rows in diff.get("deleted", {}).items():
        for row in rows:
            yield Change("deleted", table, "", tuple((name, value, None) for name, value in row.items()))
