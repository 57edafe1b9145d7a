"""General rules: how a service treats people and data."""

from agentskiller_assets.authoring.drafts import Governance
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.words import unreadable
from agentskiller_assets.core.spec import EnvironmentSpec

GOVERNANCE = PromptFile("policies/governance", "textual", Governance, "policies")
_LONGEST = 400


def write_governance(scribe: Scribe, seed: int, spec: EnvironmentSpec) -> Written[Governance]:
    """The general rules of a service, one text for each subject."""
    role = spec.table(spec.core_entity)
    prompt = GOVERNANCE.to_ask(spec.domain, spec=spec, role=role, authorizer=spec.authorizer)
    return scribe.ask(GOVERNANCE, prompt, seed, lambda answer: governance_faults(spec, answer))


def governance_faults(spec: EnvironmentSpec, governance: Governance) -> list[str]:
    """What is wrong with general rules."""
    texts = dict(governance)
    long = [f"{name} is longer than {_LONGEST} characters." for name, text in texts.items() if len(text) > _LONGEST]
    lines = [f"{name} has a line break." for name, text in texts.items() if "\n" in text]
    return [*long, *lines, *unreadable(texts.items(), [table.title for table in spec.tables])]
