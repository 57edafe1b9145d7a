"""Are the tests worth anything? Every fault of `alterations` is planted in turn, and must break a case."""

from dataclasses import replace

from agentskiller_assets.core.records import Model
from agentskiller_assets.environment.alterations import Mutant, mutants
from agentskiller_assets.environment.cases import CaseTable, broken_cases
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


def mutation_score(environment: Environment, cases: CaseTable) -> MutationScore:
    """Share of faulty environments in which a case does not hold; without faults of what is shown elsewhere."""
    elsewhere = tuple(f"{gap.subject} " for gap in cases.elsewhere)
    planted = [each for each in mutants(environment.spec) if not each.fault.startswith(elsewhere)]
    survivors = tuple(mutant.fault for mutant in planted if not is_caught(environment, mutant, cases))
    return MutationScore(total=len(planted), caught=len(planted) - len(survivors), survivors=survivors)


def is_caught(environment: Environment, mutant: Mutant, cases: CaseTable) -> bool:
    """Whether a case of the faulty tool does not hold, the likeliest tried first, or else any other one."""
    faulty = with_fault(environment, mutant)
    own = cases_of(cases, mutant.tool.name)
    tables = (_likeliest(own, mutant), own, cases)
    return faulty is None or any(broken_cases(faulty, table, stop_early=True) for table in tables)


def cases_of(cases: CaseTable, tool: str) -> CaseTable:
    """The cases of one tool."""
    return replace(
        cases,
        accepted=tuple(case for case in cases.accepted if case.tool == tool),
        rejected=tuple(case for case in cases.rejected if case.tool == tool),
        protected=tuple(case for case in cases.protected if case.tool == tool),
    )


def _likeliest(cases: CaseTable, mutant: Mutant) -> CaseTable:
    """The refusals of an altered rule; what is carried out for any other fault."""
    if mutant.rule is None:
        return replace(cases, rejected=(), protected=())
    rejected = tuple(case for case in cases.rejected if case.code == mutant.rule)
    return replace(cases, accepted=(), rejected=rejected, protected=())


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
