"""A damaged file takes nothing else with it: what is written beside it is stored, and it can be made again."""

from pathlib import Path

from agentskiller_assets.ontology.models import Person
from resources.storage.sidecars import Stamp
from resources.storage.warehouse import Warehouse
from tests.world import clinic


def test_writing_goes_on_beside_a_damaged_file_and_mends_it(tmp_path: Path) -> None:
    warehouse, people = Warehouse(tmp_path), clinic().population
    warehouse.write_records("population", "a", Person, people, Stamp(run_id="test"))
    path = warehouse.data_path("population", "a")
    path.write_bytes(path.read_bytes()[:100])

    assert not warehouse.refresh_catalog(), "there is nothing that views could read"
    assert warehouse.condition("population", "a") == "unfinished"
    warehouse.write_records("population", "b", Person, people, Stamp(run_id="test"))
    warehouse.write_records("population", "a", Person, people, Stamp(run_id="test"))

    assert warehouse.refresh_catalog()
    assert warehouse.query("SELECT count(*) FROM population")[1] == [(2 * len(people),)]
