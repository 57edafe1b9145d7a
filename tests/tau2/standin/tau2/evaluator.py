"""Rewards: the recorded calls are replayed, the gold calls made, and the hashes compared."""

from collections.abc import Callable, Sequence

from .data_model.tasks import Task
from .environment.environment import Answer, Environment


def reward(build: Callable[..., Environment], task: Task, recorded: Sequence[Answer], said: Sequence[str]) -> float:
    criteria = task.evaluation_criteria
    if criteria is None or criteria.actions is None:
        return 1.0
    predicted, gold = build(solo_mode=False), build()
    predicted.set_state(recorded)
    for action in criteria.actions:
        gold.make_tool_call(tool_name=action.name, requestor=action.requestor, **action.arguments)
    found = 1.0
    if "DB" in criteria.reward_basis:
        found *= predicted.get_db_hash() == gold.get_db_hash()
    if "COMMUNICATE" in criteria.reward_basis:
        heard = [text.lower().replace(",", "") for text in said]
        found *= all(any(info.lower() in text for text in heard) for info in criteria.communicate_info or [])
    return found
