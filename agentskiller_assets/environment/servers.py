"""The server of a domain: its module, its tests, and what running them proved."""

from collections.abc import Sequence

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.environment.correction import ROUNDS
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_report import prove_server
from agentskiller_assets.runtime import Environment


def make_server(
    author: Author, blueprint: Blueprint, environment: Environment, policy: Sequence[PolicyEntry], rounds: int = ROUNDS
) -> ServerModule:
    """Generates the server module and its tests, runs them, and lets the author correct what fails.

    A server that still fails is recorded, with what failed and all that was tried; its check blocks what follows.
    """
    text = visible_text(policy_text(list(policy)))
    module, tests, report = prove_server(blueprint.spec, environment.image, text, author, rounds=rounds)
    patches = [answer.patch for each in report.rounds for answer in each.answers if answer.patch]
    document = next(entry for entry in policy if entry.entry == "document")
    return ServerModule(
        id=ServerModule.make_id(blueprint.id),
        parents=(blueprint.id, document.id, *author.calls_of(*patches)),
        domain=blueprint.domain,
        module=module,
        tests=tests,
        passed=report.tests_passed,
        failed=report.tests_failed,
        failures=report.failures,
        gaps=report.gaps,
        elsewhere=report.elsewhere,
        mutants=report.mutants_total,
        caught=report.mutants_caught,
        survivors=report.survivors,
        tests_digest=report.tests_digest,
        rounds=len(report.rounds),
        transcript=report.rounds,
    )
