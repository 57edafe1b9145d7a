"""Finds the cases of an environment: what each tool accepts, and the call that each rule and bind alone refuses."""

from collections.abc import Iterator, Sequence
from typing import Any

from agentskiller_assets.core.spec import Refusal, Tool
from agentskiller_assets.environment.call_search import CallSearch, Found, Search, parts_of
from agentskiller_assets.environment.callers import Callers
from agentskiller_assets.environment.case_values import ValueSource, unfit_values
from agentskiller_assets.environment.cases import (
    LONGEST,
    Accepted,
    Arguments,
    Calls,
    CaseTable,
    Gap,
    Rejected,
    Unfit,
    blamed,
    brief,
    is_refused,
)
from agentskiller_assets.environment.promises import protected_cases
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment, Ok, Session

TRIED = 24
"""Candidates that are called, of those that a search finds."""
MOST_ACCEPTED = 3
MOST_BEFORE = 4
"""Calls that may come first, where the records alone do not violate a rule."""


class Finder:
    """Looks for the cases of one environment, in one session."""

    def __init__(self, environment: Environment, session: Session) -> None:
        self.environment = environment
        self.spec = environment.spec
        self.session = session
        self.values = ValueSource(self.spec, session)
        self.callers = Callers(self.spec, session, self.values)
        self.search = CallSearch(self.spec, self.values)
        self.accepted: dict[str, list[Accepted]] = {}
        self.gaps: list[Gap] = []

    def table(self) -> CaseTable:
        """All cases, in the order of the specification."""
        others = [tool for tool in self.spec.tools if not tool.authorizes]
        self.accepted[self.spec.authorizer.name] = list(self.callers.accepted())
        for tool in others:
            self.accepted[tool.name] = self._accepted(tool)
        for tool in others:
            self.accepted[tool.name] += self._effective(tool)
        rejected, unclear = self.callers.rejected()
        self.gaps += unclear
        for tool in others:
            rejected += [*self._unbound(tool), *self._violating(tool)]
        accepted = [case for tool in self.spec.tools for case in self.accepted[tool.name]]
        unfit = tuple(self._unfit())
        protected = list(protected_cases(self.spec, accepted, self.callers.keys))
        return CaseTable(
            identities=self.callers.named(case.caller for case in (*accepted, *rejected, *protected, *unfit)),
            accepted=tuple(accepted),
            rejected=tuple(rejected),
            unfit=unfit,
            gaps=tuple(self.gaps),
            protected=tuple(protected),
        )

    def _gap(self, subject: str, reason: str) -> None:
        if self.search.stopped:
            reason = f"{reason}, as far as was searched"
        self.gaps.append(Gap(subject, reason))

    def _accepted(self, tool: Tool) -> list[Accepted]:
        """For a write, calls that together change all that it can; for a read, one that tells the most."""
        self.search.stopped = False
        found = self._widened(tool, self.run(self.search.accepted(tool)))
        cases = [case for me, args in found if (case := self._try(tool, me, args))]
        if not cases:
            self._gap(tool.name, "no call on these records is accepted")
            return []
        return _covering(cases) if tool.access == "write" else _telling(cases)

    def _widened(self, tool: Tool, found: Sequence[Found]) -> Iterator[Found]:
        """The calls as they are, and the first one with every optional argument."""
        yield from found
        optional = [parameter for parameter in tool.parameters if not parameter.required]
        if found and optional:
            me, args = found[0]
            more = {p.name: self.values.samples(tool, p)[:1] for p in optional if p.name not in args}
            given = {**args, **{name: values[0] for name, values in more.items() if values}}
            yield me, {p.name: given[p.name] for p in tool.parameters if p.name in given}

    def _effective(self, tool: Tool) -> Iterator[Accepted]:
        """For each further effect of a call that may find nothing to change, a call for which it does."""
        for effect in range(1, len(tool.effects)):
            case = self._with_effect(tool, self.search.accepted(tool, effect))
            if case is None:
                self._gap(f"{tool.name}: effect {effect + 1}", "it changes nothing on these records")
            elif case not in self.accepted[tool.name]:
                yield case

    def _with_effect(self, tool: Tool, search: Search) -> Accepted | None:
        self.search.stopped = False
        for me, args in self.run(search):
            if case := self._try(tool, me, args):
                return case
        for me, before in self.preludes(tool):
            for _, args in self.run(search, me, before):
                if case := self._try(tool, me, args, before):
                    return case
        return None

    def _try(self, tool: Tool, me: str, args: Arguments, before: Calls = ()) -> Accepted | None:
        if not self.begin(me, before):
            return None
        outcome = self.session.call(tool.name, args)
        if not isinstance(outcome, Ok):
            return None
        return Accepted(tool.name, args, brief(outcome.result), self.session.diff(), me, before)

    def _unbound(self, tool: Tool) -> Iterator[Rejected]:
        """A refusal for each part of each bind: no such row, somebody else's row, a row that is not fit."""
        for position, bind in enumerate(tool.binds):
            for part, condition in enumerate(parts_of(bind.where)):
                searches = [self.search.unbound(tool, position, part, sharp=sharp) for sharp in (True, False)]
                case = self._refused(tool, bind.refusal, searches)
                if case:
                    yield case
                else:
                    text = condition.sql(dialect="sqlite")
                    reason = f"no call on these records fails the condition {text!r} alone"
                    self._gap(f"{tool.name}: {bind.refusal.code}", reason)

    def _violating(self, tool: Tool) -> Iterator[Rejected]:
        for rule in tool.rules:
            clash = self.search.clashing(tool, rule.code)
            searches = [clash] if clash else []
            searches += [self.search.violating(tool, rule.code, alone=alone) for alone in (True, False)]
            case = self._refused(tool, rule, searches)
            if case:
                yield case
            else:
                reason = "no call on these records violates it"
                self._gap(f"{tool.name}: {rule.code}", reason)

    def _refused(self, tool: Tool, refusal: Refusal, searches: Sequence[Search]) -> Rejected | None:
        """A call that is refused with this code, on the records as they are or after some accepted calls."""
        self.search.stopped = False
        for search in searches:
            for me, args in self.run(search):
                if case := self._rejected(tool, refusal, me, args, ()):
                    return case
        for me, before in self.preludes(tool):
            for search in searches:
                for _, args in self.run(search, me, before):
                    if case := self._rejected(tool, refusal, me, args, before):
                        return case
        return None

    def _rejected(self, tool: Tool, refusal: Refusal, me: str, args: Arguments, before: Calls) -> Rejected | None:
        if self.begin(me, before) and is_refused(self.session.call(tool.name, args), refusal.code):
            return Rejected(refusal.code, refusal.statement, tool.name, args, me, before)
        return None

    def preludes(self, tool: Tool) -> Iterator[tuple[str, Calls]]:
        """Ways to change the records first: each write tool once, or several times in a row."""
        writes = [each for each in self.spec.tools if each.effects and self.accepted.get(each.name)]
        for write in sorted(writes, key=lambda each: each is not tool):
            first = self.accepted[write.name][0]
            if first.caller is None:
                continue
            before: Calls = ((write.name, first.args),)
            yield first.caller, before
            while len(before) < MOST_BEFORE:
                again = self.run(self.search.accepted(write), first.caller, before)
                if not again:
                    break
                before = (*before, (write.name, again[0][1]))
                yield first.caller, before

    def run(self, search: Search, me: str | None = None, before: Calls = (), most: int = TRIED) -> list[Found]:
        """Calls that a search finds: of anybody on the records as they are, or of one person after some calls."""
        if me is None:
            self.session.reset()
            return self.search.run(search, self.session, self.callers.keys, most)
        if not self.begin(me, before):
            return []
        return self.search.run(search, self.session, [me], most)

    def begin(self, me: str, before: Calls, session: Session | None = None) -> bool:
        """Identify the caller in a clean session and make the calls that come first."""
        session = session or self.session
        session.reset()
        calls = [(self.spec.authorizer.name, self.callers.identity(me)), *before]
        try:
            return all(isinstance(session.call(name, args), Ok) for name, args in calls)
        except SpecError:
            return False

    def _unfit(self) -> Iterator[Unfit]:
        """For each parameter: missing, of another type, out of bounds; for each tool an unknown argument."""
        for tool in self.spec.tools:
            if not self.accepted[tool.name]:
                continue
            good = self.accepted[tool.name][0].args
            yield from self._blamed(tool, {**good, "no_such_argument": 1}, "no_such_argument")
            for parameter in tool.parameters:
                for value in unfit_values(parameter):
                    yield from self._blamed(tool, {**good, parameter.name: value}, parameter.name)
                if parameter.required:
                    rest = {name: value for name, value in good.items() if name != parameter.name}
                    yield from self._blamed(tool, rest, parameter.name)

    def _blamed(self, tool: Tool, args: Arguments, argument: str) -> Iterator[Unfit]:
        if not self.callers.keys or not self.begin(self.callers.keys[0], ()):
            return
        if blamed(self.session.call(tool.name, args)) == argument:
            yield Unfit(tool.name, args, argument, next(iter(self.callers.keys), None))
        else:
            self.gaps.append(Gap(f"{tool.name}: {argument}", f"the schema takes {args.get(argument)!r}"))


def _touched(case: Accepted) -> set[Any]:
    """Tables with rows that came or went, and columns that changed."""
    found: set[Any] = {(kind, table) for kind in ("inserted", "deleted") for table in case.diff[kind]}
    for table, rows in case.diff["updated"].items():
        found |= {(table, column) for row in rows for column in row["changes"]}
    return found


def _covering(cases: list[Accepted]) -> list[Accepted]:
    """Calls that change something that none before them changed."""
    chosen: list[Accepted] = []
    changed: set[Any] = set()
    for case in cases:
        touched = _touched(case)
        if not chosen or touched - changed:
            chosen.append(case)
            changed |= touched
    return chosen[:MOST_ACCEPTED]


def _telling(cases: list[Accepted]) -> list[Accepted]:
    """The shortest list with an order, or the first single row; and the last call, which has all arguments."""

    def rows(case: Accepted) -> int:
        return case.result.get("rows") or len(case.result.get("results", "1"))

    best = min(cases, key=lambda case: (rows(case) < 2, rows(case) or LONGEST))
    return [best] if len(best.args) >= len(cases[-1].args) else [best, cases[-1]]
