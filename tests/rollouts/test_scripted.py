"""Scripted conversations: they reach what was certified, and nobody in them knows what they have not been told."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from agentskiller_assets.core.mentions import mentions
from agentskiller_assets.core.spec import ColumnType, Parameter
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.figures import alike, figures_of
from agentskiller_assets.rollouts.scripted.cast import Scripts
from agentskiller_assets.rollouts.scripted.listening import agrees, asks_to_confirm, hands_over
from agentskiller_assets.rollouts.scripted.script import Detail
from agentskiller_assets.rollouts.scripted.twists import Twists
from agentskiller_assets.rollouts.scripted.user import ScriptedUser
from agentskiller_assets.tasks.models import Slot
from tests.fusion.pairs import pair
from tests.rollouts.held import KINDS, held, said, said_before
from tests.world import clinic, scripted_rollouts


@pytest.mark.parametrize("kind", KINDS)
def test_every_conversation_comes_to_exactly_what_was_certified(kind):
    for case, rollout in held(kind):
        wanted = "transfer" if rollout.task_kind == "insufficient" else "stop"
        assert (rollout.id, rollout.final_digest, rollout.stop_reason) == (rollout.id, case.task.gold_digest, wanted)
        assert [call.outcome for call in rollout.calls] == ["ok"] * len(rollout.calls)


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_is_used_that_the_user_has_not_said_or_a_tool_returned(kind):
    for case, rollout in held(kind):
        for call in rollout.calls:
            heard = said_before(rollout, call.message, "user")
            returned = " ".join(said_before(rollout, call.message, "tool"))
            tool = case.spec.tool(call.tool)
            for name, value in call.arguments.items():
                parameter = tool.parameter(name)
                assert parameter is not None
                known = any(mentions(text, value, parameter) for text in heard) or f'"{value}"' in returned
                assert known, (rollout.id, call.tool, name, value)


@pytest.mark.parametrize("kind", KINDS)
def test_who_it_is_comes_before_anything_else_is_looked_up(kind):
    for case, rollout in held(kind):
        identified: set[str] = set()
        for call in rollout.calls:
            tool = case.spec.tool(call.tool)
            assert tool.authorizes or case.spec.role_of(tool) in identified
            identified.add(case.spec.role_of(tool))


@pytest.mark.parametrize("kind", KINDS)
def test_every_write_is_read_back_and_agreed_to(kind):
    writes = 0
    for case, rollout in held(kind):
        for call in rollout.calls:
            if case.spec.tool(call.tool).access != "write":
                continue
            writes += 1
            asked = next(m for m in reversed(rollout.messages[: call.message]) if m.role == "assistant" and m.content)
            assert asks_to_confirm(str(asked.content))
            assert agrees(said_before(rollout, call.message, "user")[-1])
    assert writes > 10


def test_a_refusal_is_explained_in_the_words_of_the_policy_and_nothing_is_tried():
    refused = [(case, rollout) for case, rollout in held("single") if rollout.task_kind == "refuse"]
    assert refused
    for case, rollout in refused:
        probe = case.task.instance.probe
        assert probe is not None
        statement = next(
            r.statement for r in case.spec.tool(probe.tool).refusals if r.code == case.task.instance.refusal
        )
        assert any(statement in text for text in said(rollout, "assistant"))
        assert probe.tool not in [call.tool for call in rollout.calls]


def test_what_no_tool_can_do_goes_to_a_human():
    for _, rollout in held("single"):
        handed = [hands_over(text) for text in said(rollout, "assistant")]
        assert any(handed) == (rollout.task_kind == "insufficient")


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_conversations_are_the_same_but_for_names(kind):
    rollouts = [rollout for _, rollout in held(kind)]
    assert alike(rollouts) == []
    assert alike([*rollouts, rollouts[0].model_copy(update={"id": "again"})]) == [(rollouts[0].id, "again")]


def test_fused_conversations_are_longer_in_turns_and_in_calls():
    single, fused = figures_of(clinic().rollouts), figures_of(pair().rollouts)
    assert fused.mean_turns > single.mean_turns
    assert fused.mean_calls > single.mean_calls


def test_the_same_seed_says_the_same_and_repeats_say_something_else():
    world = clinic()
    assert scripted_rollouts(world.cases, world.environment) == world.rollouts
    case = world.cases[0]
    again = Case(**{**vars(case), "repeat": 1})
    other = scripted_rollouts([again], world.environment)[0]
    assert other.final_digest == world.rollouts[0].final_digest
    assert (other.id, other.messages[2:]) != (world.rollouts[0].id, world.rollouts[0].messages[2:])


def test_users_slip_change_their_minds_give_facts_late_and_use_their_own_words():
    met = Counter[str]()
    both = (Scripts(clinic().environment), clinic().cases), (Scripts(pair().environment), pair().cases)
    for script, twists in (scripts.of(case) for scripts, cases in both for case in cases):
        met["late"] += twists.late and len(script.identity) > 1
        met["own words"] += bool(twists.own_words)
        if twists.decoy:
            met[twists.decoy.how] += 1
    assert set(+met) >= {"late", "own words", "slip", "mind"}


def test_what_a_user_takes_back_is_never_done():
    scripts, met = Scripts(clinic().environment), 0
    for case, rollout in held("single"):
        decoy = scripts.of(case)[1].decoy
        if decoy is None:
            continue
        users = said(rollout, "user")
        met += any(mentions(text, decoy.value, decoy.typed) for text in users[1:])
        made = [call.arguments.get(decoy.detail.name) for call in rollout.calls]
        assert decoy.value not in made
    assert met > 0


def test_a_user_who_is_asked_the_unknown_says_so_and_gives_up_in_the_end():
    case = clinic().cases[0]
    user = ScriptedUser(case, *Scripts(clinic().environment).of(case))
    answers = [user.answer("What is the name of your first pet?") for _ in range(6)]
    assert not re.search("###", answers[0])
    assert "###OUT-OF-SCOPE###" in answers


def test_a_user_never_says_a_key_of_the_database():
    for _, rollout in held("single"):
        keys = re.compile(r"\b[A-Z]{3}-\d{5}\b")
        assert not any(keys.search(text) for text in said(rollout, "user"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_read_back_last_is_what_is_done(kind):
    for case, rollout in held(kind):
        for call in rollout.calls:
            tool = case.spec.tool(call.tool)
            if tool.access != "write":
                continue
            asked = next(m for m in reversed(rollout.messages[: call.message]) if m.role == "assistant" and m.content)
            for name, value in call.arguments.items():
                parameter = tool.parameter(name)
                assert parameter is not None
                assert parameter.refers_to or mentions(str(asked.content), value, parameter), (rollout.id, name)


def test_a_user_who_is_asked_again_says_it_again():
    case = next(case for case in clinic().cases if case.query.task_kind == "fulfil")
    script, twists = Scripts(clinic().environment).of(case)
    user = ScriptedUser(case, script, twists)
    first = script.identity[0]
    answers = [user.answer(f"What is {first.clause}?") for _ in range(3)]
    assert all(first.mentioned_in(answer) for answer in answers)


def test_a_user_who_is_asked_for_one_thing_under_two_names_says_it_once():
    case, scripts = clinic().cases[0], Scripts(clinic().environment)
    script = scripts.of(case)[0]
    detail = next(detail for goal in script.goals for detail in goal.details if detail.typed)
    user = ScriptedUser(case, script, Twists())
    said = user._several([detail, replace(detail, name="the_same")])
    assert said == user._several([detail])
    assert said


def test_a_choice_is_said_although_the_name_of_a_thing_holds_the_same_word():
    """Who is asked for the kind of bonus, and only says `the Saturn data pack`, is asked for it again and again."""
    case, scripts = clinic().cases[0], Scripts(clinic().environment)
    script = scripts.of(case)[0]
    choice = _detail("bonus_type", "enum", "data")
    name = _detail("bonus_name", "text", "Saturn data pack")
    goal = replace(script.goals[0], details=(choice, name))
    said = ScriptedUser(case, replace(script, goals=(goal,)), Twists())._several([choice, name])
    assert choice.mentioned_in(goal.without_names(said))
    assert name.mentioned_in(said)


def _detail(name: str, kind: ColumnType, value: str) -> Detail:
    parameter = Parameter(name=name, type=kind, description="What is wanted.")
    slot = Slot(name=name, goal=0, text=value, values=((name, value),))
    return Detail(0, name, slot, ((parameter, value),), f"the {name}")


def test_the_name_of_a_service_is_no_question_about_its_records():
    script = Scripts(clinic().environment).of(clinic().cases[0])[0]
    detail = next(detail for goal in script.goals for detail in goal.details if detail.typed)
    row = replace(detail, name="repair_types__machine", clause="which machine it is about", title="machine")
    assert row.asked_in("Which machine is it about?")
    assert not row.asked_in("Which repair type is it: inspection or overhaul?")
