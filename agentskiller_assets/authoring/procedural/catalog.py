"""The catalog of domains: all services of all packs in one seeded, prefix-stable order."""

from collections import Counter

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.procedural.pack import SectorPack
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.errors import PackError


def order_services(packs: list[SectorPack], seed: int) -> list[TopicDraft]:
    """Those that packs put first, then sectors take turns; within a sector patterns do, and parents come before what
    was expanded from them."""
    places = {domain: (place, pack) for pack in packs for domain, place in pack.first.items()}
    ordered = [topic_of(places[domain][1], domain) for domain in sorted(places, key=lambda each: places[each][0])]
    packs = sorted(packs, key=lambda pack: rng(seed, "catalog", pack.sector).random())
    queues = [[topic for topic in _family_order(pack, seed) if topic.domain not in places] for pack in packs]
    for turn in range(max(len(queue) for queue in queues)):
        ordered.extend(queue[turn] for queue in queues if turn < len(queue))
    return ordered


def _family_order(pack: SectorPack, seed: int) -> list[TopicDraft]:
    waiting = sorted(pack.services, key=lambda domain: rng(seed, "catalog", pack.sector, domain).random())
    placed = {domain: topic_of(pack, domain) for domain in pack.first}
    waiting = [domain for domain in waiting if domain not in placed]
    while waiting:
        ready = [domain for domain in waiting if pack.services[domain].expansion.parent in (None, *placed)]
        if not ready:
            fix = "Name a service of the same pack as parent, without going in a circle."
            raise PackError(f"pack {pack.sector}", f"services {waiting} have no placed parent", fix)
        used = Counter(topic.pattern for topic in placed.values())
        chosen = min(ready, key=lambda domain: used[pack.services[domain].pattern])
        placed[chosen] = topic_of(pack, chosen)
        waiting.remove(chosen)
    return list(placed.values())


def topic_of(pack: SectorPack, domain: str) -> TopicDraft:
    """The topic of one service of a pack."""
    service = pack.services[domain]
    return TopicDraft(
        domain=domain,
        title=service.title,
        description=service.description,
        sector=pack.sector,
        sector_title=pack.title,
        pattern=service.pattern,
        strategy=service.expansion.strategy,
        parent=service.expansion.parent,
        why=service.expansion.why,
        role=pack.role.title,
    )
