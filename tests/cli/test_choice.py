"""What a run is to make, and what the catalog holds for it."""

from pathlib import Path

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.cli.choice import choose
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.registry import Registry, write_registry
from resources.storage.warehouse import Warehouse
from tests.world import author

FIRST = ("clinic_appointments", "music_lessons", "guided_rides", "pharmacy_orders")
SETTINGS = RunSettings(seed=7, target_domains=1)


def test_the_catalog_holds_every_registered_domain_that_a_pack_has(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry(domains=("of_a_pack_that_is_gone", FIRST[3])))
    chosen = choose(author(), Warehouse(tmp_path), SETTINGS, FIRST[0], None, None)
    assert (chosen.domains, chosen.target_domains) == ([FIRST[0]], 4)


def test_an_author_who_thinks_up_domains_is_asked_for_no_more_than_are_wanted(tmp_path: Path) -> None:
    class Thinker(ProceduralAuthor):
        def reach(self, domains: object, seed: int) -> int:
            return 0

        def expand_domains(self, count: int, seed: int) -> tuple[TopicDraft, ...]:
            assert count <= 2
            return super().expand_domains(count, seed)

    chosen = choose(Thinker(), Warehouse(tmp_path), SETTINGS, None, 2, None)
    assert (chosen.domains, chosen.target_domains) == (list(FIRST[:2]), 2)
