"""Which fragment of a server is at fault: told from what its calls come to, and from nothing else.

The cases say what should have happened; where a call went another way says which bind, rule, effect or result did it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from agentskiller_assets.authoring.drafts import FragmentField
from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.environment.cases import Accepted, Case, CaseTable, Rejected, Unfit, blamed, brief, prepare
from agentskiller_assets.environment.promises import declared
from agentskiller_assets.environment.validation import Fault, validate
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment, Invalid, Ok, Outcome, Refused, Session

BUDGET = 4_000_000
"""Instructions of SQLite for one call while a fault is looked for: a fifth of what a session allows."""
_FIELDS: dict[str, FragmentField] = {"bind": "binds", "rule": "rules", "effect": "effects", "returns": "returns"}


@dataclass(frozen=True, slots=True)
class Blame:
    """A fragment, and what it did. Without a field it is nothing that an author can write anew."""

    tool: str
    field: FragmentField | None
    fragment: str
    message: str


def undeclared(contract: EnvironmentSpec, spec: EnvironmentSpec) -> list[Blame]:
    """Where a server declares something else than was agreed."""
    names = [tool.name for tool in contract.tools]
    if spec.tables != contract.tables:
        return [Blame(spec.domain, None, "tables", "the tables are not those that were agreed")]
    if [tool.name for tool in spec.tools] != names:
        return [Blame(spec.domain, None, "tools", f"the tools are not {names}")]
    found: list[Blame] = []
    for agreed, tool in zip(contract.tools, spec.tools, strict=True):
        differing = [part for part, value in declared(agreed).items() if declared(tool)[part] != value]
        found += [_undeclared(agreed, tool, part) for part in differing]
    return found


def _undeclared(agreed: Tool, tool: Tool, part: str) -> Blame:
    match part:
        case "parameters":
            wanted, given = list(agreed.parameters), list(tool.parameters)
            message = f"takes {_first_other(given, wanted)} where {_first_other(wanted, given)} was agreed"
            return Blame(tool.name, "parameters", "parameters", message)
        case "returns":
            wanted, given = list(agreed.returns.columns), list(tool.returns.columns)
            message = f"returns {_first_other(given, wanted)} where {_first_other(wanted, given)} was agreed"
            return Blame(tool.name, "returns", "returns", message)
        case "refusals":
            wanted = [(each.code, each.statement) for each in agreed.refusals]
            given = [(each.code, each.statement) for each in tool.refusals]
            code, statement = next((each for each in wanted if each not in given), (wanted or given)[0])
            return _blame_refusal(agreed, code, f"does not refuse with {code} ({statement}) in its place")
        case _:
            return Blame(tool.name, None, part, "its title, description or access are not what was agreed")


def _first_other(some: Sequence[Any], others: Sequence[Any]) -> str:
    found = next((each for each in some if each not in others), None)
    return "nothing" if found is None else f"{found.name!r} as {found.model_dump(exclude_defaults=True)}"


def unclosed(contract: EnvironmentSpec, spec: EnvironmentSpec) -> tuple[list[Blame], list[Fault]]:
    """New faults of validation: those of one fragment, and those that do not say which it is."""
    if spec == contract:
        return [], []
    known = set(map(str, validate(contract)))
    faults = [fault for fault in validate(spec) if str(fault) not in known]
    found: list[Blame] = []
    for fault in faults:
        tool, _, fragment = fault.where.removeprefix(f"{spec.domain}.").partition(".")
        if fragment and any(each.name == tool for each in spec.tools):
            field = _FIELDS.get(fragment.split(" ")[0], "parameters")
            found.append(Blame(tool, field, fragment, f"{fault.fault}. {fault.fix}"))
    vague = [fault for fault in faults if "." not in fault.where.removeprefix(f"{spec.domain}.")]
    return found, vague


def diagnose(spec: EnvironmentSpec, image: bytes, cases: CaseTable) -> list[Blame]:
    """The first fragment at fault of every tool whose cases do not hold; the identification alone if it is at fault."""
    try:
        environment = Environment(spec, image, step_budget=BUDGET)
    except SpecError as error:
        return [_uncompiled(spec, error)]
    found: dict[str, Blame] = {}
    with environment.fork() as session:
        diagnosis = _Diagnosis(spec, session, cases)
        for case in diagnosis.ordered():
            if case.before and found:
                break
            if case.tool not in found and (blame := diagnosis.of(case)):
                found.setdefault(blame.tool, blame)
            if gates := [found[tool.name] for tool in spec.tools if tool.authorizes and tool.name in found]:
                return gates
        for unfit in cases.unfit:
            if unfit.tool not in found and (blame := diagnosis.of_schema(unfit)):
                found[unfit.tool] = blame
    return list(found.values())


class _Diagnosis:
    """Makes the calls of the cases in one session, and names what answered otherwise than it should."""

    def __init__(self, spec: EnvironmentSpec, session: Session, cases: CaseTable) -> None:
        self.spec = spec
        self.session = session
        self.cases = cases

    def ordered(self) -> list[Case]:
        """Simple calls before those that others come before; the identification first of all."""
        cases: list[Case] = [*self.cases.rejected, *self.cases.accepted, *self.cases.protected]
        gates = {tool.name for tool in self.spec.tools if tool.authorizes}
        return sorted(cases, key=lambda case: (len(case.before), case.tool not in gates))

    def of(self, case: Case) -> Blame | None:
        """The fragment at fault in one call, or None if it is as it should be."""
        tool = self.spec.tool(case.tool)
        self.session.reset()
        try:
            if not prepare(self.session, case, self.cases.identities):
                return None if case.before else _of_identity(self._gate(tool))
        except SpecError as error:
            return None if case.before else self._raising(self._gate(tool), {}, error)
        try:
            outcome = self.session.call(case.tool, case.args)
        except SpecError as error:
            return self._raising(tool, case.args, error)
        match case:
            case Rejected():
                return _of_rejected(tool, case, outcome)
            case Accepted():
                return self._of_accepted(tool, case, outcome)
            case _:
                return _of_protected(self.spec, tool, outcome)

    def _gate(self, tool: Tool) -> Tool:
        return self.spec.authorizer_of(self.spec.role_of(tool))

    def of_schema(self, case: Unfit) -> Blame | None:
        """A parameter that takes what it should not."""
        self.session.reset()
        try:
            if case.caller is not None:
                self.session.call(*self.cases.identities[case.caller])
            if blamed(self.session.call(case.tool, case.args)) == case.argument:
                return None
        except SpecError:
            return None
        return Blame(case.tool, "parameters", "parameters", f"{case.argument} takes {case.args.get(case.argument)!r}")

    def _of_accepted(self, tool: Tool, case: Accepted, outcome: Outcome) -> Blame | None:
        if isinstance(outcome, Invalid):
            message = f"{outcome.argument} is not taken: {outcome.reason}"
            return Blame(tool.name, "parameters", "parameters", message)
        if isinstance(outcome, Refused):
            if outcome.code == "INCONSISTENT_CHANGE":
                return Blame(tool.name, "effects", "effect 1", f"contradicts the records, with {case.args}")
            return _blame_refusal(tool, outcome.code, f"refuses a call within the rules: {case.args}")
        diff = self.session.diff()
        if diff != case.diff:
            table = next((name for name in _tables(diff, case.diff) if _of(diff, name) != _of(case.diff, name)), "")
            number = next((n for n, effect in enumerate(tool.effects, 1) if _writes(effect) == table), 0)
            message = f"changes {_of(diff, table)} of {table} where {_of(case.diff, table)} was expected"
            return Blame(tool.name, "effects", f"effect {number or len(tool.effects) + 1}", message)
        if brief(outcome.result) != case.result:
            message = f"returns {brief(outcome.result)} where {case.result} was expected"
            return Blame(tool.name, "returns", "returns", message)
        return None

    def _raising(self, tool: Tool, args: dict[str, Any], error: SpecError) -> Blame:
        """The fragment that cannot be run to its end, found by running each by itself."""
        values = {parameter.name: None for parameter in tool.parameters} | args
        values |= {"me": self.session.me, "now": self.spec.simulation_time, "new_id": None}
        message = f"{error.fault}, with {args}"
        bound = ", ".join(f'"{bind.table}"' for bind in tool.binds)
        source = f" FROM {bound} WHERE " + " AND ".join(f"({bind.where}\n)" for bind in tool.binds) if bound else ""
        for upto, bind in enumerate(tool.binds, start=1):
            tables = ", ".join(f'"{each.table}"' for each in tool.binds[:upto])
            if not self._runs(f"SELECT 1 FROM {tables} WHERE ({bind.where}\n) LIMIT 2", values):
                return Blame(tool.name, "binds", f"bind {bind.table}", message)
        for rule in tool.rules:
            if not self._runs(f"SELECT ({rule.require}\n){source}", values):
                return Blame(tool.name, "rules", f"rule {rule.code}", message)
        if not tool.effects or "rows where one is declared" in error.fault or not self._runs(tool.returns.sql, values):
            return Blame(tool.name, "returns", "returns", message)
        return Blame(tool.name, "effects", "effect 1", message)

    def _runs(self, query: str, values: dict[str, Any]) -> bool:
        try:
            self.session.query(query, values)
        except SpecError:
            return False
        return True


def _of_identity(tool: Tool) -> Blame:
    return Blame(tool.name, "binds", f"bind {tool.binds[0].table}", "does not identify somebody who is on record")


def _of_rejected(tool: Tool, case: Rejected, outcome: Outcome) -> Blame | None:
    codes = [refusal.code for refusal in tool.refusals]
    match outcome:
        case Refused(code=code) if code == case.code:
            return None
        case Refused(code=code) if code in codes and codes.index(code) < codes.index(case.code):
            return _blame_refusal(tool, code, f"refuses a call that only {case.code} forbids: {case.args}")
        case Invalid(argument=argument, reason=reason):
            return Blame(tool.name, "parameters", "parameters", f"{argument} is not taken: {reason}")
        case _:
            said = "is carried out" if isinstance(outcome, Ok) else f"is refused with {outcome.code}"
            return _blame_refusal(tool, case.code, f"a call that it forbids {said}: {case.args}")


def _of_protected(spec: EnvironmentSpec, tool: Tool, outcome: Outcome) -> Blame | None:
    if not isinstance(outcome, Ok):
        return None
    table = tool.binds[-1].table if tool.binds else spec.core_entity
    return Blame(tool.name, "binds", f"bind {table}", "a record of somebody else is within reach")


def _blame_refusal(tool: Tool, code: str, message: str) -> Blame:
    for bind in tool.binds:
        if bind.refusal.code == code:
            return Blame(tool.name, "binds", f"bind {bind.table}", message)
    if any(rule.code == code for rule in tool.rules):
        return Blame(tool.name, "rules", f"rule {code}", message)
    return Blame(tool.name, "returns", "returns", f"{code}: {message}")


def _uncompiled(spec: EnvironmentSpec, error: SpecError) -> Blame:
    """The fragment whose text the message shows."""
    name = error.culprit.removeprefix("tool ")
    tool = next((each for each in spec.tools if each.name == name), None)
    if tool is None:
        return Blame(name, None, "tables", error.fault)
    for number, effect in enumerate(tool.effects, start=1):
        if effect in error.fault:
            return Blame(name, "effects", f"effect {number}", error.fault)
    for rule in tool.rules:
        if rule.require in error.fault:
            return Blame(name, "rules", f"rule {rule.code}", error.fault)
    for bind in tool.binds:
        if bind.where in error.fault:
            return Blame(name, "binds", f"bind {bind.table}", error.fault)
    return Blame(name, "returns", "returns", error.fault)


def _tables(*diffs: dict[str, Any]) -> Iterator[str]:
    yield from sorted({table for diff in diffs for kind in diff.values() for table in kind})


def _of(diff: dict[str, Any], table: str) -> dict[str, Any]:
    return {kind: rows[table] for kind, rows in diff.items() if table in rows}


def _writes(effect: str) -> str:
    """The table that an effect changes."""
    target = sql.parse(effect).this
    return (target.this if isinstance(target, exp.Schema) else target).name
