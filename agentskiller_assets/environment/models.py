"""Records of environments: blueprint, tool list, policy and server."""

from typing import Any, ClassVar, Literal

from agentskiller_assets.core.records import Record
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.correction import Round


class Blueprint(Record):
    """The whole specification of one domain's service: what every door to it is derived from."""

    kind: ClassVar[str] = "blueprint"

    domain: str
    core_entity: str
    spec: EnvironmentSpec


class ToolEntry(Record):
    """One tool as an agent sees it, in OpenAI's function form; MCP takes the same schemas."""

    kind: ClassVar[str] = "tool"

    position: int
    domain: str
    name: str
    title: str
    access: Literal["read", "write"]
    function: dict[str, Any]
    output_schema: dict[str, Any]


class PolicyEntry(Record):
    """The policy document of one domain (`entry` is `document`), or one sentence of it (`clause`).

    A clause of a tool carries the tool and its rule code, a general one its subject as code.
    """

    kind: ClassVar[str] = "policy"

    position: int
    domain: str
    entry: Literal["document", "clause"]
    tool: str | None
    code: str | None
    text: str


class ServerModule(Record):
    """A generated MCP server with its generated tests, and what running them proved."""

    kind: ClassVar[str] = "server"

    domain: str
    module: str
    tests: str
    passed: int
    failed: int
    failures: tuple[str, ...]
    gaps: tuple[str, ...]
    """Rules for which no customer, row or value was found that violates exactly them."""
    elsewhere: tuple[str, ...] = ()
    """What only the server of one of two services shows: here a call must refer to the other service, too."""
    mutants: int
    caught: int
    survivors: tuple[str, ...]
    tests_digest: str = ""
    """Of the tests as they were written from the blueprint; no correction changes them."""
    rounds: int = 0
    """How often the tests were run, each time but the first on a server that was corrected."""
    transcript: tuple[Round, ...] = ()
    """What failed in each round, the fragment at fault, and the author's patch or refusal."""


def policy_text(policy: list[PolicyEntry]) -> str:
    """The document of a policy."""
    return next(entry.text for entry in policy if entry.entry == "document")
