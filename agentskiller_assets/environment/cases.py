"""Test cases of an environment: calls with what must come of them, and whether that still holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agentskiller_assets.core.canonical import digest
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment, Invalid, Ok, Outcome, Refused, Session

NOTHING: dict[str, Any] = {"inserted": {}, "updated": {}, "deleted": {}}
LONGEST = 6
"""Rows of a result that a case spells out; longer lists are compared by number and digest."""

Arguments = dict[str, Any]
Calls = tuple[tuple[str, Arguments], ...]
Identities = dict[str, tuple[str, Arguments]]
"""By caller, the tool and the arguments that identify them."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call that is carried out, its result and everything that it and the calls before it changed."""

    tool: str
    args: Arguments
    result: Any
    diff: dict[str, Any] = field(default_factory=lambda: NOTHING)
    caller: str | None = None
    """Key of the core entity's row of the person who calls; None for the call that identifies."""
    before: Calls = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A call that is refused with this code and changes nothing."""

    code: str
    statement: str
    tool: str
    args: Arguments
    caller: str | None = None
    before: Calls = ()


@dataclass(frozen=True, slots=True)
class Protected:
    """A call that its record's owner may make, by somebody else: it is not carried out, whatever the reason."""

    tool: str
    args: Arguments
    caller: str | None
    before: Calls = ()


@dataclass(frozen=True, slots=True)
class Unfit:
    """Arguments that do not fit the tool's schema, and the argument that is blamed."""

    tool: str
    args: Arguments
    argument: str
    caller: str | None = None


Case = Accepted | Rejected | Protected


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that no call on these records shows."""

    subject: str
    """`tool: rule, effect or part of a bind`. The faults of it that can be planted begin with the same words."""
    reason: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CaseTable:
    """All cases of one environment."""

    identities: Identities
    """How each caller of the cases is identified."""
    accepted: tuple[Accepted, ...]
    rejected: tuple[Rejected, ...]
    unfit: tuple[Unfit, ...]
    gaps: tuple[Gap, ...]
    protected: tuple[Protected, ...] = ()
    elsewhere: tuple[Gap, ...] = ()
    """What only one of two services alone shows: here nobody whom it concerns has what a bridge asks for."""

    def labelled(self, role: str) -> "CaseTable":
        """The same with callers that are told from those in another role, who may have the same keys."""

        def name(caller: str | None) -> str | None:
            return caller and f"{role}:{caller}"

        return CaseTable(
            identities={str(name(caller)): identity for caller, identity in self.identities.items()},
            accepted=tuple(replace(case, caller=name(case.caller)) for case in self.accepted),
            rejected=tuple(replace(case, caller=name(case.caller)) for case in self.rejected),
            unfit=tuple(replace(case, caller=name(case.caller)) for case in self.unfit),
            gaps=self.gaps,
            protected=tuple(replace(case, caller=name(case.caller)) for case in self.protected),
        )

    @classmethod
    def together(cls, tables: "Sequence[CaseTable]") -> "CaseTable":
        """The cases of several roles in one table."""
        return cls(
            identities={caller: identity for table in tables for caller, identity in table.identities.items()},
            accepted=tuple(case for table in tables for case in table.accepted),
            rejected=tuple(case for table in tables for case in table.rejected),
            unfit=tuple(case for table in tables for case in table.unfit),
            gaps=tuple(gap for table in tables for gap in table.gaps),
            protected=tuple(case for table in tables for case in table.protected),
        )

    def only(self, wanted: Callable[[Case], bool]) -> "CaseTable":
        """Those of the cases; of what no session is needed for, all."""
        return replace(
            self,
            accepted=tuple(case for case in self.accepted if wanted(case)),
            rejected=tuple(case for case in self.rejected if wanted(case)),
            protected=tuple(case for case in self.protected if wanted(case)),
        )

    def calls(self, case: Case, tool: str) -> bool:
        """Whether a tool has a part in a case: it is tried, is called before, or identifies the caller."""
        identity = [self.identities[case.caller]] if case.caller is not None else []
        return tool in {case.tool, *(name for name, _ in (*identity, *case.before))}


def brief(result: Any) -> Any:
    """The result itself, or number and digest of the rows of a long list."""
    rows = result.get("results", [])
    return result if len(rows) <= LONGEST else {"rows": len(rows), "digest": digest(result)}


def broken_cases(environment: Environment, table: CaseTable, *, stop_early: bool = False) -> list[str]:
    """Names of the cases that do not hold in this environment; the first alone if that is enough."""
    broken: list[str] = []
    cases: Sequence[Case] = (*table.rejected, *table.accepted, *table.protected)
    with environment.fork() as session:
        for case in cases:
            session.reset()
            if not holds(session, case, table.identities):
                broken.append(case.code if isinstance(case, Rejected) else case.tool)
                if stop_early:
                    return broken
    return broken


def holds(session: Session, case: Case, identities: Identities) -> bool:
    """Whether a case comes out as it should, in a clean session."""
    try:
        if not prepare(session, case, identities):
            return False
        expected = case.diff if isinstance(case, Accepted) else _changed_so_far(session)
        outcome = session.call(case.tool, case.args)
        # what was changed takes longer to tell than the outcome, which differs in most of the faulty environments
        return _is_expected(outcome, case) and session.diff() == expected
    except SpecError:
        return False


def _changed_so_far(session: Session) -> dict[str, Any]:
    return session.diff() if session.has_changed else NOTHING


def _is_expected(outcome: Outcome, case: Case) -> bool:
    match case:
        case Rejected():
            return outcome == Refused(case.code, case.statement)
        case Protected():
            return not isinstance(outcome, Ok)
        case Accepted():
            return isinstance(outcome, Ok) and brief(outcome.result) == case.result


def prepare(session: Session, case: Case, identities: Identities) -> bool:
    """Identify the caller and make the calls that come before; False if one is not carried out."""
    calls: list[tuple[str, Arguments]] = list(case.before)
    if case.caller is not None:
        calls.insert(0, identities[case.caller])
    return all(isinstance(session.call(tool, args), Ok) for tool, args in calls)


def is_refused(outcome: Outcome, code: str) -> bool:
    """Whether the outcome is a refusal with this code."""
    return isinstance(outcome, Refused) and outcome.code == code


def blamed(outcome: Outcome) -> str | None:
    """The argument that an `Invalid` names."""
    return outcome.argument if isinstance(outcome, Invalid) else None
