"""What certified tasks cost: the model calls of everything that they were made from, whenever they were paid for."""

from collections.abc import Iterable, Iterator
from typing import Any

from agentskiller_assets.llm.calls import CALLS, CallStore
from resources.storage.warehouse import Warehouse

__all__ = ["cost_per_task"]


def cost_per_task(
    warehouse: Warehouse, asset: str, partition: str, tasks: int, more: Iterable[str] = ()
) -> dict[str, Any]:
    """Calls, tokens and dollars for each of so many tasks, which `asset` holds; empty where no model was asked.

    The calls are those of the partition's own assets up to this one, and `more`.
    """
    call_ids = sorted({*_call_ids(warehouse, asset, partition), *more})
    if not call_ids or not tasks:
        return {}
    store = CallStore(warehouse.root / CALLS)
    completions = [call.completion for call_id in call_ids if (call := store.find(call_id))]
    costs = [completion.cost for completion in completions]
    found: dict[str, Any] = {
        "llm_calls_per_task": round(len(call_ids) / tasks, 2),
        "llm_tokens_per_task": round(sum(completion.tokens for completion in completions) / tasks),
    }
    if costs and None not in costs:
        found["llm_cost_per_task_usd"] = round(sum(filter(None, costs)) / tasks, 6)
    return found


def _call_ids(warehouse: Warehouse, asset: str, partition: str) -> Iterator[str]:
    """Calls of the asset's partition, and of all that it was made from within the same partition."""
    waiting, met = [asset], {asset}
    for name in waiting:
        note = warehouse.materialization(name, partition)
        if note is None:
            continue
        yield from note.call_ids
        new = [each.asset for each in note.parents if each.partition == partition and each.asset not in met]
        waiting += new
        met.update(new)
