"""Are the tests worth anything? Every fault of `alterations` is planted in turn, and must break a case."""

from collections.abc import Collection, Iterator

from agentskiller_assets.core.records import Model
from agentskiller_assets.environment.alterations import Mutant, mutants
from agentskiller_assets.environment.cases import Accepted, Case, CaseTable, Rejected, broken_cases
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment


class MutationScore(Model):
    """How many faults the tests catch, and which they do not."""

    total: int
    caught: int
    survivors: tuple[str, ...]

    @property
    def score(self) -> float:
        """1.0 when every fault is caught; 0.0 when there was nothing to catch."""
        return self.caught / self.total if self.total else 0.0


def mutation_score(environment: Environment, cases: CaseTable, caught: Collection[str] = frozenset()) -> MutationScore:
    """Share of faulty environments in which a case does not hold; without faults of what is shown elsewhere.

    `caught` are faults of this environment that some of these very cases have caught already.
    """
    elsewhere = tuple(f"{gap.subject} " for gap in cases.elsewhere)
    planted = [each for each in mutants(environment.spec) if not each.fault.startswith(elsewhere)]
    rest = [mutant for mutant in planted if mutant.fault not in caught]
    survivors = tuple(mutant.fault for mutant in rest if not is_caught(environment, mutant, cases))
    return MutationScore(total=len(planted), caught=len(planted) - len(survivors), survivors=survivors)


def is_caught(environment: Environment, mutant: Mutant, cases: CaseTable) -> bool:
    """Whether a case does not hold with the fault."""
    faulty = with_fault(environment, mutant)
    return faulty is None or any(broken_cases(faulty, part, stop_early=True) for part in _parts(cases, mutant))


def _parts(cases: CaseTable, mutant: Mutant) -> Iterator[CaseTable]:
    """The cases that may show a fault, in parts, the likeliest first.

    These are the refusals of an altered rule, or what is carried out for any other fault; then whatever else the tool
    does; then what it has another part in. A case in which no altered tool has a part comes out as it always does.
    """
    altered = mutant.tool.name

    def is_likely(case: Case) -> bool:
        if mutant.rule is None:
            return isinstance(case, Accepted)
        return isinstance(case, Rejected) and case.code == mutant.rule

    yield cases.only(lambda case: case.tool == altered and is_likely(case))
    yield cases.only(lambda case: case.tool == altered and not is_likely(case))
    several_are_altered = mutant.without is not None
    yield cases.only(lambda case: case.tool != altered and (several_are_altered or cases.calls(case, altered)))


def with_fault(environment: Environment, mutant: Mutant) -> Environment | None:
    """The environment with the fault; None where the fault is so plain that it does not compile.

    Like a variant without a rule, it shares all but the one tool with the sound environment.
    """
    if mutant.without is not None:
        return environment.without_rule(mutant.without)
    try:
        return environment.with_tool(mutant.tool)
    except SpecError:
        return None
