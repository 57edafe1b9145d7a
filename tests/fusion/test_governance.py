"""Where two services contradict each other: what holds, who enforces it, and the task in which it is refused."""

from collections.abc import Sequence

import pytest

from agentskiller_assets.authoring.drafts import Governance
from agentskiller_assets.environment.models import policy_text
from agentskiller_assets.fusion.builds import make_fused_instances
from agentskiller_assets.fusion.checks import crosses, never_refused, unstated_resolutions
from agentskiller_assets.fusion.governance import govern_together
from agentskiller_assets.fusion.records import FusedBlueprint, Resolution
from agentskiller_assets.fusion.templates import shows
from agentskiller_assets.runtime import Ok
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from agentskiller_assets.tasks.models import Step, ValidatedTask
from tests.fusion.pairs import CLINIC, PHARMACY, pair
from tests.world import proven_server

SAME_FACTS = ("music_lessons", "club_kit_orders")
"""Both ask for the e-mail address and the date of birth."""
PAIRS = [(CLINIC, PHARMACY), ("guided_rides", "instrument_rentals"), ("pharmacy_orders", "instrument_rentals")]
PLAIN = Governance(identity="By phone.", confirmation="Yes first.", sharing="Never.", escalation="To a person.")
NOT_FOUND = "PHARMACY_ORDERS__REFERENCE_TO_APPOINTMENT_NOT_FOUND"
NOT_OPEN = "PHARMACY_ORDERS__REFERENCE_TO_APPOINTMENT_NOT_OPEN"


def resolution(subject: str, blueprint: FusedBlueprint | None = None) -> Resolution:
    """How something was resolved in a pair."""
    return next(each for each in (blueprint or pair().blueprint).resolutions if each.subject == subject)


def unidentified(tasks: Sequence[ValidatedTask]) -> ValidatedTask:
    """The task of somebody who cannot be identified in the first service."""
    return next(task for task in tasks if task.instance.unidentified)


def looked_for_in_vain() -> ValidatedTask:
    """The task about an appointment of somebody else."""
    vain = [task for task in pair().tasks if task.task_kind == "insufficient"]
    return next(task for task in vain if f"{CLINIC}__appointment" in {slot.name for slot in task.instance.slots})


def test_services_that_ask_for_different_facts_check_both() -> None:
    found = resolution("identity")
    assert found.enforced_by == NOT_AUTHORIZED.code
    assert "phone number" in found.first
    assert "patient card" in found.second
    assert [each.subject for each in pair(*SAME_FACTS).blueprint.resolutions] == ["sharing"]


def test_who_can_be_identified_by_the_second_service_with_more_than_the_first_asks_for_is_no_conflict() -> None:
    spec, gate = pair().blueprint.spec, pair().blueprint.spec.authorizer
    asks_less = gate.model_copy(update={"parameters": gate.parameters[1:]})
    assert [p.name for p in asks_less.parameters] == ["last_name"]
    tools = tuple(asks_less if tool == gate else tool for tool in spec.tools)
    _, resolutions = govern_together(spec.model_copy(update={"tools": tools}), (), ("clinic", "shop"), PLAIN, PLAIN)
    assert resolutions == []


def test_handing_a_record_over_is_weighed_against_the_privacy_of_the_service_that_keeps_it() -> None:
    found, (bridge,) = resolution("sharing"), pair().blueprint.bridges
    assert found.second == bridge.why
    assert found.enforced_by == bridge.bind.refusal.code == NOT_FOUND


def test_other_wordings_are_no_conflict_and_nothing_that_one_demands_is_dropped() -> None:
    second = PLAIN.model_copy(update={"confirmation": "Yes later.", "escalation": "To nobody."})
    together, resolutions = govern_together(pair(*SAME_FACTS).blueprint.spec, (), ("lessons", "kit"), PLAIN, second)
    assert resolutions == []
    assert together.confirmation == "For lessons: yes first. For kit: yes later."
    assert together.escalation == "For lessons: to a person. For kit: to nobody."
    assert (together.identity, together.sharing) == (PLAIN.identity, PLAIN.sharing)


def test_what_was_resolved_is_in_the_policy_after_what_both_demand() -> None:
    made = pair()
    general = {each.code: each.text for each in made.policy if each.tool is None}
    for each in made.blueprint.resolutions:
        text = str(general[each.subject.upper()])
        assert text.endswith(each.resolved)
        assert text in policy_text(made.policy)
    assert "phone number" in str(general["IDENTITY"])
    assert "patient card" in str(general["IDENTITY"])
    assert unstated_resolutions(made.policy, made.blueprint) == []
    other = resolution("sharing").model_copy(update={"resolved": "Nobody asks."})
    assert unstated_resolutions(made.policy, made.blueprint.model_copy(update={"resolutions": (other,)})) == [
        f"{made.blueprint.id}: the policy does not say how sharing was resolved"
    ]


@pytest.mark.parametrize("domains", PAIRS, ids="--".join)
def test_who_is_identified_in_one_service_is_refused_by_the_other(domains: tuple[str, str]) -> None:
    first, second = domains
    made = pair(*domains)
    task = unidentified(made.tasks)
    instance, proof = task.instance, task.certificate
    (identify,), probe = instance.steps, instance.probe
    assert probe
    assert (identify.purpose, identify.tool.partition("__")[0]) == ("identify", second)
    assert (probe.purpose, probe.tool.partition("__")[0], probe.arguments) == ("lookup", first, ())
    assert task.certified
    assert crosses(task)
    assert (proof.probe_refused, proof.probe_allowed_without_rule, proof.noop_score) == (True, True, 0.0)
    assert {mutant.fault for mutant in proof.mutants} == {
        "altered argument",
        "extra write",
        "told nothing",
        "wrong reason",
    }
    with made.environment.fork() as session:
        assert isinstance(session.call(identify.tool, identify.values()), Ok)
        assert session.call(probe.tool, {}) == NOT_AUTHORIZED


def test_nothing_else_stands_in_the_way_of_who_is_not_identified() -> None:
    made = pair()
    (bridge,), instance = made.blueprint.bridges, unidentified(made.tasks).instance
    mine = f"SELECT 1 FROM {bridge.source} AS r WHERE r.patient_id = :patient AND ({bridge.rules[0].require})"
    open_rows = mine.replace(f"{bridge.source}.", "r.")
    with made.environment.fork() as session:
        key = f"SELECT patient_id FROM {CLINIC}__patient WHERE person_id = :person"
        ((patient,),) = session.query(key, {"person": instance.person})
        assert session.query(open_rows, {"patient": patient}), "there is an appointment that would do"


def test_the_user_knows_what_identifies_them_for_one_service_and_not_for_the_other() -> None:
    made = pair()
    query = next(query for query in made.queries if query.task == unidentified(made.tasks).id)
    assert [fact.label for fact in query.known_info] == [
        "card number for pharmacy orders",
        "last name for pharmacy orders",
    ]
    assert "Which phone number you gave to clinic appointments: you do not remember." in query.unknown_info
    assert "one of your appointments" in query.instruction
    assert "nor among what you do not know" in query.stop_conditions[-1]
    others = [each for each in made.queries if each.task != query.task]
    assert not any("identifies you" in text for each in others for text in each.unknown_info)


def test_a_template_that_shows_a_resolution_has_its_clause_among_its_parents() -> None:
    made = pair()
    clauses = {each.code: each.id for each in made.policy if each.tool is None}
    for subject in ("identity", "sharing"):
        (template,) = [t for t in made.templates if shows(t, made.blueprint, resolution(subject).enforced_by)]
        assert clauses[subject.upper()] in template.parents
        assert {name.partition("__")[0] for name in template.trajectory} == {CLINIC, PHARMACY}
    (template,) = [t for t in made.templates if t.unidentified]
    assert template.trajectory == (f"{PHARMACY}__identify_patient", f"{CLINIC}__list_my_appointments")


@pytest.mark.parametrize("domains", [*PAIRS, SAME_FACTS], ids="--".join)
def test_every_rule_of_a_bridge_and_every_resolution_is_refused_in_a_task(domains: tuple[str, str]) -> None:
    assert never_refused(pair(*domains).tasks, pair(*domains).blueprint) == []


def test_a_rule_or_resolution_that_no_task_shows_is_found() -> None:
    made = pair()
    fault = f"{made.blueprint.id}: no certified task is refused with "
    for shown, code in (
        (unidentified(made.tasks), NOT_AUTHORIZED.code),
        (looked_for_in_vain(), NOT_FOUND),
        (next(task for task in made.tasks if task.instance.refusal == NOT_OPEN), NOT_OPEN),
    ):
        without = [task for task in made.tasks if task.instance.template != shown.instance.template]
        assert never_refused(without, made.blueprint) == [fault + code]
        rejected = [t if t in without else t.model_copy(update={"rejection": "no"}) for t in made.tasks]
        assert never_refused(rejected, made.blueprint) == [fault + code]


def test_a_refusal_within_one_service_is_found() -> None:
    task = unidentified(pair().tasks)
    inside = Step(tool=f"{PHARMACY}__list_my_pharmacy_orders", arguments=(), purpose="lookup")
    assert not crosses(task.model_copy(update={"instance": task.instance.model_copy(update={"probe": inside})}))


def test_however_few_tasks_are_wanted_bridges_and_resolutions_are_among_them() -> None:
    made = pair()
    server = proven_server(made.blueprint)
    few, _ = make_fused_instances(made.blueprint, made.content, made.rows, server.id, made.templates, 4)
    assert [(each.task_kind, each.refusal) for each in few[:3]] == [
        ("refuse", NOT_OPEN),
        ("insufficient", None),
        ("refuse", NOT_AUTHORIZED.code),
    ]
    assert len(few) == 4
