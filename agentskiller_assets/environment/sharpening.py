"""Cases that tell an altered environment from the sound one, searched for where the cases found so far do not.

For an altered rule SQLite looks for a row and values on which the two conditions differ, at their very bound where a
parameter is compared; for an altered result, for rows that one shows and the other does not. The call is then made in
both environments, and is a case only if they answer differently.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import Tool
from agentskiller_assets.environment.alterations import Mutant, mutants
from agentskiller_assets.environment.call_search import BRANCHES, ME, CallSearch, Found, Search, parts_of
from agentskiller_assets.environment.cases import Accepted, Calls, CaseTable, Rejected, brief
from agentskiller_assets.environment.finder import Finder
from agentskiller_assets.environment.mutations import is_caught, with_fault
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Ok, Outcome, Refused, Session

TRIED = 150
"""Calls that are made in both environments."""


def sharpen(finder: Finder, cases: CaseTable) -> tuple[CaseTable, frozenset[str]]:
    """The cases, and one more for each fault that they do not catch and that some call shows; and what they caught."""
    sharpener = _Sharpener(finder)
    caught: set[str] = set()
    for mutant in mutants(finder.spec):
        if mutant.without is not None:
            continue
        if is_caught(finder.environment, mutant, cases):
            caught.add(mutant.fault)
        else:
            cases = _with(finder, cases, sharpener.telling(mutant))
    return cases, frozenset(caught)


def _with(finder: Finder, cases: CaseTable, case: Accepted | Rejected | None) -> CaseTable:
    if isinstance(case, Accepted):
        cases = replace(cases, accepted=(*cases.accepted, case))
    elif case is not None:
        cases = replace(cases, rejected=(*cases.rejected, case))
    callers = (case.caller for case in (*cases.accepted, *cases.rejected, *cases.protected))
    return replace(cases, identities=finder.callers.named(callers))


class _Sharpener:
    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.spec = finder.spec
        self.searches = DifferenceSearch(finder.search)

    def telling(self, mutant: Mutant) -> Accepted | Rejected | None:
        """A call to which the two answer differently, on the records as they are or after some accepted calls."""
        faulty = with_fault(self.finder.environment, mutant)
        if faulty is None or mutant.tool.authorizes:
            return None
        tool = self.spec.tool(mutant.tool.name)
        searches = self.searches.of(tool, mutant)
        with faulty.fork() as other:
            for search in searches:
                found = self.finder.run(search, most=BRANCHES)
                for me, args in _most_frequent(found):
                    if case := self._case(tool, other, (me, args), ()):
                        return case
            for me, before in self.finder.preludes(tool):
                for search in searches:
                    for _, args in self.finder.run(search, me, before):
                        if case := self._case(tool, other, (me, args), before):
                            return case
        return None

    def _case(self, tool: Tool, other: Session, call: Found, before: Calls) -> Accepted | Rejected | None:
        me, args = call
        if not (self.finder.begin(me, before) and self.finder.begin(me, before, other)):
            return None
        session = self.finder.session
        outcome = session.call(tool.name, args)
        if _answer(other, tool.name, args) == outcome and other.diff() == session.diff():
            return None
        if isinstance(outcome, Ok):
            return Accepted(tool.name, args, brief(outcome.result), session.diff(), me, before)
        if isinstance(outcome, Refused) and outcome.code in {each.code for each in tool.refusals}:
            return Rejected(outcome.code, outcome.statement, tool.name, args, me, before)
        return None


def _answer(session: Session, tool: str, args: dict[str, Any]) -> Outcome | None:
    """What an altered tool answers; None where its SQL fails."""
    try:
        return session.call(tool, args)
    except SpecError:
        return None


def _most_frequent(found: Sequence[Found]) -> list[Found]:
    """Different calls, first those that several rows stand behind."""
    counts = Counter((me, tuple(args.items())) for me, args in found)
    ordered = sorted(counts, key=lambda call: (-counts[call], str(call)))
    return [(me, dict(args)) for me, args in ordered[:TRIED]]


class DifferenceSearch:
    """Composes searches for calls that an altered tool may answer differently."""

    def __init__(self, search: CallSearch) -> None:
        self.search = search
        self.spec = search.spec

    def of(self, tool: Tool, mutant: Mutant) -> list[Search]:
        """Searches for a mutant, the most telling one first."""
        if mutant.rule is not None:
            return list(self._rule(tool, mutant))
        shown = self._shown(tool, mutant)
        return [*([shown] if shown else []), self.search.accepted(tool)]

    def _rule(self, tool: Tool, mutant: Mutant) -> Iterator[Search]:
        """Rows that meet what is tried before the rule, and on which the two conditions differ."""
        position = next(index for index, rule in enumerate(tool.rules) if rule.code == mutant.rule)
        sound, altered = tool.rules[position].require, mutant.tool.rules[position].require
        earlier = [sql.parse_condition(rule.require) for rule in tool.rules[:position]]
        differ = sql.parse_condition(f"(({sound}\n) IS TRUE) <> (({altered}\n) IS TRUE)")
        plain = self.search.admitted(tool, [*earlier, differ])
        for name, bound in self._bounds(tool, sound).items():
            if name not in plain.fixed:
                yield replace(plain, fixed={**plain.fixed, name: bound})
        yield plain

    def _bounds(self, tool: Tool, require: str) -> Mapping[str, exp.Expr]:
        """For parameters that an inequality compares, what they are compared with."""
        known = {
            "now": exp.Literal.string(self.spec.simulation_time),
            "me": exp.column(self.search.core.key, table=ME),
        }
        found: dict[str, exp.Expr] = {}
        tree = sql.parse_condition(require)
        for node in tree.find_all(exp.LT, exp.LTE, exp.GT, exp.GTE):
            for side, bound in ((node.left, node.right), (node.right, node.left)):
                if isinstance(side, exp.Placeholder) and tool.parameter(str(side.this)):
                    filled = sql.replace_placeholders(bound.copy(), known)
                    if not sql.placeholders(filled):
                        found[str(side.this)] = filled
        return found

    def _shown(self, tool: Tool, mutant: Mutant) -> Search | None:
        """Calls with the rows that their result shows, or those that only the altered one shows."""
        sound, altered = sql.parse(tool.returns.sql), sql.parse(mutant.tool.returns.sql)
        sources = _sources(sound)
        where = sound.args.get("where")
        if not sources or where is None or {alias for _, alias in sources} & {bind.table for bind in tool.binds}:
            return None
        kept = {sql.to_sql(part) for part in parts_of(sql.to_sql(altered.args["where"].this))}
        parts = parts_of(sql.to_sql(where.this))
        conditions = [part if sql.to_sql(part) in kept else exp.Not(this=exp.Paren(this=part)) for part in parts]
        joined = [join.args["on"] for join in sound.args.get("joins") or () if join.args.get("on") is not None]
        plain = self.search.admitted(tool, [*conditions, *joined])
        fixed = {name: side for part in parts if sql.to_sql(part) in kept for name, side in _equal(part)}
        return replace(plain, tables=(*plain.tables, *sources), fixed={**fixed, **plain.fixed})


def _equal(part: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """A parameter that a part of a WHERE makes equal to something of the row."""
    if isinstance(part, exp.EQ):
        for side, value in ((part.left, part.right), (part.right, part.left)):
            if isinstance(side, exp.Placeholder) and str(side.this) not in sql.BUILT_IN and not sql.placeholders(value):
                yield str(side.this), value


def _sources(tree: exp.Expr) -> list[tuple[str, str]]:
    """Tables and aliases of a SELECT; none where something else than a table is joined, or not all rows must match."""
    source = tree.args.get("from_") or tree.args.get("from")
    joins = tree.args.get("joins") or []
    found = [source.this, *(join.this for join in joins)] if source is not None else []
    if any(not isinstance(each, exp.Table) for each in found) or any(join.args.get("side") for join in joins):
        return []
    return [(each.name, each.alias_or_name) for each in found]
