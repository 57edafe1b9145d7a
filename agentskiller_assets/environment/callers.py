"""Who can call: identities of everyone in the records, and what the authorisation tool says to each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.call_search import parts_of
from agentskiller_assets.environment.case_values import ValueSource, other_value, typed
from agentskiller_assets.environment.cases import Accepted, Arguments, Gap, Identities, Rejected, brief
from agentskiller_assets.runtime import Ok, Outcome, Refused, Session

MOST_ALTERED = 5
"""People whose identity is tried with one argument altered."""


class Callers:
    """Tries the authorisation tool for everyone, which takes a few milliseconds for hundreds of people."""

    def __init__(self, spec: EnvironmentSpec, session: Session, values: ValueSource) -> None:
        self.spec = spec
        self.tool = spec.authorizer
        self.session = session
        self.values = values
        self._identities = dict(self._read())
        self._outcomes: list[tuple[Arguments, Outcome]] = []
        self.keys: list[str] = []
        """Keys of those who are served."""
        for key, args in self._identities.items():
            if isinstance(self._call(args), Ok):
                self.keys.append(key)

    def identity(self, key: str) -> Arguments:
        """The arguments that identify somebody."""
        return self._identities[key]

    def named(self, keys: Iterable[str | None]) -> Identities:
        """Identities of these callers, each once, in the order of their keys."""
        found = sorted({key for key in keys if key is not None})
        return {key: (self.tool.name, self._identities[key]) for key in found}

    def accepted(self) -> Iterator[Accepted]:
        """The first person who is served."""
        for key in self.keys[:1]:
            args = self._identities[key]
            self.session.reset()
            outcome = self.session.call(self.tool.name, args)
            assert isinstance(outcome, Ok)
            yield Accepted(self.tool.name, args, brief(outcome.result))

    def rejected(self) -> tuple[list[Rejected], list[Gap]]:
        """The first refusal with each code, of people as they are and with one argument altered."""
        for args in self._altered():
            self._call(args)
        found: list[Rejected] = []
        gaps: list[Gap] = []
        for refusal in self.tool.refusals:
            wanted = Refused(refusal.code, refusal.statement)
            args = next((args for args, outcome in self._outcomes if outcome == wanted), None)
            if args is None:
                gaps.append(Gap(f"{self.tool.name}: {refusal.code}", "nobody on record is refused with it"))
            else:
                found.append(Rejected(refusal.code, refusal.statement, self.tool.name, args))
        return [*found, *self._partly_right(found)], gaps

    def _call(self, args: Arguments) -> Outcome:
        self.session.reset()
        outcome = self.session.call(self.tool.name, args)
        self._outcomes.append((args, outcome))
        return outcome

    def _partly_right(self, found: Sequence[Rejected]) -> Iterator[Rejected]:
        """One more refusal for each part of a bind that looks at another argument."""
        codes = {bind.refusal.code: bind.refusal for bind in self.tool.binds if len(parts_of(bind.where)) > 1}
        seen = {(case.code, tuple(case.args.values())) for case in found}
        if not self.keys:
            return
        good = self._identities[self.keys[0]]
        for args, outcome in self._outcomes:
            differs = sum(args[name] != value for name, value in good.items())
            if differs != 1 or not isinstance(outcome, Refused) or outcome.code not in codes:
                continue
            if (outcome.code, tuple(args.values())) not in seen:
                seen.add((outcome.code, tuple(args.values())))
                yield Rejected(outcome.code, outcome.statement, self.tool.name, args)

    def _altered(self) -> Iterator[Arguments]:
        """Good identities with one argument unknown, and with one that is only a little wrong."""
        for key in self.keys[:MOST_ALTERED]:
            for parameter in self.tool.parameters:
                good = self._identities[key]
                unknown = self.values.unknown(parameter)
                yield {**good, parameter.name: unknown}
                yield {**good, parameter.name: other_value(parameter, good[parameter.name])}

    def _read(self) -> Iterator[tuple[str, Arguments]]:
        """Everyone's identity, from the columns that the parameters match."""
        core = self.spec.table(self.spec.core_entity)
        columns = [self._column(parameter.matches) for parameter in self.tool.parameters]
        if None in columns:
            return
        selected = ", ".join([f'c."{core.key}"', *map(str, columns)])
        rows: list[Any] = self.session.query(f'SELECT {selected} FROM "{core.name}" AS c ORDER BY c."{core.key}"')
        for key, *values in rows:
            pairs = zip(self.tool.parameters, values, strict=True)
            if None not in values:
                yield key, {parameter.name: typed(parameter, value) for parameter, value in pairs}

    def _column(self, path: str | None) -> str | None:
        """SQL for a column of the core entity's row, or of a row that it refers to."""
        core = self.spec.table(self.spec.core_entity)
        table, _, column = (path or "").partition(".")
        if table == core.name:
            return f'c."{column}"'
        for reference in core.columns:
            if reference.ref == table:
                key = self.spec.table(table).key
                return f'(SELECT t."{column}" FROM "{table}" AS t WHERE t."{key}" = c."{reference.name}")'
        return None
