"""General rules of a service, in words: identity, confirmation, data sharing and escalation."""

from agentskiller_assets.authoring.drafts import Governance
from agentskiller_assets.authoring.procedural.service import Service
from agentskiller_assets.core.seeds import rng


def write_governance(service: Service, seed: int) -> Governance:
    """One seeded wording for each subject; the identity check is the one that the tool makes."""
    draw, role = rng(seed, service.domain, "governance"), service.role
    return Governance(
        identity=f"{service.identification.sentence} Nothing is looked up, said or changed before that.",
        confirmation=draw.choice(
            (
                "Before anything is changed, the agent lists the details of the change and waits for a clear yes.",
                f"Every change is read back to the {role.title} first and made only after a clear yes.",
                f"The agent repeats what it is about to change and goes ahead once the {role.title} agrees.",
            )
        ),
        sharing=draw.choice(
            (
                f"The agent speaks only about the identified {role.title}, never about other {role.plural}.",
                f"Details of other {role.plural} are confidential and are not even given to family members.",
                f"One conversation serves one {role.title}; nothing is said about anyone else.",
            )
        ),
        escalation=draw.choice(
            (
                "If no tool can do what is asked, or a fact is missing that cannot be looked up, the agent transfers "
                "the conversation to a human colleague and changes nothing.",
                "What the tools cannot do is handed to a human colleague, and so is a request that lacks a fact "
                "nobody in the conversation can supply.",
                "The agent hands over to a human colleague when a request lies outside its tools or cannot be "
                "pinned down, and leaves everything as it is.",
            )
        ),
    )
