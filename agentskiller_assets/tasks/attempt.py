"""One attempt to turn a template into an instance: the calls are made on a live session as they are planned."""

import random
from typing import Any

from agentskiller_assets.core import language, sql
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.records import row_id
from agentskiller_assets.core.spec import Parameter, Tool, space_of
from agentskiller_assets.runtime import Ok, Refused, Session
from agentskiller_assets.tasks.candidates import Candidate
from agentskiller_assets.tasks.graph import providers
from agentskiller_assets.tasks.models import Argument, Goal, Slot, Source, Step, TaskInstance, TaskTemplate
from agentskiller_assets.tasks.replay import Unobtainable, matches, pick, rows_of
from agentskiller_assets.tasks.world import World, slot_names

IDENTITY = -1
"""The goal number of what the user tells to be identified."""
SPEAKER = {"my", "me", "I"}


class Dropped(Exception):
    """This candidate leads nowhere; the text says why."""


class Attempt:
    """Steps made so far for one customer, with their results, and the words for what was used."""

    def __init__(self, world: World, session: Session, template: TaskTemplate, me: str, draw: random.Random) -> None:
        self.world = world
        self.spec = world.spec
        self.session = session
        self.template = template
        self.draw = draw
        self.steps: list[Step] = []
        self.results: list[dict[str, Any]] = []
        self.slots: list[Slot] = []
        self.answers: list[tuple[int, str, Any]] = []
        self.probe: Step | None = None
        self.rows: list[str] = []
        self.named: dict[str, str] = {}
        """Key of the row that was spoken of last, by the title of its table."""
        self.role = world.roles_of(filter(None, [template.goals[0].tool]))[0]
        self.me = me
        self.person = self._value(f"{self.role}.person_id", self.role, me)
        session.reset()
        self._identify(self.role)

    def reach(self, index: int, candidate: Candidate) -> None:
        """Makes the lookups and the call of one goal; for a refusal, only tries the call."""
        goal = self.template.goals[index]
        if goal.tool is None:
            return
        if self.template.unidentified:
            self._stay_outside(index, goal)
            return
        if self.template.missing_row:
            self._look_in_vain(index, goal, candidate)
            return
        tool, values = self.spec.tool(goal.tool), dict(candidate.values)
        arguments = [self._argument(index, tool, p, values[p.name]) for p in tool.parameters if p.required]
        step = Step(tool=tool.name, arguments=tuple(arguments), purpose="goal")
        self.rows += [row_id(self.spec.domain, table, key) for table, key in candidate.rows]
        if self.template.refusal:
            self._probe(step)
        else:
            self._make(step)
        if goal.column:
            self._answer(index, goal.column)

    def key_in(self, role: str) -> str:
        """The customer's row in a role."""
        key = self.world.key_of(role, self.person)
        if key is None:
            raise Dropped(f"the customer is no {role}")
        return key

    def familiarity(self, table: str, key: str) -> int:
        """2 for a row that an earlier step made, 1 for one that an earlier goal used, else 0."""
        known = self.spec.table(table).key
        if any(result.get(known) == key and self._is_new(table, key) for result in self.results):
            return 2
        return int(row_id(self.spec.domain, table, key) in self.rows)

    def instance(self) -> TaskInstance:
        """The finished instance."""
        calls = [[step.tool, step.values()] for step in self.steps]
        if self.probe:
            calls.append(["probe", self.probe.tool, self.probe.values()])
        wish = [[slot.name, slot.goal, slot.values] for slot in self.slots]
        rows = [
            row_id(self.spec.domain, "person", self.person),
            *(row_id(self.spec.domain, role, self.key_in(role)) for role in self.world.roles_of(self._tools())),
        ]
        return TaskInstance(
            id=TaskInstance.make_id(self.world.environment.digest, self.template.id, calls, digest(wish)),
            parents=(self.template.id, *dict.fromkeys([*rows, *(r for r in self.rows if self._is_stored(r))])),
            position=0,
            domain=self.spec.domain,
            template=self.template.id,
            task_kind=self.template.task_kind,
            person=self.person,
            me=self.me,
            steps=tuple(self.steps),
            probe=self.probe,
            refusal=self.template.refusal,
            slots=tuple(self.slots),
            answers=tuple(self.answers),
            server_digest=self.template.server_digest,
        )

    def _tools(self) -> list[str]:
        return [step.tool for step in (*self.steps, *([self.probe] if self.probe else []))]

    def _stay_outside(self, index: int, goal: Goal) -> None:
        """The user speaks of a row of a service that they cannot be identified for: its lookup is refused."""
        table, tool = str(self.template.missing_row), self.spec.tool(goal.lookups[-1])
        if any(parameter.required for parameter in tool.parameters):
            raise Dropped("the lookup needs more than the identity")
        text = f"one of {{{{ my }}}} {language.plural(self.spec.table(table).title)}"
        self.slots.append(Slot(name=table, goal=index, text=text, values=()))
        self._try(Step(tool=tool.name, arguments=(), purpose="lookup"))

    def _identify(self, role: str) -> None:
        tool, me = self.spec.authorizer_of(role), self.key_in(role)
        arguments = []
        for parameter in tool.parameters:
            table = (parameter.matches or "").partition(".")[0]
            value = self._value(parameter.matches or "", table, me if table == role else self.person)
            arguments.append(Argument(name=parameter.name, value=value, source=Source()))
            self._say(IDENTITY, parameter, value, space_of(role))
        self._make(Step(tool=tool.name, arguments=tuple(arguments), purpose="identify"))

    def _argument(self, index: int, tool: Tool, parameter: Parameter, value: Any) -> Argument:
        if parameter.refers_to:
            return Argument(name=parameter.name, value=value, source=self._obtain(index, tool, parameter, value))
        if parameter.type == "boolean":
            value = bool(value)
        self._say(index, parameter, value)
        return Argument(name=parameter.name, value=value, source=Source())

    def _obtain(self, index: int, tool: Tool, parameter: Parameter, key: str) -> Source:
        """Where the key comes from: a row made earlier, an earlier lookup, or a lookup made now."""
        table = str(parameter.refers_to).partition(".")[0]
        if self._is_new(table, key):
            return self._from_creation(index, table, parameter, key)
        for name in providers(self.spec, self.world.graph, tool.name, parameter.name):
            step = self._lookup(index, self.spec.tool(name), table, key)
            if step is None:
                continue
            column = next(c.name for c in self.spec.tool(name).returns.columns if c.refers_to == parameter.refers_to)
            source = self._describe(index, step, table, column, key)
            self.named[self.spec.table(table).title] = key
            return source
        raise Dropped("no lookup returns the row")

    def _from_creation(self, index: int, table: str, parameter: Parameter, key: str) -> Source:
        for step, made in enumerate(self.steps):
            columns = self.spec.tool(made.tool).returns.columns
            column = next((c.name for c in columns if c.refers_to == parameter.refers_to), None)
            if column and self.results[step].get(column) == key:
                title = self.spec.table(table).title
                self.slots.append(Slot(name=table, goal=index, text=f"that new {title}", values=()))
                self.named[title] = key
                return Source(step=step, column=column)
        raise Dropped("nothing returned the new row")

    def _from_before(self, index: int, table: str, key: str) -> Source | None:
        """Where an earlier call had the row from, if it is the one of its kind that was spoken of last."""
        title = self.spec.table(table).title
        if self.named.get(title) != key:
            return None
        for made in self.steps:
            for argument in made.arguments:
                found = self.spec.tool(made.tool).parameter(argument.name)
                refers_to = str(found.refers_to if found else None).partition(".")[0]
                if argument.value == key and refers_to == table and argument.source.step is not None:
                    self.slots.append(Slot(name=table, goal=index, text=f"that {title}", values=()))
                    return argument.source
        return None

    def _lookup(self, index: int, tool: Tool, table: str, key: str) -> int | None:
        """The index of a step that calls `tool` so that its result holds the row; None if it cannot."""
        arguments = []
        for parameter in tool.parameters:
            if not parameter.required:
                continue
            if not parameter.matches or parameter.matches.partition(".")[0] != table:
                return None
            value = self._value(parameter.matches, table, key)
            if value is None:
                return None
            arguments.append(Argument(name=parameter.name, value=value, source=Source()))
        step = Step(tool=tool.name, arguments=tuple(arguments), purpose="lookup")
        if step in self.steps:
            return self.steps.index(step)
        self._make(step)
        for argument in arguments:
            found = tool.parameter(argument.name)
            assert found is not None
            self._say(index, found, argument.value)
        return len(self.steps) - 1

    def _describe(self, index: int, step: int, table: str, column: str, key: str) -> Source:
        """The source of a key that some description of its row singles out in the result."""
        result, columns = self.results[step], self.spec.tool(self.steps[step].tool).returns.columns
        names = {c.name: c for c in columns}
        row = next((row for row in result.get("results", [result]) if row.get(column) == key), None)
        if row is None:
            raise Dropped("the lookup does not return the row")
        phrases = [p for p in self.world.phrases.rows.get(table, ()) if slot_names(p) - SPEAKER <= set(names)]
        self.draw.shuffle(phrases)
        for phrase in phrases:
            used = sorted(slot_names(phrase) - SPEAKER)
            where = tuple((name, row[name]) for name in used)
            try:
                pick(result, column, where)
            except Unobtainable:
                continue
            if self._still_holds(step, column, where, key):
                words = {name: language.say(row[name], names[name]) for name in used}
                self._say_row(index, table, phrase, words, where)
                return Source(step=step, column=column, where=where)
            if source := self._from_before(index, table, key):
                return source
        raise Dropped("no description singles out the row")

    def _still_holds(self, step: int, column: str, where: tuple[tuple[str, Any], ...], key: str) -> bool:
        """Whether a description singles out the row after what was done since the lookup, which may have moved it."""
        if not any(later.purpose == "goal" for later in self.steps[step + 1 :]):
            return True
        outcome = self.session.call(self.steps[step].tool, self.steps[step].values())
        try:
            return isinstance(outcome, Ok) and pick(outcome.result, column, where) == key
        except Unobtainable:
            return False

    def _look_in_vain(self, index: int, goal: Goal, candidate: Candidate) -> None:
        """The user speaks of a row that is somebody else's: the lookup does not show it."""
        table = str(self.template.missing_row)
        tool = self.spec.tool(goal.lookups[-1])
        if any(parameter.required for parameter in tool.parameters):
            raise Dropped("the lookup needs more than the identity")
        row = self._seen_by(self._owner(str(candidate.owner), tool), tool, table, dict(candidate.rows)[table])
        names = {c.name: c for c in tool.returns.columns}
        phrases = [p for p in self.world.phrases.rows.get(table, ()) if slot_names(p) - SPEAKER <= set(names)]
        if not phrases:
            raise Dropped("the row cannot be described")
        phrase = self.draw.choice(phrases)
        used = sorted(slot_names(phrase) - SPEAKER)
        self._make(Step(tool=tool.name, arguments=(), purpose="lookup"))
        where = [(name, row[name]) for name in used]
        if any(matches(own, where) for own in rows_of(self.results[-1])):
            raise Dropped("the customer has such a row too")
        self._say_row(index, table, phrase, {n: language.say(row[n], names[n]) for n in used}, tuple(where))

    def _owner(self, key: str, tool: Tool) -> str:
        """The row, in the role in which the tool is called, of whoever has this row in the customer's role."""
        owner = self.world.key_of(self.spec.role_of(tool), self._value(f"{self.role}.person_id", self.role, key))
        if owner is None:
            raise Dropped("the owner of the row is no customer of its service")
        return owner

    def _seen_by(self, owner: str, tool: Tool, table: str, key: str) -> dict[str, Any]:
        """The row as the lookup would show it to its owner."""
        names = dict.fromkeys(sql.placeholders(sql.parse(tool.returns.sql)))
        found = self.session.query(tool.returns.sql, {**names, "me": owner, "now": self.spec.simulation_time})
        columns = [column.name for column in tool.returns.columns]
        rows = [dict(zip(columns, row, strict=True)) for row in found]
        name = self.spec.table(table).key
        row = next((row for row in rows if row.get(name) == key), None)
        if row is None:
            raise Dropped("the lookup does not return the row")
        return row

    def _admit(self, step: Step) -> None:
        """Identify the customer where the step's service does not know them yet."""
        (role,) = self.world.roles_of([step.tool])
        if step.purpose != "identify" and self.session.identified_as(role) is None:
            self._identify(role)

    def _make(self, step: Step) -> None:
        self._admit(step)
        outcome = self.session.call(step.tool, step.values())
        if not isinstance(outcome, Ok):
            raise Dropped(f"{step.tool} answers {getattr(outcome, 'code', outcome)}")
        self.steps.append(step)
        self.results.append(outcome.result)

    def _probe(self, step: Step) -> None:
        self._admit(step)
        self._try(step)

    def _try(self, step: Step) -> None:
        """A call that must be refused as the template says."""
        outcome = self.session.call(step.tool, step.values())
        if not isinstance(outcome, Refused) or outcome.code != self.template.refusal:
            raise Dropped(f"the probe is answered {getattr(outcome, 'code', 'Ok')}")
        self.probe = step

    def _answer(self, index: int, column: str) -> None:
        value = self.results[-1][column]
        if value in (None, 0, ""):
            raise Dropped("the answer would be empty")
        self.answers.append((index, column, value))

    def _say(self, index: int, parameter: Parameter, value: Any, service: str | None = None) -> None:
        text, values = language.say(value, parameter), ((parameter.name, value),)
        self.slots.append(Slot(name=parameter.name, goal=index, text=text, values=values, service=service))

    def _say_row(
        self, index: int, table: str, phrase: str, words: dict[str, str], values: tuple[tuple[str, Any], ...]
    ) -> None:
        text = language.render(phrase, {**words, **{name: "{{ " + name + " }}" for name in SPEAKER}})
        self.slots.append(Slot(name=table, goal=index, text=text, values=values))

    def _value(self, path: str, table: str, key: str) -> Any:
        column = path.partition(".")[2]
        source = self.spec.table(table)
        rows = self.session.query(f"SELECT {column} FROM {table} WHERE {source.key} = ?", (key,))
        if not rows:
            raise Dropped(f"{table} has no row {key}")
        value = rows[0][0]
        found = source.column(column)
        return bool(value) if found and found.type == "boolean" else value

    def _is_new(self, table: str, key: str) -> bool:
        return key not in self.world.base_keys(table)

    def _is_stored(self, row: str) -> bool:
        _, table, key = row.removeprefix("row:").rsplit(".", 2)
        return not self._is_new(table, key)
