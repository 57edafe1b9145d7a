"""What a person can set for a server, and sees of it: the same for that of one domain and that of a pair."""

from typing import Any

import dagster as dg
from pydantic import Field

from agentskiller_assets.environment.correction import ROUNDS
from agentskiller_assets.environment.models import ServerModule
from agentskiller_assets.metadata import markdown_table


class ServerConfig(dg.Config):
    """Settings of the servers."""

    correction_rounds: int = Field(
        default=ROUNDS, ge=0, le=10, description="How often the author may write anew what the tests find at fault."
    )


def server_notes(server: ServerModule) -> dict[str, Any]:
    """What running its tests proved, and how it was corrected."""
    return {
        "tests_passed": server.passed,
        "tests_failed": server.failed,
        "mutants_caught": f"{server.caught} of {server.mutants}",
        "gaps": ", ".join(server.gaps) or "none",
        "shown_by_one_service_alone": ", ".join(server.elsewhere) or "none",
        "rounds": server.rounds,
        "transcript": _transcript(server),
        "lines": len(server.module.splitlines()),
    }


def _transcript(server: ServerModule) -> dg.MarkdownMetadataValue:
    """What was found at fault in each round, and what the author answered."""
    rows = [
        [each.number, each.passed, each.failed, answer.test, f"{answer.tool}.{answer.fragment}", answer.answer]
        for each in server.transcript
        for answer in each.answers
    ]
    header = ["round", "passed", "failed", "test", "fragment at fault", "author"]
    return markdown_table(header, rows) if rows else dg.MetadataValue.md("All tests passed in the first round.")
