"""Proves a generated server: its tests run in the sandbox, and must catch every fault that is planted."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.case_finder import tried_cases
from agentskiller_assets.environment.correction import (
    ROUNDS,
    Corrected,
    FrozenTests,
    Round,
    RunTests,
    correct,
)
from agentskiller_assets.environment.mutations import MutationScore, mutation_score
from agentskiller_assets.environment.promises import Broken, broken_promises
from agentskiller_assets.environment.server_module import write_server_module
from agentskiller_assets.runtime import Environment
from resources.sandbox import run_pytest


class ServerReport(Model):
    """What is known of one generated server."""

    tests_passed: int
    tests_failed: int
    """Failures and errors, those of collection included."""
    failures: tuple[str, ...]
    """What is at fault, then the tests that failed."""
    gaps: tuple[str, ...]
    """Tools, rules and parts of binds that no call on the records shows."""
    elsewhere: tuple[str, ...]
    """Rules and effects of one of two services that only its own server shows."""
    mutants_total: int
    mutants_caught: int
    survivors: tuple[str, ...]
    score: float
    """Share of planted faults that the tests catch."""
    tests_digest: str
    """Of the tests, before and after every correction."""
    rounds: tuple[Round, ...]

    @property
    def ok(self) -> bool:
        """Whether all tests pass, each rule has its case and every planted fault is caught."""
        return not (self.failures or self.gaps or self.survivors) and self.tests_passed > 0 and self.score == 1.0


def prove_server(
    spec: EnvironmentSpec,
    image: bytes,
    policy: str,
    author: Author | None = None,
    run_tests: RunTests = run_pytest,
    rounds: int = ROUNDS,
) -> tuple[str, str, ServerReport]:
    """The server module, its test module, and the report of running one against the other.

    Tests are written from the approved specification and run in a subprocess; meanwhile the same cases are tried here
    on every faulty environment in which they were not tried when they were sought. Without an author the server is
    the specification itself, and nothing is corrected.
    """
    environment = Environment(spec, image)
    cases, caught = tried_cases(environment)
    tests = FrozenTests.write(spec, image, cases)
    unkept = broken_promises(environment, cases)
    if unkept:
        score = MutationScore(total=0, caught=0, survivors=())
        return write_server_module(spec, policy), tests.text, _report(tests, score, (), _unkept(spec, unkept), 0)
    server = author.implement(spec) if author else spec
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(correct, tests, server, policy, author, run_tests, rounds)
        score = mutation_score(environment, cases, caught)
        corrected = running.result()
    if corrected.ok and corrected.spec != spec:
        score = mutation_score(Environment(corrected.spec, image), cases)
    last = corrected.rounds[-1]
    report = _report(tests, score, corrected.rounds, _failures(corrected), last.passed)
    return corrected.module, tests.text, report


def _failures(corrected: Corrected) -> tuple[str, ...]:
    last = corrected.rounds[-1]
    return (*map(str, last.answers), *(f"{each.test}: {each.message}" for each in last.failures))


def _unkept(spec: EnvironmentSpec, broken: Sequence[Broken]) -> tuple[str, ...]:
    fix = "Correct the blueprint: tests written from it would expect the fault."
    return tuple(f"{spec.domain}.{each}. {fix}" for each in broken)


def _report(
    tests: FrozenTests, score: MutationScore, rounds: tuple[Round, ...], failures: tuple[str, ...], passed: int
) -> ServerReport:
    return ServerReport(
        tests_passed=passed,
        tests_failed=rounds[-1].failed if rounds else len(failures),
        failures=failures,
        gaps=tuple(str(gap) for gap in tests.cases.gaps),
        elsewhere=tuple(str(gap) for gap in tests.cases.elsewhere),
        mutants_total=score.total,
        mutants_caught=score.caught,
        survivors=score.survivors,
        score=round(score.score, 4),
        tests_digest=tests.digest,
        rounds=rounds,
    )
