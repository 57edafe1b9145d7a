"""Two services that are governed differently: where they differ, and what holds for both together."""

from collections.abc import Iterator, Mapping

from agentskiller_assets.authoring.drafts import Governance
from agentskiller_assets.fusion.records import Resolution

__all__ = ["govern_together"]

_REASONS: Mapping[str, str] = {
    "identity": "each service knows people by other details, so both are asked for, each before its own tools",
    "confirmation": "who has confirmed in both ways has confirmed in either",
    "sharing": "what one service keeps to itself stays with it in a conversation that both are part of",
    "escalation": "either ground is enough to hand a conversation over",
}


def govern_together(
    titles: tuple[str, str], first: Governance, second: Governance
) -> tuple[Governance, list[Resolution]]:
    """The governance of both, and a resolution for every subject in which they differ.

    Nothing that either service asks for is dropped: where they differ, both demands hold, which is never laxer than
    one of them.
    """
    resolutions = list(_differences(titles, first, second))
    resolved = {each.subject: each.resolved for each in resolutions}
    return first.model_copy(update=resolved), resolutions


def _differences(titles: tuple[str, str], first: Governance, second: Governance) -> Iterator[Resolution]:
    for subject, reason in _REASONS.items():
        one, other = getattr(first, subject), getattr(second, subject)
        if one != other:
            yield Resolution(
                subject=subject,  # type: ignore[arg-type]
                first=one,
                second=other,
                resolved=f"For {titles[0]}: {_lower(one)} For {titles[1]}: {_lower(other)}",
                how="both",
                reason=reason,
            )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
