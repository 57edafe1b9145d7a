"""The catalog never becomes smaller than what its warehouse has registered."""

from pathlib import Path

import dagster as dg

from agentskiller_assets.ontology.assets import domain_catalog
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.partitions import register_domains
from agentskiller_assets.registry import Registry, write_registry
from io_managers.records import RecordsIOManager
from resources.author import AuthorResource
from resources.llm import LLMResource
from resources.warehouse import Warehouse, WarehouseResource
from tests.dagster.small import CLINIC, MUSIC, PHARMACY, RIDES


def _catalog(root: Path, count: int) -> list[str]:
    """The domains of a catalog that was asked to hold so many."""
    resource = WarehouseResource(root=str(root))
    made = dg.materialize(
        [domain_catalog],
        run_config={"ops": {"domain_catalog": {"config": {"seed": 7, "target_domains": count}}}},
        resources={
            "records": RecordsIOManager(warehouse=resource),
            "author": AuthorResource(llm=LLMResource(warehouse=resource)),
            "warehouse": resource,
        },
    )
    assert made.success
    return [entry.domain for entry in Warehouse(root).read_records("domain_catalog", CatalogEntry, None)]


def test_a_smaller_count_leaves_out_no_registered_domain(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry(domains=(CLINIC, MUSIC)))
    assert _catalog(tmp_path, 1) == [CLINIC, MUSIC]
    register_domains(tmp_path, [PHARMACY, "of_a_pack_that_is_gone"])
    assert _catalog(tmp_path, 1) == [CLINIC, MUSIC, RIDES, PHARMACY]


def test_a_new_warehouse_has_as_many_as_were_asked_for(tmp_path: Path) -> None:
    assert _catalog(tmp_path, 1) == [CLINIC]
