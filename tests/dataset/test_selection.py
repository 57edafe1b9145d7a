"""What becomes of a conversation: the first fault decides, of two that are alike one stays, and all is said why."""

from collections import Counter

from agentskiller_assets.dataset.duplicates import SHINGLE
from agentskiller_assets.dataset.models import Settings
from agentskiller_assets.dataset.stored import Conversations
from tests.dataset.kit import evaluated, examples, moved, passing, saying, selected, verdict
from tests.world import DOMAIN

WORDS = [f"word{number}" for number in range(200)]
FIRST = evaluated().rollouts[0]


def test_what_did_not_pass_or_is_not_evaluated_is_left_out_with_the_reason():
    failed, unknown = saying(FIRST, "rollout_a", "Hello.", "Hi."), saying(FIRST, "rollout_b", "Hi there.", "Hello you.")
    found = selected(Conversations(DOMAIN, [failed, unknown], {failed.id: verdict(failed, 0.0)}))
    assert [(each.decision, each.reason) for each in found] == [
        ("not passed", "action: the wrong doctor was called"),
        ("not evaluated", "there is no evaluation of it as it is now"),
    ]
    assert examples(Conversations(DOMAIN, [failed, unknown], {failed.id: verdict(failed, 0.0)})) == []


def test_of_conversations_that_say_the_same_the_one_with_the_smaller_id_stays():
    one = saying(FIRST, "rollout_b", "Hello.", "Hi.")
    twin = saying(FIRST, "rollout_a", "Hello.", "Hi.")
    other_prompt = saying(FIRST, "rollout_c", "Hello.", "Hi.")
    prompt = other_prompt.messages[0].model_copy(update={"content": "Another policy."})
    other_prompt = other_prompt.model_copy(update={"messages": (prompt, *other_prompt.messages[1:])})
    found = selected(passing([one, twin, other_prompt]))
    assert {each.rollout: (each.decision, each.reason) for each in found} == {
        "rollout_a": ("kept", "it passed, and nothing kept is like it"),
        "rollout_b": ("exact duplicate", "the same as rollout_a"),
        "rollout_c": ("exact duplicate", "the same as rollout_a"),
    }


def test_ids_of_calls_do_not_make_conversations_different():
    again = moved(evaluated(), "guided_rides")
    renamed = [
        each.model_copy(
            update={
                "messages": tuple(
                    message.model_copy(
                        update={
                            "tool_calls": tuple(c.model_copy(update={"id": f"x{c.id}"}) for c in message.tool_calls),
                            "tool_call_id": message.tool_call_id and f"x{message.tool_call_id}",
                        }
                    )
                    for message in each.messages
                )
            }
        )
        for each in again.rollouts
    ]
    found = selected(evaluated(), Conversations("guided_rides", renamed, again.evaluations))
    assert Counter(each.decision for each in found if each.domain == "guided_rides")["kept"] == 0


def test_near_duplicates_share_nine_tenths_of_their_runs_of_five_words():
    text = " ".join(WORDS)
    near, far = " ".join([*WORDS[:-1], "else"]), " ".join([*WORDS[:170], *(f"other{n}" for n in range(30))])
    rollouts = [
        saying(FIRST, "rollout_a", text, "Well."),
        saying(FIRST, "rollout_b", near, "Well."),
        saying(FIRST, "rollout_c", far, "Well."),
    ]
    runs = len(WORDS) + 1 - SHINGLE + 1
    shared = runs - 2
    found = selected(passing(rollouts))
    assert [(each.decision, each.reason) for each in found][:2] == [
        ("kept", "it passed, and nothing kept is like it"),
        ("near duplicate", f"{shared / (2 * runs - shared):.2f} like rollout_a"),
    ]
    assert found[2].decision == "kept"
    strict = selected(passing(rollouts), settings=Settings(seed=7, near_threshold=1.0))
    assert [each.decision for each in strict] == ["kept"] * 3


def test_the_order_in_which_partitions_are_read_decides_nothing_but_positions():
    one, other = moved(evaluated(), "music_lessons", 12), moved(evaluated(), "guided_rides", 12)
    there, back = selected(one, other), selected(other, one)
    assert {each.id: each.model_copy(update={"position": 0}) for each in there} == {
        each.id: each.model_copy(update={"position": 0}) for each in back
    }
    passed = sum(each.passed for each in one.evaluations.values())
    assert Counter(each.decision for each in there)["exact duplicate"] == passed
    assert examples(one, other) == examples(other, one)


def test_calls_that_a_conversation_passes_without_are_left_out_unless_one_wants_them():
    rollout = next(each for each in evaluated().rollouts if len(each.calls) > 1)
    redundant = (rollout.calls[1].id,)
    shown = Conversations(DOMAIN, [rollout], {rollout.id: verdict(rollout, 1.0, redundant)})
    (pruned,) = examples(shown)
    (whole,) = examples(shown, settings=Settings(seed=7, prune=False))
    assert (pruned.calls, whole.calls) == (len(rollout.calls) - 1, len(rollout.calls))
    assert redundant[0] not in str(pruned.messages)
    assert redundant[0] in str(whole.messages)
    assert len(whole.messages) - len(pruned.messages) == 2


def test_a_pair_is_in_the_group_of_both_domains_or_left_out_where_they_are_apart():
    pair = moved(evaluated(), "clinic_appointments--music_lessons", 3)
    order = (DOMAIN, "music_lessons")
    grouped = selected(pair, order=order)
    assert {(each.group, each.split, each.decision) for each in grouped} == {(DOMAIN, "train", "kept")}
    apart = Settings(seed=7, split_by="domain")
    found = selected(pair, order=(DOMAIN, "b", "c", "music_lessons"), settings=apart)
    assert {(each.split, each.decision) for each in found} == {(None, "across splits")}
    assert {each.reason for each in found} == {"clinic_appointments and music_lessons are in different splits"}
