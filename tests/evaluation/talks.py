"""Conversations to evaluate: the straight one about a case, and what becomes of it when single acts are others."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from agentskiller_assets.core import language
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.models import Evaluation, PartName
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.conversation import make_call
from agentskiller_assets.rollouts.models import ExecutedCall, Message, Rollout, ToolCall, parse_arguments
from agentskiller_assets.runtime import Environment, Ok, Refused, Session
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED, outcome_text
from agentskiller_assets.tasks.models import Step
from tests.world import INSTANCES, Clinic, clinic

IDENTIFY, SEARCH, LIST = "identify_patient", "search_doctors", "list_my_appointments"
BOOK, RATE, CANCEL, LEAVE = "book_appointment", "rate_doctor", "cancel_appointment", "leave_doctor_waiting_list"
PHONE = "update_phone_number"


@dataclass(frozen=True)
class Says:
    """The agent says something."""

    text: str


@dataclass(frozen=True)
class Hears:
    """The user says something."""

    text: str


@dataclass(frozen=True)
class Calls:
    """The agent makes these calls in one message."""

    calls: tuple[tuple[str, Any], ...]

    @property
    def tool(self) -> str:
        """The tool of the first."""
        return self.calls[0][0]


Act = Says | Hears | Calls


def call(tool: str, **arguments: Any) -> Calls:
    """One call."""
    return Calls(((tool, arguments),))


@cache
def environment() -> Environment:
    """The clinic's, compiled once."""
    return clinic().environment


@cache
def evaluator() -> Evaluator:
    """One for all tests."""
    return Evaluator(environment())


def many() -> Clinic:
    """The clinic with so many tasks that every template has one."""
    return clinic(instances=3 * INSTANCES)


def case_of(kind: str, *writes: str) -> Case:
    """The first case of a kind; with exactly these writes if they are given."""
    for world in (clinic, many):
        for case in world().cases:
            steps = [step.tool for step in case.task.instance.steps if case.spec.tool(step.tool).access == "write"]
            if case.task.task_kind == kind and (not writes or steps == list(writes)):
                return case
    raise LookupError(f"no case of kind {kind} with the writes {writes}")


def refusal(code: str) -> Case:
    """The case in which the request violates this rule."""
    return next(case for case in clinic().cases if case.task.instance.refusal == code)


def straight(case: Case) -> list[Act]:
    """The gold calls and the fewest words that go with them."""
    spec, instance = case.spec, case.task.instance
    acts: list[Act] = [Hears(case.query.first_message)]
    for step in instance.steps:
        if spec.tool(step.tool).access == "write":
            acts += [Says(read_back(case, step)), Hears("Yes, please."), call(step.tool, **step.values())]
            acts.append(Says("That is done. Anything else?"))
        else:
            acts.append(call(step.tool, **step.values()))
    if instance.probe:
        refusals = {each.code: each.statement for each in spec.tool(instance.probe.tool).refusals}
        acts.append(
            Says(f"I'm sorry, I can't do that. {refusals.get(str(instance.refusal), NOT_AUTHORIZED.statement)}")
        )
    for _, name, value in instance.answers:
        columns = {column.name: column for column in spec.tool(instance.steps[-1].tool).returns.columns}
        acts.append(Says(f"It is {language.say(value, columns[name])}."))
    if case.task.task_kind == "insufficient":
        acts.append(Says("I am handing you over to a human colleague."))
    return acts


def read_back(case: Case, step: Step) -> str:
    """What the agent is about to do, with all its values."""
    tool = case.spec.tool(step.tool)
    said = []
    for argument in step.arguments:
        parameter = tool.parameter(argument.name)
        assert parameter is not None
        if argument.source.step is None:
            said.append(language.say(argument.value, parameter))
        else:
            source = case.spec.tool(case.task.instance.steps[argument.source.step].tool)
            columns = {column.name: column for column in source.returns.columns}
            said += [language.say(value, columns[name]) for name, value in argument.source.where]
    return f"{tool.title} ({', '.join(said)}): shall I go ahead?"


def held(case: Case, acts: Sequence[Act], service: Environment | None = None, **changes: Any) -> Rollout:
    """The conversation of these acts; its calls are made on a session, as those of any conversation."""
    base = next(each for world in (clinic, many) for each in world().rollouts if each.query == case.query.id)
    messages, calls = [base.messages[0]], list[ExecutedCall]()
    with (service or environment()).fork() as session:
        for act in acts:
            if isinstance(act, Says):
                messages.append(Message(role="assistant", content=act.text))
            elif isinstance(act, Hears):
                messages.append(Message(role="user", content=act.text))
            else:
                _make(session, act, messages, calls)
        state = {"final_diff": session.diff(), "final_digest": session.digest()}
    ending = {"stop_reason": "transfer" if case.task.task_kind == "insufficient" else "stop"}
    said = {"messages": tuple(messages), "calls": tuple(calls)}
    return base.model_copy(update={**said, **state, **ending, **changes})


def _make(session: Session, act: Calls, messages: list[Message], calls: list[ExecutedCall]) -> None:
    asked = tuple(
        ToolCall(id=f"call_{len(calls) + n}", name=tool, arguments=_text(arguments))
        for n, (tool, arguments) in enumerate(act.calls)
    )
    messages.append(Message(role="assistant", tool_calls=asked))
    at = len(messages) - 1
    for each in asked:
        arguments = parse_arguments(each.arguments)
        outcome = make_call(session, each, arguments)
        calls.append(
            ExecutedCall(
                message=at,
                id=each.id,
                tool=each.name,
                arguments=arguments or {},
                outcome="ok" if isinstance(outcome, Ok) else "refused" if isinstance(outcome, Refused) else "invalid",
                code=outcome.code if isinstance(outcome, Refused) else None,
                result=outcome.result if isinstance(outcome, Ok) else None,
            )
        )
        messages.append(Message(role="tool", content=outcome_text(outcome), tool_call_id=each.id))


def _text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def replaced(acts: Sequence[Act], where: Callable[[Act], bool], *others: Act) -> list[Act]:
    """The acts with others in place of the first for which this holds."""
    index = next(i for i, act in enumerate(acts) if where(act))
    return [*acts[:index], *others, *acts[index + 1 :]]


def calling(tool: str) -> Callable[[Act], bool]:
    """Whether an act is a call of this tool."""
    return lambda act: isinstance(act, Calls) and act.tool == tool


def saying(words: str) -> Callable[[Act], bool]:
    """Whether the agent says something with these words in it."""
    return lambda act: isinstance(act, Says) and words in act.text


def score(case: Case, acts: Sequence[Act], **changes: Any) -> Evaluation:
    """The evaluation of the conversation of these acts."""
    return evaluator().evaluate(held(case, acts, **changes), case.task, case.template)


def reasons(case: Case, acts: Sequence[Act], part: PartName, **changes: Any) -> tuple[str, ...]:
    """What one part finds wrong. The composite is 0 exactly if some part finds something."""
    found = score(case, acts, **changes)
    assert found.score == float(not any(each.reasons for each in found.parts))
    assert found.passed == (found.score == 1.0)
    return found.part(part).reasons
