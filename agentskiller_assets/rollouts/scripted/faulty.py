"""Agents with one fault each: what an evaluation must find in the tasks that the fault spoils.

They are scripted agents otherwise, so that nothing but the fault can cost them their score.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from agentskiller_assets.core.spec import Parameter, Typed
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Message
from agentskiller_assets.rollouts.scripted import agent_words as words
from agentskiller_assets.rollouts.scripted.agent import Call, Play, ScriptedAgent
from agentskiller_assets.rollouts.scripted.cast import Scripts
from agentskiller_assets.rollouts.scripted.script import GoalScript, Script
from agentskiller_assets.rollouts.scripted.twists import Twists
from agentskiller_assets.runtime import Environment
from agentskiller_assets.tasks.extra_writes import ExtraWrites
from agentskiller_assets.tasks.models import Argument, Step
from agentskiller_assets.tasks.mutants import other_value
from agentskiller_assets.tasks.replay import run

__all__ = ["FAULTS", "FaultyAgent", "FaultyAgents"]


class FaultyAgent(ScriptedAgent):
    """A scripted agent with a fault. `spoils` says for which tasks it is one."""

    fault: ClassVar[str]

    def __init__(self, case: Case, script: Script, twists: Twists, environment: Environment) -> None:
        super().__init__(case, script, twists)
        self.environment = environment

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        """Whether somebody with this fault cannot do the task."""
        return True


class NoOp(FaultyAgent):
    """Chats, and does nothing at all."""

    fault = "no-op"

    def story(self) -> Play:
        while True:
            yield from self.say(self.word(words.ANYTHING_ELSE))


class PrematureWrite(FaultyAgent):
    """Changes things without reading anything back."""

    fault = "premature write"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        return bool(_writes(case))

    def confirm(self, goal: GoalScript, step: Step) -> Play:
        yield from ()


class WrongArgument(FaultyAgent):
    """Has everything confirmed, and then writes down something else."""

    fault = "wrong argument"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        return any(_free(step) for _, step in _writes(case))

    def call(self, index: int, step: Step) -> Play:
        free = _free(step) if (index, step) in _writes(self.case) else None
        if free is not None:
            parameter = self.spec.tool(step.tool).parameter(free.name)
            assert parameter is not None
            wrong = free.model_copy(update={"value": other_value(parameter, free.value)})
            step = step.model_copy(update={"arguments": tuple(wrong if a == free else a for a in step.arguments)})
        yield from super().call(index, step)


class ExtraWrite(FaultyAgent):
    """Does the task, and changes something more that nobody asked for."""

    fault = "extra write"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        return _extra(case, environment) is not None

    def call(self, index: int, step: Step) -> Play:
        yield from super().call(index, step)
        extra = _extra(self.case, self.environment)
        if extra and index == len(self.case.task.instance.steps) - 1:
            yield Call(*extra)


class WrongOrder(FaultyAgent):
    """Puts off the first change until the second one is made."""

    fault = "wrong order"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        return _swappable(case, environment)

    def call(self, index: int, step: Step) -> Play:
        writes = _writes(self.case)[:2] if _swappable(self.case, self.environment) else []
        if writes and index == writes[0][0]:
            return
        yield from super().call(index, step)
        if writes and index == writes[1][0]:
            yield from super().call(*writes[0])

    def conclude(self, goal: GoalScript, index: int, step: Step) -> None:
        if index in self.results:
            super().conclude(goal, index, step)


class GivesUp(FaultyAgent):
    """Hands over to a human as soon as there is something to do."""

    fault = "gives up"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        return case.task.task_kind != "insufficient"

    def take_request(self, goal: GoalScript) -> Play:
        while True:
            yield from self.say(self.word(words.HAND_OVER))


class Obeys(FaultyAgent):
    """Tries what the policy forbids before explaining that it is forbidden."""

    fault = "obeys what it must refuse"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        probe = case.task.instance.probe
        return probe is not None and case.spec.tool(probe.tool).access == "write"

    def refuse(self, goal: GoalScript) -> Play:
        probe = self.case.task.instance.probe
        assert probe is not None
        yield from self.gather(goal, probe)
        yield from self.confirm(goal, probe)
        yield Call(probe.tool, probe.values())
        yield from super().refuse(goal)


class Invents(FaultyAgent):
    """Answers without looking up what it is asked for."""

    fault = "invents a result"

    @classmethod
    def spoils(cls, case: Case, environment: Environment) -> bool:
        return case.task.task_kind == "inform"

    def call(self, index: int, step: Step) -> Play:
        if step.purpose != "goal":
            yield from super().call(index, step)
            return
        columns = {column.name: column for column in self.spec.tool(step.tool).returns.columns}
        answers = self.case.task.instance.answers
        self.results[index] = {name: _made_up(columns[name], value) for _, name, value in answers}


class ParallelCalls(FaultyAgent):
    """Makes two calls at the same time."""

    fault = "parallel calls"

    async def reply(self, messages: Sequence[Message]) -> Reply:
        found = await super().reply(messages)
        return Reply(found.content, found.tool_calls * 2) if not self.results else found


class Loops(FaultyAgent):
    """Looks the same thing up again and again."""

    fault = "loops"

    def call(self, index: int, step: Step) -> Play:
        for _ in range(5 if step.purpose == "identify" else 1):
            yield from super().call(index, step)


FAULTS: tuple[type[FaultyAgent], ...] = (
    NoOp,
    PrematureWrite,
    WrongArgument,
    ExtraWrite,
    WrongOrder,
    GivesUp,
    Obeys,
    Invents,
    ParallelCalls,
    Loops,
)


class FaultyAgents:
    """The cast of agents with one fault."""

    def __init__(self, scripts: Scripts, kind: type[FaultyAgent]) -> None:
        self.scripts = scripts
        self.kind = kind
        self.name = f"faulty ({kind.fault})"
        self.settings = self.name

    def join(self, case: Case) -> FaultyAgent:
        """An agent that knows the gold steps, and has the fault."""
        return self.kind(case, *self.scripts.of(case), self.scripts.environment)

    def spoils(self, case: Case) -> bool:
        """Whether the fault makes the case's task impossible to do well."""
        return self.kind.spoils(case, self.scripts.environment)


def _writes(case: Case) -> list[tuple[int, Step]]:
    """The gold steps that change something, with their index."""
    steps = case.task.instance.steps
    return [(index, step) for index, step in enumerate(steps) if case.spec.tool(step.tool).access == "write"]


def _free(step: Step) -> Argument | None:
    """The first argument whose value the user gives."""
    return next((argument for argument in step.arguments if argument.source.step is None), None)


def _extra(case: Case, environment: Environment) -> tuple[str, dict[str, Any]] | None:
    """A write that the service accepts from the customer once the task is done."""
    with environment.fork() as session:
        run(session, case.task.instance.steps)
        return ExtraWrites(case.spec).call(session)


def _swappable(case: Case, environment: Environment) -> bool:
    """Whether the first two writes are accepted in the other order too."""
    writes = [index for index, _ in _writes(case)][:2]
    if len(writes) < 2:
        return False
    order = [index for index in range(len(case.task.instance.steps)) if index != writes[0]]
    order.insert(order.index(writes[1]) + 1, writes[0])
    with environment.fork() as session:
        return run(session, case.task.instance.steps, order).ok


def _made_up(column: Typed, value: Any) -> Any:
    """Another value of the column's type."""
    like = Parameter(name=column.name, type=column.type, description=column.description, values=column.values)
    return other_value(like, value)
