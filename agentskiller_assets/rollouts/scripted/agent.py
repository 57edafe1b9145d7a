"""The scripted agent: makes the gold calls, and talks as the policy asks for.

It uses nothing that the user has not said and no tool has returned: it asks for a detail until it has heard it, looks
things up before it asks, reads every change back and waits for a yes.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentskiller_assets.authoring.procedural.wording import SECOND_PERSON
from agentskiller_assets.core import language
from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import space_of
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Message, ToolCall
from agentskiller_assets.rollouts.scripted import agent_words as words
from agentskiller_assets.rollouts.scripted.listening import agrees, asks
from agentskiller_assets.rollouts.scripted.script import (
    Detail,
    GoalScript,
    Script,
    asking,
    asking_clause,
    second_person,
    your,
)
from agentskiller_assets.rollouts.scripted.twists import Twists
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from agentskiller_assets.tasks.models import Argument, Step
from agentskiller_assets.tasks.replay import rows_of

_MOST_OPTIONS = 5
_PATIENCE = 4
"""How often the same thing is asked for."""


@dataclass(frozen=True)
class Say:
    """The agent says something; the user's answer comes back."""

    text: str


@dataclass(frozen=True)
class Call:
    """The agent calls a tool; its result comes back as text."""

    tool: str
    arguments: Mapping[str, Any]


Act = Say | Call
Play = Generator[Act, str, None]


class CannotGoOn(Exception):
    """The conversation is not the one that was planned for: a call failed, or the user does not answer."""


class ScriptedAgent:
    """Plays the agent's side of one conversation. Subclasses change single acts."""

    def __init__(self, case: Case, script: Script, twists: Twists) -> None:
        self.case = case
        self.spec = case.spec
        self.script = script
        self.twists = twists
        self.draw = rng(case.seed, "agent", case.query.domain, case.query.id, case.repeat)
        self.voice = self.draw.choice(words.VOICES)
        self.results: dict[int, dict[str, Any]] = {}
        self._lead: list[str] = []
        self._heard: set[tuple[int, str]] = set()
        self._decoyed = False
        """Whether the user's last word on the decoy's detail is the decoy."""
        self._requested: set[int] = set()
        self._current = 0
        self._confirming = False
        """Whether the next thing that the user says answers a question of yes or no."""
        self._last = ""
        """What the user said last."""
        self._play: Play | None = None

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """The next message or call."""
        received = messages[-1].content or ""
        if self._play is None:
            self.listen(received)
            self._play = self.story()
            act = next(self._play)
        else:
            act = self._play.send(received)
        if isinstance(act, Say):
            return Reply(act.text)
        return Reply(None, (ToolCall(id="", name=act.tool, arguments=json.dumps(dict(act.arguments))),))

    def story(self) -> Play:
        """The whole conversation."""
        try:
            for goal in self.script.goals:
                self._current = goal.index
                yield from self.reach(goal)
            yield from self.say(self.word(words.ANYTHING_ELSE))
        except CannotGoOn:
            while True:
                yield Say(words.CANNOT_GO_ON)
        while True:
            yield from self.say(self.word(words.GOODBYE))

    def reach(self, goal: GoalScript) -> Play:
        """Everything about one goal: what the user wants, the calls that lead there, and the answer."""
        kind = self.case.query.task_kind
        if goal.index:
            yield from self.take_request(goal)
        for index, step in goal.steps:
            if step.purpose == "identify":
                if self.results:  # nobody is asked out of the blue who they are for another service
                    yield from self.take_request(goal)
                yield from self.identify(index, step)
                continue
            yield from self.take_request(goal)
            yield from self.gather(goal, step)
            if step.purpose == "goal" and self.spec.tool(step.tool).access == "write":
                yield from self.confirm(goal, step)
            yield from self.call(index, step)
            if step.purpose == "goal":
                self.conclude(goal, index, step)
        yield from self.take_request(goal)
        if kind == "refuse":
            yield from self.refuse(goal)
        elif kind == "insufficient":
            yield from self.hand_over(goal)

    def identify(self, index: int, step: Step) -> Play:
        """Ask for what identifies the user until all is known, then make the call."""
        details = self.script.identity_for(self.spec, step)
        first = not self.results
        bank = words.ASK_IDENTITY if first else words.ASK_OTHER_IDENTITY
        name = _service(step.tool)
        for _ in range(_PATIENCE):
            missing = [detail for detail in details if detail.key not in self._heard]
            if not missing:
                break
            some = missing if self.twists.together else missing[:1]
            asked = language.join_words([detail.clause for detail in some])
            yield from self.say(self.word(bank, asked=asked, service=name, Service=name[:1].upper() + name[1:]))
            bank = words.STILL_NEED
        else:
            raise CannotGoOn
        yield from self.call(index, step)
        name = str(self.results[index].get("full_name", "")).split(" ")[0]
        if first and name:
            self._lead.append(self.word(words.IDENTIFIED, name=name))

    def take_request(self, goal: GoalScript) -> Play:
        """Have the user say what it is about. They began with the first goal; what matters of it is asked for."""
        if goal.index == 0 and not goal.beyond:
            self._requested.add(goal.index)
        for _ in range(_PATIENCE):
            if goal.index in self._requested:
                return
            bank = words.ASK_REQUEST if goal.index == 0 else words.ANYTHING_ELSE
            yield from self.say(self.word(bank))
            self._requested.add(goal.index)
            self.listen_for(goal, self._last)
        raise CannotGoOn

    def gather(self, goal: GoalScript, step: Step) -> Play:
        """Ask for whatever the call needs and has not been said."""
        for argument in step.arguments:
            detail = _detail_of(goal, argument)
            if detail is None or not detail.typed:
                continue
            if step.purpose == "lookup" and self._heard_in_a_name(goal, detail):
                self._heard.add(detail.key)
            if detail.title and argument.source.step is not None:
                yield from self.ask_row(goal, detail, argument)
            else:
                yield from self.ask(
                    goal, detail, self.word(words.ASK_DETAIL, asked=detail.clause, asking=asking(detail.clause))
                )

    def ask_row(self, goal: GoalScript, detail: Detail, argument: Argument) -> Play:
        """Ask which row is meant; what was looked up is offered where it is not too much."""
        assert detail.title and argument.source.step is not None
        tool = self.spec.tool(self.case.task.instance.steps[argument.source.step].tool)
        columns = {column.name: column for column in tool.returns.columns}
        names = [name for name, _ in argument.source.where]
        found = rows_of(self.results[argument.source.step])
        changed = self._changed()
        rows = [row for row in found if argument.value in changed or not changed & set(row.values())]
        options = [", ".join(language.say(row[n], columns[n]) for n in names if row[n] is not None) for row in rows]
        if len(rows) == 1:
            self._heard.add(detail.key)
        if 1 < len(rows) <= _MOST_OPTIONS and len(set(options)) == len(options) and all(options):
            count = language.count(len(rows), detail.title)
            offered = "; ".join(options)
            text = self.word(words.CHOOSE, count=count, Count=count[:1].upper() + count[1:], options=offered)
        else:
            text = self.word(words.ASK_ROW, title=detail.title)
        yield from self.ask(goal, detail, text)

    def ask(self, goal: GoalScript, detail: Detail, text: str) -> Play:
        """Ask until the detail has been said."""
        for _ in range(_PATIENCE):
            if detail.key in self._heard:
                return
            yield from self.say(text)
            self.listen_for(goal, self._last)
        raise CannotGoOn

    def confirm(self, goal: GoalScript, step: Step) -> Play:
        """Read the change back until the user agrees."""
        bank = words.CONFIRM
        for _ in range(_PATIENCE):
            before, self._confirming = self._decoyed, True
            yield from self.say(self.word(bank, request=self.read_back(goal, step)))
            self._confirming = False
            if agrees(self._last) and self._decoyed == before:
                return
            bank = words.CONFIRM_AGAIN
        raise CannotGoOn

    def read_back(self, goal: GoalScript, step: Step) -> str:
        """The request with all its details, as the agent says it."""
        template = self.draw.choice(goal.requests)
        request = goal.say(template, SECOND_PERSON, self._decoy_words())
        left = [
            detail
            for detail in goal.details
            if detail.typed and not detail.title and detail.name not in goal.names_in(template)
            if any(argument.name == detail.name for argument in step.arguments)
        ]
        if not left:
            return request
        spoken = [f"{language.label(each.name)}: {self._decoy_words().get(each.key, each.slot.text)}" for each in left]
        return words.WITH_DETAILS.format(request=request, details=", ".join(spoken))

    def call(self, index: int, step: Step) -> Play:
        """Make one gold call with the values that were said or returned."""
        values, decoy = step.values(), self.twists.decoy
        if decoy and self._decoyed and step.purpose == "goal" and decoy.detail.goal == self._current:
            values[decoy.detail.name] = decoy.value
        text = yield Call(step.tool, values)
        self.results[index] = _result(text)

    def conclude(self, goal: GoalScript, index: int, step: Step) -> None:
        """What is said about a goal that was reached, before whatever comes next."""
        tool = self.spec.tool(step.tool)
        if goal.goal.column:
            column = next(each for each in tool.returns.columns if each.name == goal.goal.column)
            value = self.results[index][column.name]
            noun = goal.goal.answer_noun
            said = language.count(value, noun) if noun else language.say(value, column)
            answer = goal.say(str(goal.goal.answer), {**SECOND_PERSON, "answer": said})
            self._lead.append(self.word(words.TELL, answer=language.sentence(answer)))
            return
        self._lead.append(self.word(words.DONE))
        used = set(step.values().values())
        made = [c for c in tool.returns.columns if c.refers_to and c.type in ("id", "ref")]
        key = next((v for c in made if (v := self.results[index].get(c.name)) and v not in used), None)
        if key is not None and str(key) not in self._known_keys(index):
            self._lead.append(self.word(words.REFERENCE, key=key))

    def refuse(self, goal: GoalScript) -> Play:
        """Explain with the policy's own words why it is not done."""
        probe, code = self.case.task.instance.probe, self.case.task.instance.refusal
        assert probe is not None
        if code == NOT_AUTHORIZED.code:
            statement = f"Nobody can use {_service(probe.tool)} without being identified there first."
            yield from self._ask_unknown_identity(probe)
        else:
            yield from self.gather(goal, probe)
            statement = next(r.statement for r in self.spec.tool(probe.tool).refusals if r.code == code)
        bank = words.REFUSE
        for _ in range(_PATIENCE):
            yield from self.say(self.word(bank, statement=statement))
            bank = words.REFUSE_AGAIN
            if not asks(self._last):
                return

    def hand_over(self, goal: GoalScript) -> Play:
        """Nothing can be done: say so, and pass the user on."""
        row = next((detail for detail in goal.details if detail.title), None)
        if row is not None:
            yield from self.ask(goal, row, self.word(words.ASK_ROW, title=row.title))
            said = second_person(row.slot.text)
            yield from self.say(self.word(words.NOT_FOUND, row=said))
        while True:
            yield from self.say(self.word(words.HAND_OVER))

    def say(self, text: str) -> Play:
        """Say what is pending and then this, and listen."""
        content, self._lead = " ".join([*self._lead, text]), []
        self._last = yield Say(content)
        self.listen(self._last)

    def listen(self, text: str) -> None:
        """Take up what the user says without being asked."""
        for detail in self.script.identity:
            if detail.mentioned_in(text):
                self._heard.add(detail.key)
        goal = self.script.goals[self._current]
        if goal.requested_in(text):
            self._requested.add(goal.index)
        if goal.index in self._requested:
            self.listen_for(goal, text)

    def listen_for(self, goal: GoalScript, text: str) -> None:
        """Take up details of the goal at hand; the last word on the decoy's detail counts."""
        decoy = self.twists.decoy
        agreed, plain = self._confirming and agrees(text), goal.without_names(text)
        for detail in goal.details:
            if detail.small and (agreed or self._play is None):
                continue  # `that sounds good`, or small talk with a number in it
            said = plain if detail.small else text
            if detail.typed and detail.mentioned_in(said):
                self._heard.add(detail.key)
                if decoy and detail.key == decoy.detail.key:
                    self._decoyed = False
            elif decoy and detail.key == decoy.detail.key and mentions(said, decoy.value, decoy.typed):
                self._heard.add(detail.key)
                self._decoyed = True

    def _changed(self) -> set[Any]:
        """Keys of what earlier goals worked on: it is not as the lookups say any more."""
        steps = [self.case.task.instance.steps[index] for index in self.results]
        made = [step for step in steps if step.purpose == "goal" and self.spec.tool(step.tool).access == "write"]
        return {argument.value for step in made for argument in step.arguments if argument.source.step is not None}

    def _heard_in_a_name(self, goal: GoalScript, detail: Detail) -> bool:
        """Whether the name of a thing that the user has spoken of says it: `Swedish` of the Swedish A2 course."""
        named = [each for each in goal.details if each is not detail and each.key in self._heard and not each.small]
        return any(detail.mentioned_in(each.slot.text) for each in named)

    def word(self, bank: Mapping[str, tuple[str, ...]], **values: Any) -> str:
        """One wording of the agent's voice."""
        return self.draw.choice(bank[self.voice]).format(**values)

    def _decoy_words(self) -> dict[tuple[int, str], Any]:
        decoy = self.twists.decoy
        return {decoy.detail.key: decoy.words} if decoy and self._decoyed else {}

    def _known_keys(self, index: int) -> set[str]:
        """Values of earlier results: what they hold is not new."""
        return {str(v) for i, found in self.results.items() if i < index for r in rows_of(found) for v in r.values()}

    def _ask_unknown_identity(self, probe: Step) -> Play:
        """Ask for what identifies the user with another service; they do not have it."""
        role = self.spec.role_of(self.spec.tool(probe.tool))
        clauses = [asking_clause(parameter) for parameter in self.spec.authorizer_of(role).parameters]
        asked = language.join_words([your(clause) for clause in clauses])
        name = _service(probe.tool)
        yield from self.say(
            self.word(words.ASK_OTHER_IDENTITY, asked=asked, service=name, Service=name[:1].upper() + name[1:])
        )


def _detail_of(goal: GoalScript, argument: Argument) -> Detail | None:
    """What the user has to say for an argument: its value, or which row it comes from."""
    if argument.source.step is None:
        return goal.detail(argument.name)
    return next((d for d in goal.details if d.slot.values and d.slot.values == argument.source.where), None)


def _result(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CannotGoOn from error
    return found


def _service(tool: str) -> str:
    """What the agent calls the one of two services that a tool belongs to."""
    return f"the {language.humanize(space_of(tool) or '')} service"
