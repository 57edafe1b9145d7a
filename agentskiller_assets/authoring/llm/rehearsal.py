"""A service on rows of its own plans, before anybody builds on it: whether rows can be drawn, whether every rule can be
kept and broken on them, and whether tests on them would notice every fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentskiller_assets.authoring.plans import SamplePlans
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.latest import Latest
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.alterations import mutants
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.invariants import broken_invariants
from agentskiller_assets.environment.mutations import is_caught
from agentskiller_assets.environment.promises import broken_promises
from agentskiller_assets.environment.row_maker import Rows, make_rows
from agentskiller_assets.errors import PlanningError, SpecError
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.runtime import Environment, build_image

ROWS, PEOPLE = 150, 200
"""As few as give every rule of a sound service a case."""

Found = dict[str, list[str]]


@dataclass(frozen=True)
class Rehearsal:
    """What is wrong with a service on rows of its plans; empty if nothing is."""

    rows: Found = field(default_factory=dict)
    """By table: why its rows cannot be drawn, or what they break."""
    cases: Found = field(default_factory=dict)
    """By tool: what no call on the rows shows, so that nobody could tell if it were missing."""
    promises: Found = field(default_factory=dict)
    """By tool: what calls do that the specification promises they do not."""


def rehearse(spec: EnvironmentSpec, plans: SamplePlans, seed: int) -> Rehearsal:
    """The rehearsal of a closed specification; the last few are kept, since it takes a second."""
    return _REHEARSALS.get(digest([spec, plans, seed]), lambda: _rehearsed(spec, plans, seed))


_REHEARSALS = Latest[Rehearsal](16)


def _rehearsed(spec: EnvironmentSpec, plans: SamplePlans, seed: int) -> Rehearsal:
    people = [person.model_dump() for person in make_population(PEOPLE, seed)]
    try:
        rows = make_rows(spec, plans, people, seed, ROWS)
        environment = Environment(spec, build_image(spec, rows))
    except (PlanningError, SpecError) as error:
        return Rehearsal(rows={_table_of(spec, error.culprit): [str(error)]})
    broken = _invariants(spec, rows)
    if broken:
        return Rehearsal(rows=broken)
    try:
        return _on_cases(environment)
    except SpecError as error:  # a tool whose SQL fails when it runs
        return Rehearsal(cases={error.culprit.removeprefix("tool "): [str(error)]})


def _table_of(spec: EnvironmentSpec, culprit: str) -> str:
    """The table of `databases[domain].table.column`, or of `table name, row key`."""
    words = culprit.removeprefix(f"databases[{spec.domain}].").removeprefix("table ").replace(",", ".").split(".")
    return words[0]


def _invariants(spec: EnvironmentSpec, rows: Rows) -> Found:
    found: Found = {}
    stored = EnvironmentRows(id="rehearsal", spec=spec, rows=rows)
    for fault in broken_invariants(stored):
        table = fault.removeprefix(f"row:{spec.domain}.").partition(".")[0]
        found.setdefault(table if any(each.name == table for each in spec.tables) else "", []).append(fault)
    return found


def _on_cases(environment: Environment) -> Rehearsal:
    cases = find_cases(environment)
    shown: Found = {}
    for gap in cases.gaps:
        shown.setdefault(gap.subject.partition(":")[0], []).append(f"{gap}.")
    for mutant in mutants(environment.spec):
        if not is_caught(environment, mutant, cases):
            fault = f"No call on the records would differ with this fault: {mutant.fault}."
            shown.setdefault(mutant.tool.name, []).append(fault)
    promises: Found = {}
    for broken in broken_promises(environment, cases):
        promises.setdefault(broken.tool, []).append(f"{broken}.")
    return Rehearsal(cases=shown, promises=promises)


def merged(*found: Mapping[str, list[str]]) -> Found:
    """All faults by name."""
    names = dict.fromkeys(name for each in found for name in each)
    return {name: [fault for each in found for fault in each.get(name, ())] for name in names}
