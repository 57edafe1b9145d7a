"""The scripted user: a persona with a task, who answers what the agent says and knows no more than their query says."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agentskiller_assets.authoring.procedural.wording import FIRST_PERSON
from agentskiller_assets.core import language
from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.core.spec import space_of
from agentskiller_assets.rollouts.actors import Reply
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.models import Message
from agentskiller_assets.rollouts.scripted import user_words as words
from agentskiller_assets.rollouts.scripted.listening import (
    asks,
    asks_for_more,
    asks_to_confirm,
    asks_what,
    hands_over,
    refuses,
)
from agentskiller_assets.rollouts.scripted.script import Detail, GoalScript, Script, first_person
from agentskiller_assets.rollouts.scripted.twists import Twists
from agentskiller_assets.tasks.attempt import IDENTITY
from agentskiller_assets.tasks.queries import OUT_OF_SCOPE, STOP, TRANSFER, on_card, withheld

_PATIENCE = 4
"""How often somebody answers that they have no answer."""
_LONGEST_NAME = 4
"""Words of a name or an address; what is longer, or begins small, is told in one's own words."""


class ScriptedUser:
    """Plays the user's side of one conversation."""

    def __init__(self, case: Case, script: Script, twists: Twists) -> None:
        self.case = case
        self.script = script
        self.twists = twists
        self.draw = rng(case.seed, "user", case.query.domain, case.query.id, case.repeat)
        self.tone = case.person.persona.tone
        self.open = case.person.persona.detail == "gives details freely"
        self._goal = 0
        self._stated = False
        self._told: set[tuple[int, str]] = set()
        self._decoy = twists.decoy
        """The decoy while it has not been taken back."""
        self._slipped = False
        self._late = twists.late
        self._insists = twists.insists
        self._finished = False
        self._helpless = 0

    async def reply(self, messages: Sequence[Message]) -> Reply:
        """The answer to the agent's last message."""
        return Reply(self.answer(messages[-1].content or ""))

    def answer(self, text: str) -> str:
        """What is said to this, or the marker that ends the conversation."""
        if hands_over(text):
            return TRANSFER
        if self._finished:
            return STOP
        if asks_to_confirm(text):
            return self._correct() or self._agree(text)
        asked = self._asked(text)
        if asked:
            return " ".join(filter(None, [self._correct(), self._tell(asked)]))
        if asks_for_more(text):
            self._stated = self._stated or self._answered(text)
            return self._go_on()
        if asks_what(text) and not self._stated:
            return self._go_on()
        if refuses(text):
            return self._take_refusal()
        if asks_what(text):
            return self._state()
        if asks(text):
            told = self._asked(text, again=True)
            return self._tell(told) if told else self._cannot_tell()
        return self._go_on()

    def _asked(self, text: str, again: bool = False) -> list[Detail]:
        """What the text asks for and has not been told, or has: who one is first, then what it is about."""
        if not asks(text):
            return []
        known = [each for each in self.script.identity if not self._is_for_another(text, each)]
        wanted = [each for each in known if (each.key in self._told) == again and each.asked_in(text)]
        if wanted:
            return wanted
        details = [detail for detail in self._at_hand().details if detail.typed]
        return [each for each in details if (each.key in self._told) == again and each.asked_in(text)]

    def _is_for_another(self, text: str, detail: Detail) -> bool:
        """Whether the text asks for it on behalf of the other one of two services, which knows people by its own."""
        named = {space for space in map(space_of, self.case.spec.roles) if space and language.humanize(space) in text}
        return bool(named) and detail.slot.service not in named

    def _answered(self, text: str) -> bool:
        """Whether the text says what the user wanted to know, without having been asked in so many words."""
        instance, found = self.case.task.instance, []
        for index, column, value in instance.answers:
            tool = self.case.spec.tool(str(self.case.template.goals[index].tool))
            found += [mentions(text, value, each) for each in tool.returns.columns if each.name == column]
        return any(found)

    def _tell(self, details: Sequence[Detail]) -> str:
        """The details, or all but the first of them later."""
        if self._late and len(details) > 1 and details[0].goal == IDENTITY:
            self._late = False
            self._told.add(details[0].key)
            return self._word(words.LATE, first=self._identity(details[:1]))
        self._told |= {detail.key for detail in details}
        self._stated = self._stated or details[0].goal == self._goal
        if details[0].goal == IDENTITY:
            said = self._identity(details)
            last = all(detail.key in self._told for detail in self.script.identity)
            if self.open and not self._stated and (last or self.draw.random() < 0.4):
                return f"{said} {self._state()}"
            return said
        return self._one(details[0]) if len(details) == 1 else self._several(details)

    def _identity(self, details: Sequence[Detail]) -> str:
        facts: dict[tuple[str, Any], Detail] = {}
        for detail in details:  # two services may ask for the same thing
            facts.setdefault((_mine(detail.clause), detail.slot.values[0][1]), detail)
        said = [(self._subject(detail, details), self._words(detail)) for detail in facts.values()]
        if len(said) == 1:
            return self._word(words.MY_DETAIL, subject=said[0][0], said=said[0][1])
        return self._word(words.MY_DETAILS, said=language.join_words(f"{subject} is {text}" for subject, text in said))

    def _subject(self, detail: Detail, details: Sequence[Detail]) -> str:
        """What it is called; with its service where the other one calls something else so, as a card of its own."""
        mine, value = _mine(detail.clause), detail.slot.values[0][1]
        if any(_mine(each.clause) == mine and each.slot.values[0][1] != value for each in details):
            return f"{mine} for {language.humanize(str(detail.slot.service))}"
        return mine

    def _one(self, detail: Detail) -> str:
        if detail.title:
            return self._word(words.ROW, said=self._words(detail))
        said = self._counted(detail)
        free = detail.typed[0][0].type == "text" and (said[:1].islower() or len(said.split()) > _LONGEST_NAME)
        return self._word(words.FREE_TEXT if free else words.DETAIL, said=said)

    def _counted(self, detail: Detail) -> str:
        """The words for a detail; a number with what it counts."""
        said, counted = self._words(detail), re.search(r"how many (\w+)", detail.clause)
        if counted and said.isdigit():
            return language.count(int(said), language.singular(counted[1]))
        return said

    def _several(self, details: Sequence[Detail]) -> str:
        """All of them; what another of them says too is not said twice.

        The agent hears no choice and no number in a name: `data` is not said with the name `Saturn data pack`.
        """
        said: dict[str, Detail] = {}
        for detail in details:  # two may be one thing under two names
            said.setdefault(self._counted(detail), detail)
        kept, goal = list(said), self._at_hand()
        for text, detail in said.items():
            others = [goal.without_names(other) if detail.small else other for other in kept if other != text]
            if any(map(detail.mentioned_in, others)):
                kept.remove(text)
        return " ".join(map(language.sentence, kept))

    def _words(self, detail: Detail) -> str:
        """What is said for a detail: the decoy as long as it stands, else the user's own words for it."""
        if self._decoy and detail.key == self._decoy.detail.key:
            self._slipped = True
            return str(self._decoy.words)
        return first_person(self.twists.own_words.get(detail.key, detail.slot.text))

    def _correct(self) -> str:
        """A slip taken back with the first message after it; empty where there is none."""
        if not self._decoy or not self._slipped or self._decoy.how != "slip":
            return ""
        return self._take_back(words.SLIP)

    def _take_back(self, bank: Mapping[str, tuple[str, ...]]) -> str:
        assert self._decoy is not None
        detail, self._decoy = self._decoy.detail, None
        return self._word(bank, said=self._counted(detail))

    def _agree(self, text: str) -> str:
        """Yes to what was read back, unless it is not what was asked for, or a mind is changed."""
        decoy = self._decoy
        if decoy and self._slipped and mentions(text, decoy.value, decoy.typed):
            return self._take_back(words.CHANGE_OF_MIND)
        goal = self._at_hand()
        named = [detail for detail in goal.details if detail.typed]
        if named and not any(detail.mentioned_in(text) for detail in named):
            return self._state()
        if not named and not self._stated:
            return self._state()
        self._stated = True
        self._told |= {detail.key for detail in named}
        return self._word(words.YES)

    def _go_on(self) -> str:
        """The goal at hand, the next one, or goodbye."""
        if not self._stated:
            return self._state()
        if self._goal + 1 < len(self.script.goals):
            self._goal += 1
            self._stated = False
            return self._state()
        self._finished = True
        return self._word(words.NOTHING_ELSE)

    def _state(self) -> str:
        """What the user wants now: all of it at once, or in a few words."""
        goal = self._at_hand()
        bank = words.REQUEST if self._goal == 0 or self._stated else words.NEXT_REQUEST
        again, self._stated = self._stated, True
        if goal.title and not goal.beyond and not again and not self.open:
            return self._word(bank, request=goal.title)
        template = self.draw.choice(goal.requests)
        return self._word(bank, request=self._request(goal, template))

    def _request(self, goal: GoalScript, template: str) -> str:
        names = goal.names_in(template)
        said: dict[tuple[int, str], Any] = {}
        for detail in goal.details:
            if detail.name not in names:
                continue
            self._told.add(detail.key)
            if self._decoy and detail.key == self._decoy.detail.key:
                said[detail.key] = self._decoy.words
                self._slipped = True
            elif detail.key in self.twists.own_words:
                said[detail.key] = self.twists.own_words[detail.key]
        return goal.say(template, FIRST_PERSON, said)

    def _take_refusal(self) -> str:
        self._stated = True
        if self.case.query.task_kind == "insufficient":
            return self._know_nothing(words.NO_MORE)
        if self._insists:
            self._insists = False
            return self._word(words.INSIST)
        return self._word(words.ACCEPT)

    def _know_nothing(self, bank: Mapping[str, tuple[str, ...]] = words.DO_NOT_HAVE, thing: str = "") -> str:
        self._helpless += 1
        return self._word(bank, thing=thing) if self._helpless < _PATIENCE else OUT_OF_SCOPE

    def _cannot_tell(self) -> str:
        """What one says who cannot be identified with one of two services, or does not know what is asked for."""
        kept = withheld(self.case.spec, self.case.task)
        if kept is None:
            return self._know_nothing()
        return self._know_nothing(words.NOT_TO_HAND if on_card(kept) else words.FORGOTTEN, language.label(kept.name))

    def _at_hand(self) -> GoalScript:
        return self.script.goals[self._goal]

    def _word(self, bank: Mapping[str, tuple[str, ...]], **values: str) -> str:
        """One wording of the persona's tone."""
        capital = {name.capitalize(): _capital(value) for name, value in values.items()}
        return self.draw.choice(bank[self.tone]).format(**values, **capital)


def _capital(text: str) -> str:
    """As a sentence begins; an e-mail address stays as it is."""
    return text if "@" in text.partition(" ")[0] else text[:1].upper() + text[1:]


def _mine(clause: str) -> str:
    """What the agent asks for, as the user says it: `my phone number`, `the number on my card`."""
    return re.sub(r"\byour\b", "my", clause)
