"""What the procedural author makes people read and say: policies, tools, and first messages of every service."""

import re
import shutil
from collections import Counter
from functools import cache
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from agentskiller_assets.authoring.drafts import GoalRequest, PhraseBook, QueryRequest, TopicDraft
from agentskiller_assets.authoring.procedural.author import HERE, ProceduralAuthor
from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.policy import (
    PolicyDocument,
    parse_policy,
    render_policy,
    visible_text,
    write_policy,
)
from agentskiller_assets.ontology.models import Detail, Patience, Proficiency, Tone
from tests.world import NOW, author

SEEDS = (3, 7)
TOPICS = author().expand_domains(sum(len(pack.services) for _, pack in author().packs.values()), SEEDS[0])
"""One seed for each of the hundreds of services, and both for every eighth."""
CASES = [
    pytest.param(topic, seed, id=f"{topic.domain}-{seed}")
    for place, topic in enumerate(TOPICS)
    for seed in (SEEDS if place % 8 == 0 else (SEEDS[place % 2],))
]
NEED = GoalRequest(requests=("book a room",), openers=("I'd like to book a room.", "Is a room free?"), slots={})
SENTENCE = re.compile(r"[^.?!]+[.?!]")


def _spec(topic: TopicDraft, seed: int) -> EnvironmentSpec:
    return author().write_blueprint(topic, seed, NOW)


def _phrases(topic: TopicDraft, seed: int) -> PhraseBook:
    return author().write_phrases(topic, seed, _spec(topic, seed))


def _policy(topic: TopicDraft, seed: int) -> PolicyDocument:
    spec = _spec(topic, seed)
    return write_policy(spec, author().govern(topic, seed, spec))


def _openers(phrases: PhraseBook) -> list[tuple[str, ...]]:
    questions = [question.openers for question in phrases.questions]
    return [*(tool.openers for tool in phrases.tools.values()), *questions]


@pytest.mark.parametrize(("topic", "seed"), CASES)
def test_every_opener_reads_as_a_person_would_say_it(topic: TopicDraft, seed: int) -> None:
    phrases = _phrases(topic, seed)
    openers = [o for found in _openers(phrases) for o in found] + [u.opener for u in phrases.unsupported]
    nouns = [table.title for table in _spec(topic, seed).tables]

    assert [(opener, f.message) for opener in openers for f in lint_prose(opener, nouns=nouns)] == []
    assert [opener for opener in openers if not opener.endswith((".", "?"))] == []


@pytest.mark.parametrize(("topic", "seed"), CASES)
def test_every_goal_has_several_openers_and_ways_to_ask(topic: TopicDraft, seed: int) -> None:
    phrases = _phrases(topic, seed)

    assert min(len(set(found)) for found in _openers(phrases)) >= 3
    assert min(len(set(tool.requests)) for tool in phrases.tools.values()) >= 2
    assert min(len(set(question.ask)) for question in phrases.questions) >= 2


@pytest.mark.parametrize(("topic", "seed"), CASES)
def test_people_are_called_what_the_service_calls_them_and_not_callers(topic: TopicDraft, seed: int) -> None:
    spec = _spec(topic, seed)
    texts = [text for tool in spec.tools for text in (tool.title, tool.description)]
    texts += [refusal.statement for tool in spec.tools for refusal in tool.refusals]
    texts += [visible_text(render_policy(_policy(topic, seed)))]

    assert [text for text in texts if re.search(r"\bcallers?\b|\bwho or what\b", text, re.IGNORECASE)] == []


@pytest.mark.parametrize(("topic", "seed"), CASES)
def test_a_policy_says_what_every_tool_does_once_and_is_parsed_back(topic: TopicDraft, seed: int) -> None:
    policy, spec = _policy(topic, seed), _spec(topic, seed)
    lines = [line for line in visible_text(render_policy(policy)).splitlines() if line.strip()]

    assert parse_policy(render_policy(policy)) == policy
    assert [tool.purpose for tool in policy.tools] == [tool.description for tool in spec.tools]
    assert [line for line, times in Counter(lines).items() if times > 1] == []


def _request(tone: str, patience: str, detail: str, proficiency: str, task: int) -> QueryRequest:
    return QueryRequest(
        domain="rooms",
        task_id=f"task_{task}",
        task_kind="fulfil",
        role="guest",
        full_name="Ada Bell",
        tone=tone,
        patience=patience,
        detail=detail,
        proficiency=proficiency,
        goals=(NEED,),
    )


@cache
def _messages(seed: int) -> list[str]:
    personas = product(get_args(Tone), get_args(Patience), get_args(Detail), get_args(Proficiency))
    requests = [_request(*persona, 25 * i + task) for i, persona in enumerate(personas) for task in range(25)]
    return [author().word_query(request, seed).first_message for request in requests]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_remark_is_heard_in_more_than_one_message_in_thirty(seed: int) -> None:
    heard = Counter(s.strip() for message in _messages(seed) for s in SENTENCE.findall(message))
    expected = (*(opener.rstrip(".?") for opener in NEED.openers), "Ada Bell")
    remarks = {s: t for s, t in heard.items() if len(s.split()) > 2 and not any(part in s for part in expected)}

    assert max(remarks.values()) <= len(_messages(seed)) / 30
    assert len(remarks) > 60


@pytest.mark.parametrize("seed", SEEDS)
def test_a_message_is_a_greeting_the_need_and_at_most_two_more_sentences(seed: int) -> None:
    sentences = [len(SENTENCE.findall(message)) for message in _messages(seed)]

    assert max(sentences) <= 4
    assert sum(sentences) / len(sentences) < 2.8
    assert [(m, f.message) for m in _messages(seed) for f in lint_prose(m)] == []


def test_a_message_follows_from_the_seed() -> None:
    assert _messages.__wrapped__(SEEDS[0]) == _messages(SEEDS[0]) != _messages(SEEDS[1])


def test_rooms_are_booked_as_rooms(tmp_path: Path) -> None:
    """A pack whose services book rooms: nobody is with a room, and a room is `that`, not `who`."""
    text = (HERE / "packs" / "music_education.yaml").read_text(encoding="utf-8")
    room = text.replace("    title: accompanist\n", "    title: practice room\n", 1)
    room = room.replace("    open: has_free_capacity\n    person: true\n", "    open: has_free_capacity\n", 1)
    room = room.replace("      open_again: taking on more students\n", "      open_again: open to everybody\n", 1)
    (tmp_path / "music_education.yaml").write_text(room, encoding="utf-8")
    shutil.copy(HERE / "packs" / "healthcare.yaml", tmp_path)
    writer = ProceduralAuthor(packs=tmp_path)
    topic = next(topic for topic in TOPICS if topic.domain == "accompanist_rehearsals")

    spec = writer.write_blueprint(topic, 7, NOW)
    phrases = writer.write_phrases(topic, 7, spec)

    assert phrases.tools["book_rehearsal"].requests[0] == (
        "book a rehearsal in {{ practice_room }} on {{ starts_at }} for {{ piece_to_rehearse }}"
    )
    assert phrases.rows["rehearsal"][0] == "{{ my }} rehearsal in {{ practice_room_name }} on {{ starts_at }}"
    assert spec.tool("book_rehearsal").rules[0].statement == (
        "A practice room that is not open to everybody can be booked only by students who have already completed "
        "a rehearsal there."
    )
