"""A good model behind real sockets, careless now and then: one domain and one pair, from catalog to queries."""

import dagster as dg
import pytest

from agentskiller_assets.authoring.llm.author import PROMPTS
from agentskiller_assets.core.canonical import canonical_json
from agentskiller_assets.core.records import Record
from agentskiller_assets.environment import checks as environment_checks
from agentskiller_assets.errors import LLMError
from agentskiller_assets.ontology import checks as ontology_checks
from agentskiller_assets.tasks import checks as task_checks
from tests.authoring.llm.kit import MODELS, author_at, calls_in
from tests.authoring.llm.worlds import DOMAINS, Made
from tests.checks.planting import answers
from tests.llm.kit import KEY
from tests.world import clinic, make_clinic

CHECKS = [
    check
    for module in (ontology_checks, environment_checks, task_checks)
    for check in vars(module).values()
    if isinstance(check, dg.AssetChecksDefinition)
]


def test_a_domain_becomes_certified_tasks_and_queries(made: Made) -> None:
    kinds = {task.task_kind for task in made.clinic.validated_tasks if task.certified}

    assert made.clinic.blueprints.spec == clinic().blueprints.spec
    assert kinds == {"fulfil", "inform", "refuse", "insufficient"}
    assert len(made.clinic.queries) == sum(task.certified for task in made.clinic.validated_tasks) >= 30


@pytest.mark.parametrize("definition", CHECKS, ids=lambda check: check.node_def.name)
def test_what_was_made_passes_every_check(made: Made, definition: dg.AssetChecksDefinition) -> None:
    spec = next(iter(definition.check_specs))
    keys = [spec.asset_key, *(dep.asset_key for dep in spec.additional_deps)]
    assets = {key.to_user_string(): made.clinic.asset(key.to_user_string()) for key in keys}
    found = answers(definition, assets)

    assert [str(result.description) for result in found.values() if not result.passed] == []


def test_a_pair_becomes_tasks_in_which_values_cross(made: Made) -> None:
    certified = [task for task in made.pair.tasks if task.certified]

    assert len({task.task_kind for task in certified}) >= 3
    assert len(made.pair.queries) == len(certified) >= 10
    assert [bridge.tool for bridge in made.pair.blueprint.bridges] == ["pharmacy_orders__place_pharmacy_order"]


def test_every_careless_answer_was_told_what_is_wrong_and_mended(made: Made) -> None:
    assert made.model.slips == made.model.mended
    assert set(made.model.slips) == {form.name.replace("/", "_") for form in PROMPTS} - {"servers_repair"}
    assert sum(made.model.slips.values()) >= 20


def test_the_feedback_names_the_fault(made: Made) -> None:
    said = " ".join(message["content"] for body in made.server.requests for message in body["messages"])

    for fault in (
        "make it a relationship",
        "joins ['warehouse_robot'], which are no entities",
        "needs ['appointment.appointment_id'], which no tool that reads yields",
        "SQLite refuses it: no such column: appointment.mood",
        "PATIENT_NOT_IDENTIFIED: is used 2 times",
        "weights for",
        "has the slots ['deadline']",
        "goes in a circle",
        "a code of the program",
        "instruction says '31', which is not in the request",
        "speaks of 'Veronica', which is not in the request",
        "REFERENCE_NOT_FOUND has to begin with PHARMACY_ORDERS__",
    ):
        assert fault in said


def test_nothing_was_asked_twice_and_every_answer_is_stored(made: Made) -> None:
    asked = [canonical_json(body) for body in made.server.answered]

    assert len(asked) == len(set(asked)) == len(made.calls)


def test_two_models_were_asked_each_for_its_own(made: Made) -> None:
    asked = {(form.name, MODELS.coding if form.voice == "coding" else MODELS.textual) for form in PROMPTS}

    assert {(call.request.prompt, call.request.model) for call in made.calls} == asked - {
        ("servers/repair", MODELS.coding)
    }


@pytest.mark.parametrize(
    ("asset", "prompts"),
    [
        ("domain_catalog", {"ontology/topic"}),
        ("entities", {"ontology/entities"}),
        ("entity_graph", {"ontology/relations"}),
        ("blueprints", {"ontology/relations", "blueprint/outline", "blueprint/tool"}),
        ("databases", {"databases/table", "databases/parameters"}),
        ("policies", {"policies/governance"}),
        ("tool_graphs", {"tasks/storylines"}),
        ("task_templates", {"tasks/phrases"}),
        ("queries", {"tasks/query"}),
    ],
)
def test_records_name_the_calls_that_they_came_from(made: Made, asset: str, prompts: set[str]) -> None:
    stored = made.clinic.asset(asset)
    records: list[Record] = stored if isinstance(stored, list) else [stored]
    calls = {call.call_id: call for call in made.calls}

    named = [parent for record in records for parent in record.parents if parent.startswith("call_")]
    assert {calls[each].request.prompt for each in named} == prompts


def test_the_call_of_a_query_holds_its_words(made: Made) -> None:
    store = calls_in(made.root)
    for query in made.clinic.queries:
        answers_to = [store.find(parent) for parent in query.parents if parent.startswith("call_")]
        assert any(call and query.first_message in str(call.completion.content) for call in answers_to)


def test_a_second_run_offline_asks_nobody_and_makes_the_same_records(made: Made) -> None:
    nobody = "http://127.0.0.1:9/v1"

    again = make_clinic(author_at(nobody, made.root, offline=True), DOMAINS)

    for asset in ("domain_catalog", "blueprints", "databases", "policies", "validated_tasks", "queries"):
        assert canonical_json(again.asset(asset)) == canonical_json(made.clinic.asset(asset))


def test_offline_a_larger_catalog_fails_with_the_prompt_that_is_missing(made: Made) -> None:
    author = author_at("http://127.0.0.1:9/v1", made.root, offline=True)

    with pytest.raises(LLMError, match=r"prompt 'ontology/topic'.*was never asked so far"):
        author.expand_domains(DOMAINS + 1, 7)


def test_the_key_is_in_no_file_and_went_to_the_server_alone(made: Made) -> None:
    holding = [path for path in made.root.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]

    assert made.server.keys == {KEY}
    assert holding == []
    assert KEY not in canonical_json([made.clinic.queries, made.pair.queries, made.clinic.blueprints])
