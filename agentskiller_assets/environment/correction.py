"""The self-correction loop: failing tests, the fragment at fault, the author's patch, the same tests again.

What is corrected is the server: the specification that its module holds. What it is held against never changes: the
approved specification, and the tests that were written from it once and are known by their digest. An author who
knows no better, or rounds that are used up, leave a server that has failed, with all that was tried.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agentskiller_assets.authoring.drafts import Patch, RepairRequest
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core.canonical import digest, digest_bytes
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.cases import CaseTable
from agentskiller_assets.environment.diagnosis import Blame, diagnose, unclosed, undeclared
from agentskiller_assets.environment.server_module import (
    IMAGE_FILE,
    SERVER_FILE,
    TEST_FILE,
    write_server_module,
    write_server_tests,
)
from agentskiller_assets.errors import SpecError
from resources.sandbox import SandboxReport

ROUNDS = 3
"""How often an author may write fragments anew."""
MOST_TOLD = 10
"""Failures of a round that are kept in full."""
VALIDATION, AGREEMENT = "closed_world_validation", "agreed_declarations"
"""What stands for the test where a server is not even run."""

RunTests = Callable[[Mapping[str, bytes | str]], SandboxReport]


@dataclass(frozen=True)
class FrozenTests:
    """Tests of an approved specification on its records, as they were written once."""

    contract: EnvironmentSpec
    image: bytes
    cases: CaseTable
    text: str
    digest: str

    @classmethod
    def write(cls, contract: EnvironmentSpec, image: bytes, cases: CaseTable) -> "FrozenTests":
        """The tests of a specification."""
        text = write_server_tests(contract, cases)
        return cls(contract, image, cases, text, digest_bytes(text.encode()))

    def files(self, module: str) -> dict[str, bytes | str]:
        """The folder in which a server is tested; `SpecError` if the tests are not those that were written."""
        if digest_bytes(self.text.encode()) != self.digest:
            fix = "Write them anew from the approved specification; a server never changes its tests."
            raise SpecError(f"tests of {self.contract.domain}", f"they no longer have the digest {self.digest}", fix)
        return {SERVER_FILE: module, TEST_FILE: self.text, IMAGE_FILE: self.image}


class Failure(Model):
    """A test that did not pass."""

    test: str
    message: str


class Answer(Model):
    """A fragment that was found at fault, and what the author made of it."""

    domain: str
    tool: str
    fragment: str
    test: str
    message: str
    answer: Literal["patched", "declined", "unfit", "not asked"]
    patch: Patch | None = None

    def __str__(self) -> str:
        return f"{self.domain}.{self.tool}.{self.fragment}: {self.message} (test {self.test}; author: {self.answer})"


class Round(Model):
    """One run of the tests against one version of the server."""

    number: int
    tests_digest: str
    server_digest: str
    passed: int
    failed: int
    failures: tuple[Failure, ...]
    """The first ones."""
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Corrected:
    """The server that the loop ended with, sound or not."""

    spec: EnvironmentSpec
    module: str
    rounds: tuple[Round, ...]

    @property
    def ok(self) -> bool:
        """Whether all tests passed in the last round."""
        last = self.rounds[-1]
        return last.passed > 0 and not last.failed


def correct(
    tests: FrozenTests,
    server: EnvironmentSpec,
    policy: str,
    author: Author | None,
    run: RunTests,
    rounds: int = ROUNDS,
) -> Corrected:
    """Runs the tests, and lets the author write anew what is at fault, until they pass or nothing more can be done."""
    tried: list[Round] = []
    seen = {digest(server)}
    while True:
        module = write_server_module(server, policy)
        failures, passed = _run(tests, server, module, run)
        if not failures:
            answers, patched = (), server
        else:
            asked = len(tried) < rounds
            answers = tuple(_ask(tests.contract, server, each, author if asked else None) for each in failures.blamed)
            patched = _patched(server, answers)
        tried.append(_round(len(tried) + 1, tests, module, passed, failures, answers))
        if digest(patched) in seen:
            return Corrected(server, module, tuple(tried))
        seen.add(digest(patched))
        server = patched


@dataclass(frozen=True)
class _Failures:
    """Failures of one round, and the fragments that they are laid to."""

    all: tuple[Failure, ...]
    blamed: tuple[tuple[str, Blame], ...]
    """Name of the test, and fragment."""
    count: int

    def __bool__(self) -> bool:
        return self.count > 0


def _run(tests: FrozenTests, server: EnvironmentSpec, module: str, run: RunTests) -> tuple[_Failures, int]:
    """What fails, and how many tests passed. A server that is not closed, or not what was agreed, is not run."""
    for name, blames in ((AGREEMENT, undeclared(tests.contract, server)), (VALIDATION, _unclosed(tests, server))):
        if blames:
            failures = tuple(Failure(test=name, message=f"{b.tool}.{b.fragment}: {b.message}") for b in blames)
            return _Failures(failures, tuple((name, blame) for blame in _one_for_each_tool(blames)), len(failures)), 0
    report = run(tests.files(module))
    failures = tuple(Failure(test=each.test, message=each.message) for each in report.failures)
    count = max(report.failed + report.errors, len(failures)) or int(not report.ok)
    if not count:
        return _Failures((), (), 0), report.passed
    blames = diagnose(server, tests.image, tests.cases)
    if not blames:
        told = failures[0].message if failures else "no test was run to its end"
        blames = [Blame(server.domain, None, "server", told)]
    return _Failures(failures, tuple((_test_of(failures, blame), blame) for blame in blames), count), report.passed


def _unclosed(tests: FrozenTests, server: EnvironmentSpec) -> list[Blame]:
    """Faults of validation; the cases tell which fragment it is where a fault does not say."""
    found, vague = unclosed(tests.contract, server)
    if found or not vague:
        return found
    told = {blame.tool: blame for blame in diagnose(server, tests.image, tests.cases)}
    tools = {tool.name for tool in server.tools}
    blames: list[Blame] = []
    for fault in vague:
        name = fault.where.removeprefix(f"{server.domain}.")
        message = f"{fault.fault}. {fault.fix}"
        blames.append(told.get(name) or Blame(name, "effects" if name in tools else None, "effect 1", message))
    return blames


def _one_for_each_tool(blames: Sequence[Blame]) -> list[Blame]:
    return list({blame.tool: blame for blame in reversed(blames)}.values())[::-1]


def _test_of(failures: Sequence[Failure], blame: Blame) -> str:
    """The first failing test that is about the tool."""
    named = (each.test for each in failures if f"[{blame.tool}" in each.test)
    return next(named, failures[0].test if failures else "all")


def _ask(contract: EnvironmentSpec, server: EnvironmentSpec, found: tuple[str, Blame], author: Author | None) -> Answer:
    """The author's answer about one fragment; without an author nobody is asked."""
    test, blame = found
    told = Answer(
        domain=contract.domain,
        tool=blame.tool,
        fragment=blame.fragment,
        test=test,
        message=blame.message,
        answer="not asked",
    )
    if author is None or blame.field is None:
        return told
    agreed = contract.tool(blame.tool)
    patch = author.repair(
        RepairRequest(
            domain=contract.domain,
            tool=server.tool(blame.tool),
            field=blame.field,
            fragment=blame.fragment,
            test=test,
            message=blame.message,
            parameters=agreed.parameters,
            refusals=agreed.refusals,
            columns=agreed.returns.columns,
            many=agreed.returns.many,
            tables=contract.tables,
        )
    )
    if patch is None:
        return told.model_copy(update={"answer": "declined"})
    fits = patch.tool == blame.tool and patch.fields == (blame.field,)
    return told.model_copy(update={"answer": "patched" if fits else "unfit", "patch": patch})


def _patched(server: EnvironmentSpec, answers: Sequence[Answer]) -> EnvironmentSpec:
    tools = {tool.name: tool for tool in server.tools}
    for each in answers:
        if each.answer == "patched" and each.patch is not None:
            changes = {field: getattr(each.patch, field) for field in each.patch.fields}
            tools[each.tool] = tools[each.tool].model_copy(update=changes)
    return server.model_copy(update={"tools": tuple(tools.values())})


def _round(
    number: int, tests: FrozenTests, module: str, passed: int, failures: _Failures, answers: tuple[Answer, ...]
) -> Round:
    return Round(
        number=number,
        tests_digest=tests.digest,
        server_digest=digest_bytes(module.encode()),
        passed=passed,
        failed=failures.count,
        failures=failures.all[:MOST_TOLD],
        answers=answers,
    )
