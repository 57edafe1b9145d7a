"""The server of a domain: its module, its tests, and what running them proved."""

from collections.abc import Sequence

from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_report import prove_server
from agentskiller_assets.runtime import Environment


def make_server(blueprint: Blueprint, environment: Environment, policy: Sequence[PolicyEntry]) -> ServerModule:
    """Generates the server module and its tests and runs them. A failing server is recorded, with what failed."""
    text = visible_text(policy_text(list(policy)))
    module, tests, report = prove_server(blueprint.spec, environment.image, text)
    document = next(entry for entry in policy if entry.entry == "document")
    return ServerModule(
        id=ServerModule.make_id(blueprint.id),
        parents=(blueprint.id, document.id),
        domain=blueprint.domain,
        module=module,
        tests=tests,
        passed=report.tests_passed,
        failed=report.tests_failed,
        failures=tuple(f"{failure.test}: {failure.message}" for failure in report.failures),
        gaps=report.gaps,
        mutants=report.mutants_total,
        caught=report.mutants_caught,
        survivors=report.survivors,
    )
