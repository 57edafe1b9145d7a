"""The loop of one conversation: the two sides take turns, and tool calls go to a session of its own, one at a time."""

from dataclasses import dataclass, field
from typing import Any

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.errors import RolloutError
from agentskiller_assets.rollouts.actors import Reply, Speaker
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import (
    ExecutedCall,
    Message,
    Rollout,
    StopReason,
    ToolCall,
    Usage,
    parse_arguments,
)
from agentskiller_assets.runtime import Environment, Invalid, Ok, Outcome, Refused, Session
from agentskiller_assets.runtime.outcome import outcome_text
from agentskiller_assets.tasks.queries import OUT_OF_SCOPE, STOP, TRANSFER

_MARKERS: dict[str, StopReason] = {STOP: "stop", TRANSFER: "transfer", OUT_OF_SCOPE: "out_of_scope"}


@dataclass(frozen=True)
class Limits:
    """How long a conversation may be."""

    turns: int = 100
    """Messages that the two say to each other."""
    calls: int = 60
    """Tool calls."""


@dataclass(frozen=True)
class Sides:
    """Who holds a conversation: names for the record, and what decides what they say."""

    agent: str
    user: str
    settings: str


@dataclass
class Talk:
    """A conversation under way: it goes on with whatever the agent says or calls next."""

    case: Case
    session: Session
    limits: Limits
    messages: list[Message]
    calls: list[ExecutedCall] = field(default_factory=list)
    agent_usage: Usage = field(default_factory=Usage)
    user_usage: Usage = field(default_factory=Usage)
    last_words: str = ""

    @classmethod
    def begin(cls, case: Case, session: Session, limits: Limits) -> "Talk":
        """The conversation up to the user's first message."""
        prompt = Message(role="system", content=case.service.prompt)
        return cls(case, session, limits, [prompt, Message(role="user", content=case.query.first_message)])

    @property
    def said(self) -> list[Message]:
        """What the two have said to each other: all that the user sees."""
        return [each for each in self.messages if each.role in ("user", "assistant") and each.content]

    async def go_on(self, reply: Reply, user: Speaker) -> StopReason | None:
        """Take up the agent's reply, and the user's answer to it; why the conversation ends, if it does."""
        self.agent_usage += reply.usage
        if reply.tool_calls:
            if len(self.calls) + len(reply.tool_calls) > self.limits.calls:
                return "call_limit"
            self._call(reply)
            return None
        if not (reply.content or "").strip():
            fix = "Use a model that answers with text or with a tool call."
            raise RolloutError(self.case.query.id, "the agent said nothing and called nothing", fix)
        self.messages.append(Message(role="assistant", content=reply.content))
        if len(self.said) >= self.limits.turns:
            return "turn_limit"
        return self._answer(await user.reply(self.said))

    def record(self, environment: Environment, sides: Sides, stop_reason: StopReason) -> Rollout:
        """The conversation as it is stored, once it has ended."""
        case = self.case
        return Rollout(
            id=rollout_id(case, sides),
            parents=(case.query.id, case.task.id, *self.agent_usage.calls, *self.user_usage.calls),
            position=0,
            domain=case.query.domain,
            query=case.query.id,
            task=case.task.id,
            task_kind=case.query.task_kind,
            repeat=case.repeat,
            agent=sides.agent,
            user=sides.user,
            messages=tuple(self.messages),
            tools=case.service.tools,
            stop_reason=stop_reason,
            last_words=self.last_words,
            calls=tuple(self.calls),
            environment_digest=environment.digest,
            initial_digest=environment.base_digest,
            final_digest=self.session.digest(),
            final_diff=self.session.diff(),
            agent_usage=self.agent_usage,
            user_usage=self.user_usage,
        )

    def _answer(self, answer: Reply) -> StopReason | None:
        """What the user says, unless it ends the conversation."""
        self.user_usage += answer.usage
        content = (answer.content or "").strip()
        for marker, reason in _MARKERS.items():
            if marker in content:
                self.last_words = content
                return reason
        if not content:
            raise RolloutError(self.case.query.id, "the user said nothing", "Use a model that answers with text.")
        self.messages.append(Message(role="user", content=content))
        return None

    def _call(self, reply: Reply) -> None:
        """Make the calls of one reply in their order, and answer each by its id before anything else is said."""
        start = len(self.calls)
        calls = tuple(
            call.model_copy(update={"id": call_id(self.case, start + index)})
            for index, call in enumerate(reply.tool_calls)
        )
        self.messages.append(Message(role="assistant", content=reply.content or None, tool_calls=calls))
        asked_by = len(self.messages) - 1
        for call in calls:
            arguments = parse_arguments(call.arguments)
            outcome = make_call(self.session, call, arguments)
            self.calls.append(
                ExecutedCall(
                    message=asked_by,
                    id=call.id,
                    tool=call.name,
                    arguments=arguments or {},
                    outcome="ok"
                    if isinstance(outcome, Ok)
                    else "refused"
                    if isinstance(outcome, Refused)
                    else "invalid",
                    code=outcome.code if isinstance(outcome, Refused) else None,
                    result=outcome.result if isinstance(outcome, Ok) else None,
                )
            )
            self.messages.append(Message(role="tool", content=outcome_text(outcome), tool_call_id=call.id))


async def converse(
    case: Case, environment: Environment, agent: Speaker, user: Speaker, sides: Sides, limits: Limits
) -> Rollout:
    """Hold one conversation. `RolloutError` when a side cannot go on; nothing of it is then recorded."""
    with environment.fork() as session:
        talk = Talk.begin(case, session, limits)
        stop_reason = None
        while stop_reason is None:
            stop_reason = await talk.go_on(await agent.reply(talk.messages), user)
        return talk.record(environment, sides, stop_reason)


def rollout_id(case: Case, sides: Sides) -> str:
    """The id of the conversation that these sides hold about a case."""
    return Rollout.make_id(case.task.id, case.query.id, case.repeat, sides.settings)


def call_id(case: Case, number: int) -> str:
    """The id of the n-th call of a conversation: the same in every run, whatever a model calls it."""
    return f"call_{digest([case.query.id, case.repeat, number])[:12]}"


def make_call(session: Session, call: ToolCall, arguments: dict[str, Any] | None) -> Outcome:
    """The outcome of one call; text that is no JSON object is an invalid call, never one without arguments."""
    if arguments is None:
        return Invalid("arguments", "they are not a JSON object")
    return session.call(call.name, arguments)
