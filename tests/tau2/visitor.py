"""What a user of an exported folder asks of it: `visitor.py PACKAGE QUESTION`, with JSON in and out.

It runs beside a tau2 and the exported package, which are imported by name: this project is not there.
"""

import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

Calls = Sequence[tuple[str, dict[str, Any]]]
package = import_module(sys.argv[1])
registry = import_module("tau2.registry").registry
digest = import_module("agentskiller_assets.core.canonical").digest
reward = import_module("tau2.evaluator").reward


def build(**options: Any) -> Any:
    return registry.get_env_constructor(package.NAME)(**options)


def tasks(split: str | None = "base") -> list[Any]:
    return registry.get_tasks_loader(package.NAME)(task_split_name=split)


def gold_of(task: Any) -> Calls:
    return [(action.name, action.arguments) for action in task.evaluation_criteria.actions]


def recorded(calls: Calls) -> list[Any]:
    environment = build()
    return [environment.get_response(name, arguments) for name, arguments in calls]


def gold(_: Any) -> dict[str, Any]:
    """The state that the gold calls leave, twice, and the one that they begin with. No call may raise."""
    before = build().get_db_hash()
    return {task.id: {"before": before, "states": [_state(task), _state(task)]} for task in tasks()}


def _state(task: Any) -> list[Any]:
    environment = build()
    for name, arguments in gold_of(task):
        environment.make_tool_call(name, **arguments)
    database = environment.tools.db
    return [digest(database.rows()), environment.get_db_hash(), database.conversation.model_dump()]


def scores(wanted: list[str]) -> dict[str, dict[str, float]]:
    """Rewards for doing these tasks rightly and in several wrong ways."""
    tools = build().tools.tools
    writes = {name for name, tool in tools.items() if str(tool.tool_type) == "write"}
    gates = {name for name, tool in tools.items() if str(tool.tool_type) == "read" and tool.mutates_state}
    found = {}
    for task in tasks():
        if task.id not in wanted:
            continue
        calls = gold_of(task)
        told = [f"It is {info}." for info in task.evaluation_criteria.communicate_info or []]
        ways: dict[str, tuple[Calls, Sequence[str]]] = {
            "rightly": (calls, told),
            "after mistakes": ([("no_such_tool", {}), *((name, {"x": 1}) for name, _ in calls), *calls], told),
            "nothing": ([], ["How can I help you?"]),
            "without a word": (calls, []),
            "without its writes": ([call for call in calls if call[0] not in writes], told),
            "handed over": ([*calls, ("transfer_to_human_agents", {"summary": "Over to you."})], told),
            "unidentified": ([call for call in calls if call[0] not in gates], told),
        }
        found[task.id] = {way: reward(build, task, recorded(made), said) for way, (made, said) in ways.items()}
    return found


def answers(cases: list[Any]) -> list[Any]:
    """For each list of calls: the last one's answer, and whether it left the state as it was."""
    found = []
    for *before, (name, arguments) in cases:
        environment = build()
        for call, given in before:
            environment.make_tool_call(call, **given)
        state = environment.get_db_hash()
        answer = environment.get_response(name, arguments)
        found.append([answer.content, answer.error, environment.get_db_hash() == state])
    return found


def swapped(orders: list[Calls]) -> list[list[Any]]:
    """The hash, and the digest of the rows, that each order of calls leaves."""
    found = []
    for calls in orders:
        environment = build()
        for name, arguments in calls:
            environment.make_tool_call(name, **arguments)
        found.append([environment.get_db_hash(), digest(environment.tools.db.rows())])
    return found


def updated(given: dict[str, Any]) -> list[Any]:
    """Answers before and after other data are put into the database of a conversation that goes on."""
    environment = build()
    environment.make_tool_call(*given["identity"][:1], **given["identity"][1])
    before = environment.get_response(*given["call"])
    environment.tools.update_db(given["data"])
    after = environment.get_response(*given["call"])
    reference = type(environment.tools.db).model_validate(environment.tools.db.model_dump())
    return [before.content, after.content, environment.check_db(reference), environment.check_db(build().tools.db)]


def shapes(_: Any) -> dict[str, Any]:
    """The schemas that are derived from the code, and what is registered."""
    environment = build()
    derive = import_module("tau2.environment.toolkit").openai_schema
    names = {None: len(tasks(None)), **{split: len(tasks(split)) for split in package_splits()}}
    return {
        "tools": {name: derive(tool) for name, tool in environment.tools.tools.items()},
        "types": {name: str(tool.tool_type) for name, tool in environment.tools.tools.items()},
        "replayed": sorted(name for name, tool in environment.tools.tools.items() if tool.mutates_state),
        "database": environment.tools.db.get_json_schema(),
        "policy": environment.policy,
        "splits": {str(split): count for split, count in names.items()},
        "runtime": import_module("agentskiller_assets").__file__,
    }


def package_splits() -> dict[str, list[str]]:
    return registry.get_task_splits_loader(package.NAME)()


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "gold": gold,
    "scores": scores,
    "answers": answers,
    "swapped": swapped,
    "updated": updated,
    "shapes": shapes,
}

if __name__ == "__main__":
    package.register()
    json.dump(QUESTIONS[sys.argv[2]](json.load(sys.stdin)), sys.stdout)
