"""The checks of the ontology find what is planted, and name it."""

import pytest

from agentskiller_assets.core.spec import Column
from agentskiller_assets.ontology.checks import (
    catalog_checks,
    entity_checks,
    entity_graph_checks,
    population_checks,
    topic_checks,
)
from agentskiller_assets.ontology.models import Entity
from tests.checks.planting import Case, Garden, Planted, altered, assert_found
from tests.world import Clinic

garden = Garden()
ROLE = "patient"


@garden.plants(population_checks, "identities_unique")
def one_address_for_two_people(world: Clinic) -> Planted:
    people = altered(world.population, 1, email=world.population[0].email)
    return Planted({"population": people}, people[1].id)


@garden.plants(population_checks, "identities_unique")
def one_number_for_two_people(world: Clinic) -> Planted:
    people = altered(world.population, 5, phone=world.population[2].phone)
    return Planted({"population": people}, people[2].id)


@garden.plants(population_checks, "identities_unique")
def nobody_at_all(_: Clinic) -> Planted:
    return Planted({"population": []}, "there are no people")


@garden.plants(catalog_checks, "topics_unique")
def a_domain_that_is_there_twice(world: Clinic) -> Planted:
    entries = altered(world.domain_catalog, 1, domain=world.domain_catalog[0].domain)
    return Planted({"domain_catalog": entries}, entries[1].id)


@garden.plants(catalog_checks, "topics_unique")
def a_title_that_is_there_twice(world: Clinic) -> Planted:
    entries = altered(world.domain_catalog, 1, title=world.domain_catalog[0].title)
    return Planted({"domain_catalog": entries}, entries[1].id)


@garden.plants(catalog_checks, "expansions_rooted")
def a_parent_that_comes_after_its_child(world: Clinic) -> Planted:
    child = next(entry for entry in world.domain_catalog if entry.parent)
    others = [entry for entry in world.domain_catalog if entry is not child]
    return Planted({"domain_catalog": [child, *others]}, child.id)


@garden.plants(catalog_checks, "expansions_rooted")
def an_expansion_without_a_parent(world: Clinic) -> Planted:
    index = next(i for i, entry in enumerate(world.domain_catalog) if entry.parent)
    entries = altered(world.domain_catalog, index, parent=None)
    return Planted({"domain_catalog": entries}, entries[index].id)


@garden.plants(topic_checks, "well_named")
def a_description_with_a_column_name_in_it(world: Clinic) -> Planted:
    topic = world.domain_topics.model_copy(update={"description": "Patients change the starts_at of a visit."})
    return Planted({"domain_topics": topic}, topic.id)


@garden.plants(topic_checks, "well_named")
def a_name_that_says_nothing(world: Clinic) -> Planted:
    topic = world.domain_topics.model_copy(update={"domain": "clinic_data"})
    return Planted({"domain_topics": topic}, topic.id)


@garden.plants(entity_checks, "one_role")
def a_thing_that_is_a_role_too(world: Clinic) -> Planted:
    entities = altered(world.entities, 1, part="role")
    return Planted({"entities": entities}, entities[1].id)


@garden.plants(entity_checks, "one_role")
def no_role_at_all(world: Clinic) -> Planted:
    return Planted({"entities": world.entities[1:]}, "0 entities are roles")


@garden.plants(entity_checks, "one_key")
def a_key_that_another_entity_has(world: Clinic) -> Planted:
    entities = altered(world.entities, 1, key=world.entities[0].key)
    return Planted({"entities": entities}, entities[1].id)


@garden.plants(entity_checks, "one_key")
def a_key_that_is_an_attribute_too(world: Clinic) -> Planted:
    entities = _with_attribute(world, name=world.entities[0].key)
    return Planted({"entities": entities}, entities[0].id)


@garden.plants(entity_checks, "stable_attributes")
def a_foreign_key_in_disguise(world: Clinic) -> Planted:
    entities = _with_attribute(world, name="family_doctor_id")
    return Planted({"entities": entities}, f"{entities[0].id} ({ROLE}.family_doctor_id)")


@garden.plants(entity_checks, "stable_attributes")
def an_attribute_named_like_another_entity(world: Clinic) -> Planted:
    entities = _with_attribute(world, name="doctor")
    return Planted({"entities": entities}, f"{entities[0].id} ({ROLE}.doctor)")


@garden.plants(entity_checks, "stable_attributes")
def an_attribute_that_says_nothing(world: Clinic) -> Planted:
    entities = _with_attribute(world, name="misc_2")
    return Planted({"entities": entities}, f"{entities[0].id} ({ROLE}.misc_2)")


@garden.plants(entity_checks, "stable_attributes")
def an_attribute_that_nobody_described(world: Clinic) -> Planted:
    entities = _with_attribute(world, name="blood_group", description=" ")
    return Planted({"entities": entities}, f"{entities[0].id} ({ROLE}.blood_group)")


@garden.plants(entity_checks, "stable_attributes")
def an_attribute_that_is_there_twice(world: Clinic) -> Planted:
    entities = _with_attribute(world, name=world.entities[0].attributes[0].name)
    return Planted({"entities": entities}, entities[0].id)


@garden.plants(entity_graph_checks, "person_centric")
def a_relationship_without_the_role(world: Clinic) -> Planted:
    graph = world.entity_graph
    lonely = graph.relations[0].model_copy(update={"members": ("doctor",)})
    changed = graph.model_copy(update={"relations": (lonely, *graph.relations[1:])})
    return Planted({"entity_graph": changed}, lonely.id)


@garden.plants(entity_graph_checks, "person_centric")
def a_role_that_nobody_has(world: Clinic) -> Planted:
    edges = tuple(edge for edge in world.entity_graph.edges if edge.source != "person")
    graph = world.entity_graph.model_copy(update={"edges": edges})
    return Planted({"entity_graph": graph}, graph.id)


@garden.plants(entity_graph_checks, "connected")
def an_entity_that_no_path_reaches(world: Clinic) -> Planted:
    edges = tuple(edge for edge in world.entity_graph.edges if edge.target != "doctor")
    graph = world.entity_graph.model_copy(update={"edges": edges})
    return Planted({"entity_graph": graph}, f"{graph.id}: 'doctor'")


@pytest.mark.parametrize("case", garden.cases, ids=str)
def test_a_planted_fault_fails_its_check_which_names_the_record(case: Case) -> None:
    assert_found(case)


def _with_attribute(world: Clinic, name: str, description: str = "What it is.") -> list[Entity]:
    """The entities, the role with one more attribute."""
    extra = Column(name=name, type="text", description=description)
    return altered(world.entities, 0, attributes=(*world.entities[0].attributes, extra))
