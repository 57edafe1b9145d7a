"""Pairs from blueprint to queries: bridges are enforced, tasks need both services, certificates are full."""

from collections import Counter
from statistics import fmean

import pytest

from agentskiller_assets.core import language
from agentskiller_assets.core.canonical import canonical_json, digest
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.case_finder import find_cases, tried_cases
from agentskiller_assets.environment.models import policy_text
from agentskiller_assets.environment.mutations import mutation_score
from agentskiller_assets.environment.server_report import prove_server
from agentskiller_assets.environment.validation import validate
from agentskiller_assets.errors import SpecError
from agentskiller_assets.fusion.bridges import with_bridge
from agentskiller_assets.fusion.builds import make_trajectories
from agentskiller_assets.fusion.checks import (
    bridges_without_refusal,
    crosses,
    lost_in_fusion,
    lost_rows,
)
from agentskiller_assets.fusion.environments import fuse_specs
from agentskiller_assets.runtime import Environment, Ok, Refused, build_image
from agentskiller_assets.tasks.certificate import Certifier
from tests.fusion.pairs import (
    CLINIC,
    LONGEST,
    PAIR,
    PHARMACY,
    blueprint_of,
    environment_of,
    pair,
    tasks_of,
)
from tests.world import SEED, author

PAIRS = [(CLINIC, PHARMACY), ("guided_rides", "instrument_rentals"), ("music_lessons", "club_kit_orders")]
ORDER = f"{PHARMACY}__place_pharmacy_order"
NOT_OPEN = "PHARMACY_ORDERS__REFERENCE_TO_APPOINTMENT_NOT_OPEN"


def test_a_bridge_is_a_parameter_a_bind_rules_and_a_column() -> None:
    spec = pair().blueprint.spec
    tool, table = spec.tool(ORDER), spec.table(f"{PHARMACY}__pharmacy_order")
    assert tool.parameters[-1].refers_to == f"{CLINIC}__appointment.appointment_id"
    assert tool.binds[-1].table == f"{CLINIC}__appointment"
    assert tool.rules[-1].code == NOT_OPEN
    assert table.columns[-1].ref == f"{CLINIC}__appointment"
    assert validate(spec) == []


def test_a_bridge_is_enforced_kept_and_in_the_policy() -> None:
    made, environment = pair(), pair().environment
    refused = next(task for task in made.tasks if task.instance.refusal == NOT_OPEN)
    done = next(task for task in made.tasks if any(step.tool == ORDER for step in task.instance.steps))
    with environment.fork() as session:
        for step in refused.instance.steps:
            assert isinstance(session.call(step.tool, step.values()), Ok)
        assert refused.instance.probe
        answer = session.call(refused.instance.probe.tool, refused.instance.probe.values())
        assert answer == Refused(NOT_OPEN, made.blueprint.spec.tool(ORDER).rules[-1].statement)
        session.reset()
        for step in done.instance.steps:
            assert isinstance(session.call(step.tool, step.values()), Ok)
        (order,) = session.diff()["inserted"][f"{PHARMACY}__pharmacy_order"]
        asked = next(step.values() for step in done.instance.steps if step.tool == ORDER)
        assert order["appointment_id"] in (asked["appointment_id"], f"new:{CLINIC}__appointment:1")
    assert f"<!-- RULE: {NOT_OPEN} --> " in policy_text(made.policy)


def test_a_bridge_that_stays_within_one_service_is_refused() -> None:
    spec, (bridge,) = pair().blueprint.spec, pair().blueprint.bridges
    with pytest.raises(SpecError, match="stays within one service"):
        with_bridge(spec, bridge.model_copy(update={"source": f"{PHARMACY}__pharmacy_return"}))
    with pytest.raises(SpecError, match="has a parameter 'appointment_id' already"):
        with_bridge(spec, bridge)
    known = bridge.parameter.model_copy(update={"name": spec.table(str(bridge.kept_in)).columns[1].name})
    with pytest.raises(SpecError, match=r"has a column '.*' already"):
        with_bridge(spec, bridge.model_copy(update={"parameter": known}))


@pytest.mark.parametrize("domains", PAIRS, ids="--".join)
def test_every_task_of_a_pair_has_a_full_certificate_and_needs_both_services(domains: tuple[str, str]) -> None:
    tasks = pair(*domains).tasks
    assert [task.rejection for task in tasks if not task.certified] == []
    assert {task.task_kind for task in tasks} == {"fulfil", "refuse", "insufficient"}
    assert [task.id for task in tasks if not crosses(task)] == []
    bridges = [rule.code for bridge in pair(*domains).blueprint.bridges for rule in bridge.rules]
    assert set(bridges) <= {task.instance.refusal for task in tasks}


@pytest.mark.parametrize("domains", PAIRS, ids="--".join)
def test_tasks_of_a_pair_take_more_calls_than_those_of_its_domains(domains: tuple[str, str]) -> None:
    single = fmean(len(task.instance.steps) for domain in domains for task in tasks_of(domain))
    assert fmean(len(task.instance.steps) for task in pair(*domains).tasks) > 1.5 * single


def test_defect_3_a_part_without_a_validated_task_on_its_own_server_is_pruned() -> None:
    made = pair()
    blueprints = {domain: blueprint_of(domain) for domain in (CLINIC, PHARMACY)}

    def kept(tasks: dict) -> set[str]:
        found = make_trajectories(made.blueprint, made.content, blueprints, tasks, LONGEST)
        return {goal for each in found if each.decision == "kept" and each.task_kind == "fulfil" for goal in each.goals}

    tasks = {domain: tasks_of(domain) for domain in blueprints}
    assert f"{CLINIC}__book_appointment" in kept(tasks)
    unbooked = [t for t in tasks[CLINIC] if all(s.tool != "book_appointment" for s in t.instance.steps)]
    assert f"{CLINIC}__book_appointment" not in kept({**tasks, CLINIC: unbooked})
    elsewhere = [
        t.model_copy(update={"instance": t.instance.model_copy(update={"server_digest": digest("another")})})
        for t in tasks[PHARMACY]
    ]
    assert kept({**tasks, PHARMACY: elsewhere}) == set(), "tasks of another server prove nothing"
    rejected = [t.model_copy(update={"rejection": "no"}) for t in tasks[PHARMACY]]
    assert kept({**tasks, PHARMACY: rejected}) == set(), "nor do tasks that were not certified"


def test_defect_5_concatenations_are_left_out_with_that_reason() -> None:
    decisions = Counter(each.decision for each in pair().trajectories)
    assert decisions["concatenation"] > 0
    assert decisions["kept"] == len(pair().templates) > 0
    for each in pair().trajectories:
        assert each.reason
        assert bool(each.links) == (each.decision != "concatenation")
    kept = [each for each in pair().trajectories if each.decision == "kept"]
    assert all(giver.startswith(CLINIC) and taker.startswith(PHARMACY) for t in kept for giver, taker, _ in t.links)


def test_defect_6_every_instance_is_validated_and_none_changes_the_database_of_the_next() -> None:
    made = pair()
    assert [task.instance.id for task in made.tasks] == [instance.id for instance in made.instances]
    certifier = Certifier(made.environment)
    backwards = {task.id: task for task in map(certifier.certify, reversed(made.instances))}
    certifier.close()
    assert backwards == {task.id: task for task in made.tasks}


def test_the_server_of_a_pair_is_proved_rule_by_rule() -> None:
    made = pair()
    image = build_image(made.blueprint.spec, made.rows.rows)
    _, tests, report = prove_server(made.blueprint.spec, image, policy_text(made.policy))
    assert (report.failures, report.gaps, report.survivors) == ((), (), ())
    assert report.tests_passed > 300
    assert report.mutants_caught == report.mutants_total > 200
    assert NOT_OPEN in tests


def test_checks_of_pairs_fail_on_planted_faults() -> None:
    made = pair()
    assert lost_in_fusion(made.blueprint) == []
    assert lost_rows(made.rows) == []
    assert bridges_without_refusal(made.templates, made.blueprint) == []

    fewer = made.blueprint.spec.model_copy(update={"tools": made.blueprint.spec.tools[1:]})
    lost = lost_in_fusion(made.blueprint.model_copy(update={"spec": fewer}))
    assert f"{made.blueprint.id}: {CLINIC}__identify_patient is lost" in lost
    twice = made.blueprint.spec.model_copy(update={"tools": made.blueprint.spec.tools[:1] * 2})
    again = lost_in_fusion(made.blueprint.model_copy(update={"spec": twice}))
    assert f"{made.blueprint.id}: {CLINIC}__identify_patient is there 2 times" in again
    table = f"{CLINIC}__appointment"
    less = made.rows.model_copy(update={"rows": {**made.rows.rows, table: made.rows.rows[table][1:]}})
    key = made.rows.rows[table][0]["appointment_id"]
    assert lost_rows(less) == [f"row:{PAIR}.{table}.{key} is lost: it was row:{CLINIC}.appointment.{key}"]
    silent = [each for each in made.templates if each.refusal != NOT_OPEN]
    assert bridges_without_refusal(silent, made.blueprint) == [f"{made.blueprint.id}: no request violates {NOT_OPEN}"]


def test_queries_of_a_pair_say_for_which_service_an_identity_is() -> None:
    made = pair("guided_rides", "instrument_rentals")
    labels = {fact.label for query in made.queries for fact in query.known_info}
    assert {"card number for guided rides", "card number for instrument rentals"} <= labels
    assert all(query.domain == "guided_rides--instrument_rentals" for query in made.queries)
    assert pair().queries[0].domain == PAIR
    assert environment_of(CLINIC).digest != made.environment.digest


def test_a_blueprint_from_storage_gives_the_same_bridge() -> None:
    spec = fuse_specs(blueprint_of(CLINIC).spec, blueprint_of(PHARMACY).spec)
    stored = EnvironmentSpec.model_validate_json(canonical_json(spec))
    assert author().bridge(stored, SEED) == author().bridge(spec, SEED) == pair().blueprint.bridges


def test_a_rule_that_nobody_with_a_record_of_the_other_service_breaks_is_left_to_its_own_server() -> None:
    made, rides, rentals = pair("guided_rides", "instrument_rentals"), "guided_rides", "instrument_rentals"
    spec, records = made.blueprint.spec, made.rows.rows
    (bridge,) = made.blueprint.bridges
    (rule,) = (rule for rule in spec.tool(bridge.tool).rules if "fee > 0" in rule.require)
    person_of = {row["student_id"]: row["person_id"] for row in records[f"{rentals}__student"]}
    owing = {
        person_of[row["student_id"]] for row in records[f"{rentals}__rental"] if row["fee"] and not row["paid_with"]
    }
    riders = {row["rider_id"] for row in records[f"{rides}__rider"] if row["person_id"] in owing}
    kept = tuple(row for row in records[bridge.source] if row["rider_id"] not in riders)
    assert 0 < len(kept) < len(records[bridge.source])
    rows = {**records, bridge.source: kept}
    environment = Environment(made.blueprint.spec, build_image(made.blueprint.spec, rows))

    cases, caught = tried_cases(environment)

    assert mutation_score(environment, cases, caught) == mutation_score(environment, cases)
    assert f"{bridge.tool}: {rule.code}" in {gap.subject for gap in cases.elsewhere}
    assert not [gap for gap in cases.gaps if rule.code in gap.subject]
    assert not [fault for fault in mutation_score(environment, cases).survivors if rule.code in fault]
    assert not [gap for gap in find_cases(made.environment).elsewhere if rule.code in gap.subject], "one rides and owes"


def test_a_wish_that_both_services_have_says_for_which_of_them() -> None:
    """Both change phone numbers: an agent that hears no service has to guess."""
    for domain in (CLINIC, PHARMACY):
        tool = f"{domain}__update_phone_number"
        requests = {r for t in pair().templates for goal in t.goals if goal.tool == tool for r in goal.requests}
        assert requests
        assert all(request.endswith(f" for the {language.humanize(domain)} service") for request in requests)
