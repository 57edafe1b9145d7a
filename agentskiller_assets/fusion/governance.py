"""Two services that are governed differently: what holds for both together, and what gives way where they clash."""

from collections.abc import Iterator, Sequence

from agentskiller_assets.authoring.drafts import BridgeDraft, Governance
from agentskiller_assets.core import language
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.fusion.records import Resolution
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED

__all__ = ["govern_together"]

Two = tuple[str, str]


def govern_together(
    spec: EnvironmentSpec, bridges: Sequence[BridgeDraft], titles: Two, first: Governance, second: Governance
) -> tuple[Governance, list[Resolution]]:
    """The governance of both, and a resolution wherever what one of them asks for contradicts the other.

    Confirmation and escalation mean the same in every wording, so that both sentences can hold side by side. Who is
    identified, and who is told what, are matters of substance: the stricter holds, and the server enforces it.
    """
    resolutions = [*_identity(spec, titles, first, second), *_sharing(spec, bridges, titles, first)]
    texts = {}
    for subject in Governance.model_fields:
        one, other = getattr(first, subject), getattr(second, subject)
        clashes = [each.resolved for each in resolutions if each.subject == subject]
        both = one if one == other and not clashes else _side_by_side(titles, one, other)
        texts[subject] = " ".join([both, *clashes])
    return Governance(**texts), resolutions


def _identity(spec: EnvironmentSpec, titles: Two, first: Governance, second: Governance) -> Iterator[Resolution]:
    """Nothing is resolved where whoever identifies with the second service can do so with the first too."""
    one, other = (_facts(spec, role) for role in spec.roles)
    if one <= other:
        return
    yield Resolution(
        subject="identity",
        first=first.identity,
        second=second.identity,
        resolved=(
            "Being identified for one of the two does not count for the other, and what the other asks for is never "
            "taken from the records."
        ),
        how="stricter",
        reason="each service knows people by other facts, so both checks are made, each before the first of its tools",
        enforced_by=NOT_AUTHORIZED.code,
    )


def _facts(spec: EnvironmentSpec, role: str) -> set[str | None]:
    """Where the values are on record by which people are identified in a role."""
    return {parameter.matches for parameter in spec.authorizer_of(role).parameters}


def _sharing(
    spec: EnvironmentSpec, bridges: Sequence[BridgeDraft], titles: Two, first: Governance
) -> Iterator[Resolution]:
    """The first service keeps its records to itself, and every bridge hands one of them over."""
    for bridge in bridges:
        source = spec.table(bridge.source).title
        yield Resolution(
            subject="sharing",
            first=first.sharing,
            second=bridge.why,
            resolved=(
                f"{_capital(language.article(source))} is passed on from {titles[0]} to {titles[1]} only for the "
                "person to whom it belongs, and only once they are identified for both."
            ),
            how="stricter",
            reason=f"the {source} is handed over as agreed, and to nobody but the person to whom it belongs",
            enforced_by=bridge.bind.refusal.code,
        )


def _side_by_side(titles: Two, one: str, other: str) -> str:
    return f"For {titles[0]}: {language.small(one)} For {titles[1]}: {language.small(other)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
