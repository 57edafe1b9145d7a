"""Pairs tried in memory, as `trial.py` tries services: everything that is wrong with each, in one go."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

from agentskiller_assets.cli.trial import Service, author_of, faults_of, make_service
from agentskiller_assets.environment.models import ServerModule
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.fusion.builds import (
    fused_content,
    make_fused_blueprint,
    make_fused_instances,
    make_fused_policy,
    make_fused_rows,
    make_fused_templates,
    make_trajectories,
)
from agentskiller_assets.fusion.models import PairEntry
from agentskiller_assets.fusion.order import order_of
from agentskiller_assets.ontology.models import DomainTopic
from agentskiller_assets.registry import domains_of
from agentskiller_assets.tasks.builds import certify

LONGEST = 20


def try_pairs(
    packs: Path, pairs: Mapping[str, PairEntry | None], seed: int, of_domain: int, of_pair: int, jobs: int
) -> Iterator[list[str]]:
    """The faults of each pair, in their order, given by its key and by what the catalog has of it."""
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from pool.map(partial(_try, packs, seed, of_domain, of_pair), pairs.items())


def _try(packs: Path, seed: int, of_domain: int, of_pair: int, pair: tuple[str, PairEntry | None]) -> list[str]:
    try:
        return list(_faults(packs, seed, of_domain, of_pair, *pair))
    except AgentSkillerError as error:
        return [str(error)]


def _faults(packs: Path, seed: int, of_domain: int, of_pair: int, pair: str, entry: PairEntry | None) -> Iterator[str]:
    author = author_of(packs)
    parts = {domain: _service(packs, domain, seed, of_domain) for domain in domains_of(pair)}
    topics = {domain: topic for domain, (topic, _) in parts.items()}
    blueprints = {domain: made.blueprint for domain, (_, made) in parts.items()}
    order = order_of(author, pair, [entry] if entry else [], topics, blueprints)
    fused = make_fused_blueprint(author, order, topics, blueprints)
    rows = make_fused_rows(fused, {domain: made.rows for domain, (_, made) in parts.items()})
    policy, content = make_fused_policy(fused), fused_content(author, fused, topics, blueprints)
    tasks = {domain: made.certified for domain, (_, made) in parts.items()}
    trajectories = make_trajectories(fused, content, blueprints, tasks, LONGEST)
    templates = make_fused_templates(fused, content, trajectories, policy, LONGEST)
    instances, _ = make_fused_instances(fused, content, rows, ServerModule.make_id(fused.id), templates, of_pair)
    certified = certify(rows, instances)
    yield from faults_of(author, Service(fused, fused.role, fused.seed, rows, policy, templates, certified), seed)


@lru_cache(maxsize=40)
def _service(packs: Path, domain: str, seed: int, tasks: int) -> tuple[DomainTopic, Service]:
    """A domain is in several pairs, which follow each other in the catalog."""
    sector = next(name for name, (_, pack) in author_of(packs).packs.items() if domain in pack.services)
    return make_service(author_of(packs), sector, domain, seed, tasks)
