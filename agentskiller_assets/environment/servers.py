"""The server of a domain: its module, its tests, and what running them proved."""

from collections.abc import Sequence

from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_report import prove_server
from agentskiller_assets.runtime import Environment


def make_server(
    blueprint: Blueprint, environment: Environment, policy: Sequence[PolicyEntry]
) -> ServerModule:
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
        passed=report.passed,
        failed=report.failed,
        failures=report.failures,
        gaps=report.gaps,
        mutants=report.mutants,
        caught=report.caught,
        survivors=report.survivors,
    )
