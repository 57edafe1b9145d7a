"""The self-correction loop: faults planted in a server are found, laid to their fragment, and mended or reported.

The tests are those of the approved library. Only the server is faulty; no test is ever changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from agentskiller_assets.authoring.drafts import Patch, RepairRequest
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.canonical import digest, digest_bytes
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.environment.case_finder import find_cases
from agentskiller_assets.environment.checks import failed_tests, server_checks
from agentskiller_assets.environment.correction import AGREEMENT, VALIDATION, Corrected, FrozenTests, correct
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule
from agentskiller_assets.environment.promises import broken_promises
from agentskiller_assets.environment.server_report import prove_server
from agentskiller_assets.environment.servers import make_server
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment
from resources.sandbox import SandboxReport, run_pytest
from tests.checks.planting import answers
from tests.scenario import LIBRARY, library

ENDLESS = f"(SELECT COUNT(*) FROM {', '.join(f'loan AS l{n}' for n in range(14))} WHERE l1.renewals <= l13.renewals)"
"""A hundred million million rows to count: it would end, but nobody would see it."""
RECURSIVE = "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT MAX(x) FROM c)"
DONE = "test_a_call_within_the_rules_is_carried_out"
REFUSED = "test_a_call_that_misses_one_rule_is_refused_and_changes_nothing"


@cache
def approved() -> FrozenTests:
    """The tests of the library as they were approved."""
    return FrozenTests.write(LIBRARY, library().image, find_cases(library()))


def with_tool(changed: Tool) -> EnvironmentSpec:
    """A server that differs from the library in one tool."""
    assert changed != LIBRARY.tool(changed.name)
    tools = tuple(changed if each.name == changed.name else each for each in LIBRARY.tools)
    return LIBRARY.model_copy(update={"tools": tools})


def edited(name: str, *edits: tuple[str, str]) -> EnvironmentSpec:
    """The library with the text of one tool changed."""
    text = LIBRARY.tool(name).model_dump_json()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return with_tool(Tool.model_validate_json(text))


def less(name: str, field: str, position: int) -> EnvironmentSpec:
    """The library without one rule, bind or effect."""
    changed = LIBRARY.tool(name)
    items = list(getattr(changed, field))
    del items[position]
    return with_tool(changed.model_copy(update={field: tuple(items)}))


@dataclass(frozen=True)
class Fault:
    """A faulty server, the fragment at fault, and the test that says so."""

    server: EnvironmentSpec
    tool: str
    fragment: str
    test: str


FAULTS = {
    "wrong column": Fault(
        edited("list_my_loans", ("b.title,", "b.author AS title,")), "list_my_loans", "returns", f"{DONE}[list_my_loans"
    ),
    "unknown column": Fault(
        edited("renew_loan", ("loan.renewals < 2", "loan.extensions < 2")),
        "renew_loan",
        "rule RENEWAL_LIMIT",
        VALIDATION,
    ),
    "wrong comparison": Fault(
        edited("renew_loan", ("loan.renewals < 2", "loan.renewals > 2")),
        "renew_loan",
        "rule RENEWAL_LIMIT",
        f"{DONE}[renew_loan",
    ),
    "missing ownership": Fault(
        edited("renew_loan", (" AND loan.member_id = :me", "")),
        "renew_loan",
        "bind loan",
        f"{REFUSED}[renew_loan-LOAN_NOT_FOUND",
    ),
    "missing bind": Fault(less("renew_loan", "binds", 0), "renew_loan", "bind loan", AGREEMENT),
    "missing transition": Fault(
        edited("return_book", ("SET status = 'returned', ", "SET ")), "return_book", "effect 1", f"{DONE}[return_book"
    ),
    "forbidden transition": Fault(
        edited("renew_loan", ("SET due_on", "SET status = 'lost', due_on")), "renew_loan", "effect 1", ""
    ),
    "wrong effect": Fault(
        edited("reserve_book", ("'waiting', :note", "'ready', :note")),
        "reserve_book",
        "effect 1",
        f"{DONE}[reserve_book",
    ),
    "missing effect": Fault(less("renew_loan", "effects", 0), "renew_loan", "effect 1", VALIDATION),
    "order that is not total": Fault(
        edited("list_my_loans", ("ORDER BY l.due_on, l.loan_id", "ORDER BY l.due_on")),
        "list_my_loans",
        "returns",
        VALIDATION,
    ),
    "order that is another": Fault(
        edited("list_my_loans", ("ORDER BY l.due_on, l.loan_id", "ORDER BY l.due_on DESC, l.loan_id")),
        "list_my_loans",
        "returns",
        f"{DONE}[list_my_loans",
    ),
    "order by chance": Fault(
        edited("list_my_loans", ("ORDER BY l.due_on", "ORDER BY random(), l.due_on")),
        "list_my_loans",
        "returns",
        VALIDATION,
    ),
    "syntax error": Fault(
        edited("renew_loan", ("renewals + 1 WHERE", "renewals + WHERE")), "renew_loan", "effect 1", VALIDATION
    ),
    "missing rule": Fault(less("borrow_book", "rules", 0), "borrow_book", "rule REFERENCE_ONLY", AGREEMENT),
    "rule that says nothing": Fault(
        edited("borrow_book", ("book.reference_only = 0", "1 = 1")),
        "borrow_book",
        "rule REFERENCE_ONLY",
        f"{REFUSED}[borrow_book-REFERENCE_ONLY",
    ),
    "endless rule": Fault(
        edited("renew_loan", ("loan.renewals < 2", f"loan.renewals < {ENDLESS}")),
        "renew_loan",
        "rule RENEWAL_LIMIT",
        f"{DONE}[renew_loan",
    ),
    "endless recursion": Fault(
        edited("renew_loan", ("loan.renewals < 2", f"loan.renewals < {RECURSIVE}")),
        "renew_loan",
        "rule RENEWAL_LIMIT",
        VALIDATION,
    ),
    "endless effect": Fault(
        edited("update_contact_phone", ("SET phone = :phone", f"SET phone = :phone || {ENDLESS}")),
        "update_contact_phone",
        "effect 1",
        f"{DONE}[update_contact_phone",
    ),
    "endless result": Fault(
        edited("get_member_profile", ("WHERE m.member_id = :me", f"WHERE m.member_id = :me AND {ENDLESS} > 0")),
        "get_member_profile",
        "returns",
        f"{DONE}[get_member_profile",
    ),
    "other schema": Fault(
        edited("borrow_book", ('"maximum":28.0', '"maximum":99.0')), "borrow_book", "parameters", AGREEMENT
    ),
    "other result schema": Fault(
        edited("renew_loan", ('"type":"integer","description":"How', '"type":"text","description":"How')),
        "renew_loan",
        "returns",
        AGREEMENT,
    ),
    "other statement": Fault(
        edited("renew_loan", ("can be renewed twice", "can be renewed once")),
        "renew_loan",
        "rule RENEWAL_LIMIT",
        AGREEMENT,
    ),
}


class Knowing(ProceduralAuthor):
    """Writes the fragment as it should be, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[RepairRequest] = []

    def repair(self, request: RepairRequest) -> Patch | None:
        self.asked.append(request)
        sound = LIBRARY.tool(request.tool.name)
        return Patch.model_validate({"tool": sound.name, request.field: getattr(sound, request.field)})


class Improving(Knowing):
    """Knows the answer only the third time; before that its patches are as wrong as what they replace."""

    def repair(self, request: RepairRequest) -> Patch | None:
        patch = super().repair(request)
        if len(self.asked) >= 3:
            return patch
        rules = [rule.model_copy(update={"require": f"1 = {len(self.asked)} + 1"}) for rule in request.tool.rules]
        return Patch(tool=request.tool.name, rules=tuple(rules))


class Meddling(ProceduralAuthor):
    """Answers with another tool than it was asked about."""

    def repair(self, request: RepairRequest) -> Patch | None:
        return Patch(tool="search_books", rules=(), why=request.message)


_REPORTS: dict[str, SandboxReport] = {}


def run_once(files: Mapping[str, bytes | str]) -> SandboxReport:
    """The report of the sandbox, which is the same whenever the same files are run."""
    known = digest([digest_bytes(f if isinstance(f, bytes) else f.encode()) for f in files.values()])
    if known not in _REPORTS:
        _REPORTS[known] = run_pytest(files)
    return _REPORTS[known]


def loop(server: EnvironmentSpec, author: Author | None, rounds: int = 3) -> Corrected:
    """The loop over a server, with every test in the sandbox."""
    return correct(approved(), server, "Policy", author, run_once, rounds)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_laid_to_its_fragment_and_fails_loudly_without_a_better_answer(name: str) -> None:
    fault = FAULTS[name]

    corrected = loop(fault.server, ProceduralAuthor())

    assert not corrected.ok
    (only,) = corrected.rounds
    (found,) = only.answers
    assert (found.domain, found.tool, found.fragment) == ("lending_library", fault.tool, fault.fragment)
    assert found.test.startswith(fault.test)
    assert (found.answer, found.patch) == ("declined", None)
    assert str(found).startswith(f"lending_library.{fault.tool}.{fault.fragment}: {found.message} (test {found.test}")
    assert only.failed > 0
    assert only.tests_digest == approved().digest
    assert corrected.spec == fault.server


@pytest.mark.parametrize("name", FAULTS)
def test_an_author_who_knows_the_fix_mends_it_and_the_same_tests_pass(name: str) -> None:
    fault = FAULTS[name]
    author = Knowing()

    corrected = loop(fault.server, author)

    assert corrected.ok
    assert corrected.spec == LIBRARY
    assert [each.answers[0].answer if each.answers else None for each in corrected.rounds] == ["patched", None]
    assert {each.tests_digest for each in corrected.rounds} == {approved().digest}
    (request,) = author.asked
    assert request.tool == fault.server.tool(fault.tool)
    assert request.fragment == fault.fragment
    assert request.refusals == LIBRARY.tool(fault.tool).refusals
    assert request.parameters == LIBRARY.tool(fault.tool).parameters


def test_a_sound_server_passes_in_the_first_round_and_nobody_is_asked() -> None:
    author = Knowing()

    corrected = loop(LIBRARY, author)

    assert (corrected.ok, len(corrected.rounds), author.asked) == (True, 1, [])
    assert corrected.rounds[0].answers == ()


def test_faults_of_several_tools_are_mended_in_one_round() -> None:
    names = ("wrong effect", "missing ownership", "wrong column")
    tools = {FAULTS[name].tool: FAULTS[name].server.tool(FAULTS[name].tool) for name in names}
    server = LIBRARY.model_copy(update={"tools": tuple(tools.get(each.name, each) for each in LIBRARY.tools)})

    corrected = loop(server, Knowing())

    assert corrected.spec == LIBRARY
    assert {f"{each.tool}.{each.fragment}" for each in corrected.rounds[0].answers} == {
        f"{FAULTS[name].tool}.{FAULTS[name].fragment}" for name in names
    }


def test_a_fault_that_shows_only_when_another_is_mended_takes_another_round() -> None:
    server = edited(
        "renew_loan", ("loan.renewals < 2", "loan.renewals > 2"), ("renewals + 1 WHERE", "renewals + 2 WHERE")
    )

    corrected = loop(server, Knowing())

    assert corrected.spec == LIBRARY
    assert [[a.fragment for a in each.answers] for each in corrected.rounds] == [
        ["rule RENEWAL_LIMIT"],
        ["effect 1"],
        [],
    ]


@pytest.mark.parametrize(("rounds", "mended"), [(3, True), (2, False), (0, False)])
def test_the_author_is_asked_no_more_often_than_there_are_rounds(rounds: int, mended: bool) -> None:
    author = Improving()

    corrected = loop(FAULTS["wrong comparison"].server, author, rounds)

    assert corrected.ok is mended
    assert len(author.asked) == rounds
    assert len(corrected.rounds) == rounds + 1
    assert [each.answers[0].answer for each in corrected.rounds if each.answers][:rounds] == ["patched"] * rounds
    if not mended:
        assert corrected.rounds[-1].answers[0].answer == "not asked"


def test_a_patch_of_something_else_is_not_applied() -> None:
    corrected = loop(FAULTS["wrong comparison"].server, Meddling())

    assert not corrected.ok
    assert corrected.spec == FAULTS["wrong comparison"].server
    (answer,) = corrected.rounds[0].answers
    assert (answer.answer, answer.patch is not None) == ("unfit", True)


def test_a_server_with_other_tables_or_tools_is_not_run_and_nobody_can_patch_it() -> None:
    def never(_files: Mapping[str, bytes | str]) -> SandboxReport:
        raise AssertionError("it was run")

    for server in (
        LIBRARY.model_copy(update={"tools": LIBRARY.tools[:-1]}),
        LIBRARY.model_copy(update={"tables": LIBRARY.tables[:-1]}),
    ):
        corrected = correct(approved(), server, "Policy", Knowing(), never)
        assert not corrected.ok
        assert corrected.rounds[0].answers[0].answer == "not asked"


def told(test: str, message: str, *, timed_out: bool) -> Callable[[Mapping[str, bytes | str]], SandboxReport]:
    """A sandbox in which everything ends like this."""

    def run(_files: Mapping[str, bytes | str]) -> SandboxReport:
        return SandboxReport.model_validate(
            {
                "collected": 0,
                "passed": 0,
                "failed": 0,
                "errors": 0,
                "failures": [{"test": test, "message": message}],
                "timed_out": timed_out,
                "network_isolated": True,
            }
        )

    return run


@pytest.mark.parametrize(
    ("test", "message", "timed_out"),
    [
        ("all", "The time was up; the run was stopped.", True),
        ("test_server", "ImportError: cannot import name 'nothing'", False),
    ],
)
def test_a_run_that_never_comes_to_its_end_is_a_failure_like_any_other(
    test: str, message: str, timed_out: bool
) -> None:
    run = told(test, message, timed_out=timed_out)

    sound = correct(approved(), LIBRARY, "Policy", Knowing(), run)
    endless = correct(approved(), FAULTS["endless rule"].server, "Policy", ProceduralAuthor(), run)

    assert (sound.ok, sound.rounds[0].answers[0].message) == (False, message)
    assert (endless.ok, endless.rounds[0].answers[0].fragment) == (False, "rule RENEWAL_LIMIT")
    assert endless.rounds[0].failures[0].message == message


def test_tests_that_were_edited_are_not_run() -> None:
    sound = approved()
    softened = FrozenTests(
        sound.contract, sound.image, sound.cases, sound.text.replace("assert", "pass #"), sound.digest
    )

    with pytest.raises(SpecError, match=f"tests of lending_library: they no longer have the digest {sound.digest}"):
        correct(softened, LIBRARY, "Policy", Knowing(), run_pytest)


def test_an_approved_specification_that_breaks_its_own_promises_gets_no_tests_to_hide_behind() -> None:
    faulty = FAULTS["missing ownership"].server
    environment = Environment(faulty, library().image)

    broken = broken_promises(environment, find_cases(environment))
    _, _, report = prove_server(faulty, library().image, "Policy", Knowing())

    assert ("renew_loan", "binds") in {(each.tool, each.field) for each in broken}
    assert not report.ok
    assert report.failures[0].startswith("lending_library.renew_loan.binds: is carried out with")
    assert report.rounds == ()


class Careless(Knowing):
    """Implements the library with faults, and mends what it is told of, or does not."""

    def __init__(self, server: EnvironmentSpec, *, mends: bool) -> None:
        super().__init__()
        self._server = server
        self._mends = mends

    def implement(self, spec: EnvironmentSpec) -> EnvironmentSpec:
        assert spec == LIBRARY
        return self._server

    def repair(self, request: RepairRequest) -> Patch | None:
        patch = super().repair(request)
        return patch if self._mends else None


def served(author: Author) -> ServerModule:
    """The record of the library's server, as this author implements it."""
    document = {"id": "policy_1", "position": 0, "domain": LIBRARY.domain, "entry": "document", "text": "Policy"}
    policy = PolicyEntry.model_validate({**document, "tool": None, "code": None})
    blueprint = Blueprint(id="blueprint_1", domain=LIBRARY.domain, core_entity="member", spec=LIBRARY)
    return make_server(author, blueprint, library(), [policy])


def test_a_server_that_was_mended_is_recorded_with_its_transcript_and_passes_its_checks() -> None:
    server = served(Careless(FAULTS["wrong effect"].server, mends=True))

    assert all(result.passed for result in answers(server_checks, {"mcp_servers": server}).values())
    assert (server.failed, server.failures, server.rounds) == (0, (), 2)
    assert server.transcript[0].answers[0].fragment == "effect 1"
    assert server.transcript[0].answers[0].patch is not None
    assert server.tests == approved().text
    assert {server.tests_digest, *(each.tests_digest for each in server.transcript)} == {approved().digest}
    assert ServerModule.model_validate_json(server.model_dump_json()) == server


def test_a_server_that_still_fails_blocks_what_follows_and_says_why() -> None:
    server = served(Careless(FAULTS["missing ownership"].server, mends=False))

    result = answers(server_checks, {"mcp_servers": server})["server_tests"]

    assert not result.passed
    assert all(spec.blocking for spec in server_checks.check_specs)
    assert server.transcript[0].answers[0].answer == "declined"
    first = failed_tests(server)[0]
    assert first.startswith(f"{server.id}: lending_library.renew_loan.bind loan: ")
    assert f"(test {REFUSED}[renew_loan-LOAN_NOT_FOUND" in first
    assert server.tests_digest == approved().digest
