"""Pairs are partitions: a domain leads to exactly the pairs that contain it, in runs, backfills and staleness."""

import dagster as dg
import pytest
from dagster._core.execution.asset_backfill import AssetBackfillData
from dagster._core.remote_representation.external import RemoteRepository
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._core.remote_representation.handle import RepositoryHandle
from dagster_shared.serdes import deserialize_value, serialize_value

from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.metadata import DOMAINS_OF_PAIR, PAIRS, PARTITIONS, of_both, pair_asset
from agentskiller_assets.partitions import domains_to_pairs
from agentskiller_assets.registry import domains_of

DOMAINS = dg.StaticPartitionsDefinition(["ada", "bob", "cyd", "dan"])
KEYS = ["bob--cyd", "ada--bob", "ada--cyd"]
SOME_PAIRS = dg.StaticPartitionsDefinition(KEYS)


@dg.asset(partitions_def=DOMAINS)
def shelves(context: dg.AssetExecutionContext) -> str:
    return context.partition_key


@dg.asset(partitions_def=SOME_PAIRS, ins={"shelves": dg.AssetIn(partition_mapping=domains_to_pairs(KEYS))})
def rooms(shelves: dict[str, str]) -> str:
    return "+".join(sorted(shelves))


@dg.asset(partitions_def=SOME_PAIRS)
def houses(rooms: str) -> str:
    return f"house of {rooms}"


@checks_of("houses", partitions=SOME_PAIRS, tidy="The house is tidy.")
def house_checks(houses: str, rooms: str) -> Faults:
    return {"tidy": [] if houses == f"house of {rooms}" else [houses]}


def _selected(domain: str) -> dict[str, set[str]]:
    """What a backfill rooted at one domain selects, by asset, from the graph as the daemon receives it."""
    repository = dg.Definitions(assets=[shelves, rooms, houses]).get_repository_def()
    sent = deserialize_value(serialize_value(RepositorySnap.from_def(repository)), RepositorySnap)
    handle = RepositoryHandle.for_test(location_name="here", repository_name=repository.name)
    with dg.DagsterInstance.ephemeral() as instance:
        data = AssetBackfillData.from_asset_partitions(
            asset_graph=RemoteRepository(sent, handle, auto_materialize_use_sensors=True).asset_graph,
            partition_names=[domain],
            asset_selection=[shelves.key, rooms.key, houses.key],
            dynamic_partitions_store=instance,
            all_partitions=False,
            backfill_start_timestamp=0,
        )
    subset = data.target_subset
    return {
        key.to_user_string(): set(subset.get_partitions_subset(key).get_partition_keys()) for key in subset.asset_keys
    }


@pytest.mark.parametrize("domain", DOMAINS.get_partition_keys())
def test_a_backfill_rooted_at_a_domain_selects_exactly_its_pairs(domain: str) -> None:
    mine = {key for key in KEYS if domain in domains_of(key)}

    pairs = {"rooms": mine, "houses": mine} if mine else {}
    assert _selected(domain) == {"shelves": {domain}, **pairs}


def test_pairs_of_the_registry_have_a_mapping_from_their_domains() -> None:
    made = pair_asset("fusion", "v", ins=of_both("blueprints"))

    @made
    def halls(blueprints: dict[str, str]) -> str:
        return "+".join(blueprints)

    (spec,) = halls.specs
    (dep,) = spec.deps
    assert (spec.partitions_def, dep.partition_mapping) == (PAIRS, DOMAINS_OF_PAIR)
    for pair in PAIRS.get_partition_keys():
        assert set(domains_of(pair)) <= set(PARTITIONS.get_partition_keys())


def test_a_checked_asset_of_a_pair_is_given_its_own_partition() -> None:
    (spec, *_) = house_checks.check_specs
    assert (spec.partitions_def, spec.blocking) == (SOME_PAIRS, True)


def test_assets_of_pairs_load_where_there_are_none() -> None:
    none = dg.StaticPartitionsDefinition([])

    @dg.asset(partitions_def=none, ins={"shelves": dg.AssetIn(partition_mapping=domains_to_pairs([]))})
    def empty(shelves: dict[str, str]) -> str:
        return "+".join(shelves)

    job = dg.define_asset_job("emptying", dg.AssetSelection.assets("empty"))
    defs = dg.Definitions(assets=[shelves, empty], jobs=[job])
    dg.Definitions.validate_loadable(defs)
    assert RepositorySnap.from_def(defs.get_repository_def()) is not None
