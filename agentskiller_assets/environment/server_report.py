"""Proves a generated server: its tests run in the sandbox, and must catch every fault that is planted."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from agentskiller_assets.core.canonical import digest_bytes
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.cases import CaseTable, broken_cases
from agentskiller_assets.environment.mutations import mutation_score
from agentskiller_assets.environment.server_module import (
    IMAGE_FILE,
    SERVER_FILE,
    TEST_FILE,
    write_server_module,
    write_server_tests,
)
from agentskiller_assets.runtime import Environment
from resources.sandbox import SandboxReport, run_pytest

RunTests = Callable[[Mapping[str, bytes | str]], SandboxReport]


class Failure(Model):
    """A test that did not pass."""

    test: str
    message: str


class ServerReport(Model):
    """What is known of one generated server."""

    tests_passed: int
    tests_failed: int
    """Failures and errors, those of collection included."""
    failures: tuple[Failure, ...]
    gaps: tuple[str, ...]
    """Tools, rules and parts of binds that no call on the records shows."""
    mutants_total: int
    mutants_caught: int
    survivors: tuple[str, ...]
    score: float
    """Share of planted faults that the tests catch."""
    module_digest: str
    test_digest: str

    @property
    def ok(self) -> bool:
        """Whether all tests pass, each rule has its case and every planted fault is caught."""
        return not (self.failures or self.gaps or self.survivors) and self.tests_passed > 0 and self.score == 1.0


def prove_server(
    spec: EnvironmentSpec, image: bytes, policy: str, run_tests: RunTests = run_pytest
) -> tuple[str, str, ServerReport]:
    """The server module, its test module, and the report of running one against the other.

    Tests run once, in a subprocess; meanwhile the same cases are tried here on every faulty environment.
    """
    cases = find_cases(Environment(spec, image))
    module, tests = write_server_module(spec, policy), write_server_tests(spec, cases)
    files: dict[str, bytes | str] = {SERVER_FILE: module, TEST_FILE: tests, IMAGE_FILE: image}
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(run_tests, files)
        report = _report(spec, image, cases, module, tests)
        run = running.result()
    failures = tuple(Failure(test=failure.test, message=failure.message) for failure in run.failures)
    failed = max(run.failed + run.errors, len(failures))
    tested = {"tests_passed": run.passed, "tests_failed": failed, "failures": failures}
    return module, tests, report.model_copy(update=tested)


def _report(spec: EnvironmentSpec, image: bytes, cases: CaseTable, module: str, tests: str) -> ServerReport:
    """The report without the tests' results."""
    score = mutation_score(spec, image, lambda faulty: not broken_cases(faulty, cases, stop_early=True))
    return ServerReport(
        tests_passed=0,
        tests_failed=0,
        failures=(),
        gaps=tuple(str(gap) for gap in cases.gaps),
        mutants_total=score.total,
        mutants_caught=score.caught,
        survivors=score.survivors,
        score=round(score.score, 4),
        module_digest=digest_bytes(module.encode()),
        test_digest=digest_bytes(tests.encode()),
    )
