"""What has to be made: assets of the pipeline that are not fresh, and what is downstream of those that change."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.cli.settings import Settings
from agentskiller_assets.cli.suggestions import choose_from
from agentskiller_assets.errors import AgentSkillerError, PackError, RegistryError
from agentskiller_assets.jobs import CATALOG_ASSETS
from agentskiller_assets.ontology.models import DomainTopic
from agentskiller_assets.partitions import MADE_FOR
from agentskiller_assets.registry import domains_of, read_registry
from resources.author import AUTHOR_SOURCES
from resources.freshness import State, Wanted, assess
from resources.storage.warehouse import Warehouse, default_root


@dataclass(frozen=True)
class Work:
    """Assets to make of one domain or pair, upstream first."""

    now: list[str]
    """Those that are not fresh, and made of none that may change before."""
    all: list[str]
    """With everything downstream, which stays fresh where the content of those comes out the same."""


class Pipeline:
    """The assets of one code location: what each is made from, and its code version."""

    def __init__(self, definitions: dg.Definitions) -> None:
        specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
        specs.pop(AUTHOR_SOURCES)
        parents = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
        self.parents = {name: sorted(found & set(specs)) for name, found in parents.items()}
        self.versions = {name: spec.code_version for name, spec in specs.items()}
        self._made_for = {name: spec.tags.get(MADE_FOR) for name, spec in specs.items()}
        self.of_domain, self.of_pair = self._ordered("domain"), self._ordered("pair")
        self.of_all = [name for name in self._ordered(None) if name not in CATALOG_ASSETS]
        """What is made of all domains and pairs together: the dataset."""
        registry = read_registry(default_root())  # by now: the partitions are those of when the definitions were loaded
        self._all = {"domain": registry.domains, "pair": registry.pairs}

    def wanted(self, asset: str, partition: str | None, settings: dict[str, Any] | None) -> Wanted:
        """One asset of one domain or pair as the current code and settings would make it."""
        return Wanted(
            asset=asset,
            partition=partition,
            upstream=tuple((p, each) for p in self.parents[asset] for each in self._upstream(p, asset, partition)),
            code_version=self.versions[asset],
            settings=settings,
        )

    def downstream_of(self, assets: set[str]) -> list[str]:
        """These assets and all that are made from them in the same domain or pair, upstream first."""
        order = next(each for each in (self.of_pair, self.of_all, self.of_domain) if not assets or assets & set(each))
        found = set(assets)
        for asset in order:
            if found & set(self.parents[asset]):
                found.add(asset)
        return [asset for asset in order if asset in found]

    def _ordered(self, made_for: str | None) -> list[str]:
        return _upstream_first([name for name, each in self._made_for.items() if each == made_for], self.parents)

    def _upstream(self, parent: str, asset: str, partition: str | None) -> tuple[str | None, ...]:
        """The partitions of a parent that one of the asset is made from."""
        made_for = self._made_for[parent]
        if made_for is None:
            return (None,)
        if partition is None:
            return self._all[made_for]
        return (partition,) if made_for == self._made_for[asset] else domains_of(partition)


def states_of(
    pipeline: Pipeline, warehouse: Warehouse, author: Author, domain: str, settings: Settings | None = None
) -> list[State]:
    """The state of every asset of a domain. A changed pack makes the topic stale."""
    states = _assess(pipeline, warehouse, pipeline.of_domain, domain, settings)
    topic = pipeline.of_domain.index("domain_topics")
    states[topic] = _with_pack(states[topic], warehouse, author, domain)
    return states


def pair_states_of(
    pipeline: Pipeline, warehouse: Warehouse, pair: str, settings: Settings | None = None
) -> list[State]:
    """The state of every asset of a pair."""
    return _assess(pipeline, warehouse, pipeline.of_pair, pair, settings)


def dataset_states_of(pipeline: Pipeline, warehouse: Warehouse, settings: Settings | None = None) -> list[State]:
    """The state of what is made of all domains and pairs."""
    return _assess(pipeline, warehouse, pipeline.of_all, None, settings)


def to_make(pipeline: Pipeline, states: Sequence[State]) -> Work:
    """What one run can make of it, and what has to be made again if its content changes by that."""
    stale = {state.asset for state in states if state.freshness != "fresh"}
    concerned = pipeline.downstream_of(stale)
    later: set[str] = set()
    for asset in concerned:
        if asset not in stale or later & set(pipeline.parents[asset]):
            later.add(asset)
    return Work(now=[asset for asset in concerned if asset not in later], all=concerned)


def needed_count(author: Author, seed: int, domains: Sequence[str], known: int) -> int:
    """How many domains the catalog must hold to contain these. `RegistryError` names one that no pack has."""
    missing, count = set(domains), 0
    try:
        while missing:
            count += 1
            missing.discard(author.expand_domains(count, seed)[-1].domain)
    except PackError as error:
        if count == 1:
            raise
        have, name = [draft.domain for draft in author.expand_domains(count - 1, seed)], sorted(missing)[0]
        fix = choose_from(name, have, "agentskiller packs list")
        raise RegistryError(f"domain {name!r}", "no sector pack has it", fix) from error
    return max(count, known)


def drafts_of(author: Author, seed: int, domains: Sequence[str]) -> dict[str, TopicDraft]:
    """The drafts of these domains, as far as a sector pack has them."""
    found: dict[str, TopicDraft] = {}
    with contextlib.suppress(PackError):
        while not set(domains) <= set(found):
            draft = author.expand_domains(len(found) + 1, seed)[-1]
            found[draft.domain] = draft
    return {domain: found[domain] for domain in domains if domain in found}


def _assess(
    pipeline: Pipeline, warehouse: Warehouse, assets: Sequence[str], partition: str | None, settings: Settings | None
) -> list[State]:
    """Without settings, whatever something was made with is right."""
    configs = {asset: settings.of(asset, partition) if settings else None for asset in assets}
    return assess(warehouse, [pipeline.wanted(asset, partition, config) for asset, config in configs.items()])


def _with_pack(state: State, warehouse: Warehouse, author: Author, domain: str) -> State:
    if state.freshness != "fresh":
        return state
    stored = warehouse.read_records("domain_topics", DomainTopic, domain)[0].source_digest
    try:
        changed = author.fingerprint(domain) != stored
    except AgentSkillerError as error:
        return state.model_copy(update={"freshness": "stale", "reasons": (f"its pack is broken: {error}",)})
    return state.model_copy(update={"freshness": "stale", "reasons": ("its pack changed",)}) if changed else state


def _upstream_first(assets: list[str], parents: dict[str, list[str]]) -> list[str]:
    ordered: list[str] = []
    waiting = sorted(assets)
    while waiting:
        ready = [a for a in waiting if not set(parents[a]) & set(waiting)]
        ordered += ready
        waiting = [a for a in waiting if a not in ready]
    return ordered
