"""The catalog and the topics: drafts of the author with ids, seed and relatives."""

import re
from collections.abc import Mapping, Sequence

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.errors import AgentSkillerError, RegistryError
from agentskiller_assets.ontology.models import CatalogEntry, DomainTopic

UNREADABLE = "unreadable"


def make_catalog(author: Author, count: int, seed: int, simulation_time: str) -> list[CatalogEntry]:
    """The first `count` domains; a larger count leaves those of a smaller one exactly as they were."""
    entries: list[CatalogEntry] = []
    ids: dict[str, str] = {}
    for position, draft in enumerate(author.expand_domains(count, seed)):
        entry = make_catalog_entry(draft, position, seed, simulation_time, ids)
        entries.append(entry.model_copy(update={"parents": (*entry.parents, *author.calls_of(draft))}))
        ids[draft.domain] = entries[-1].id
    return entries


def make_catalog_entry(
    draft: TopicDraft, position: int, seed: int, simulation_time: str, ids: Mapping[str, str]
) -> CatalogEntry:
    """The entry of one domain; `ids` are those of the entries before it."""
    return CatalogEntry(
        id=CatalogEntry.make_id(seed, draft.domain),
        parents=(ids[draft.parent],) if draft.parent and draft.parent in ids else (),
        position=position,
        seed=seed,
        simulation_time=simulation_time,
        **draft.model_dump(),
    )


def fingerprints(author: Author, domains: Sequence[str]) -> dict[str, str]:
    """For each domain a digest of what its author writes it from; `unreadable` where that is at fault."""
    found: dict[str, str] = {}
    for domain in domains:
        try:
            found[domain] = author.fingerprint(domain)
        except AgentSkillerError:
            found[domain] = UNREADABLE
    return found


def make_topic(author: Author, catalog: Sequence[CatalogEntry], domain: str) -> DomainTopic:
    """The topic of a partition. `RegistryError` if the stored catalog does not have it."""
    entry = next((entry for entry in catalog if entry.domain == domain), None)
    if entry is None:
        known = ", ".join(entry.domain for entry in catalog)
        fix = (
            f"Run `agentskiller run --domains {domain}`, or materialize `domain_catalog` again: "
            "it holds every registered domain that a sector pack has."
        )
        raise RegistryError(f"domain {domain!r}", f"is not in the stored catalog ({known})", fix)
    return DomainTopic(
        id=DomainTopic.make_id(entry.id),
        parents=(entry.id,),
        seed=entry.seed,
        simulation_time=entry.simulation_time,
        keywords=_keywords(entry),
        source_digest=author.fingerprint(domain),
        **entry.draft().model_dump(),
    )


def _keywords(entry: CatalogEntry) -> tuple[str, ...]:
    text = f"{entry.title} {entry.sector_title} {entry.role}".lower()
    return tuple(dict.fromkeys(re.findall(r"[a-z]{4,}", text)))
