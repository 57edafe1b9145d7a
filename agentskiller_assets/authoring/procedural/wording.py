"""Wording of queries: a persona, a request and its values become a first message and an instruction."""

import random

from agentskiller_assets.authoring.drafts import GoalRequest, QueryDraft, QueryRequest
from agentskiller_assets.authoring.procedural import voices
from agentskiller_assets.core import language
from agentskiller_assets.core.seeds import rng

FIRST_PERSON = {"my": "my", "me": "me", "I": "I"}
SECOND_PERSON = {"my": "your", "me": "you", "I": "you"}

RUNS_ON, INTRODUCES, REMARKS = 0.5, 0.3, 0.55
"""How often a greeting and a request are one sentence, a name is given, and a message holds a remark."""


def word_query(request: QueryRequest, seed: int) -> QueryDraft:
    """A first message with one pain point, and an instruction with all goals in order."""
    draw = rng(seed, "query", request.domain, request.task_id)
    return QueryDraft(first_message=_first_message(request, draw), instruction=_instruction(request, draw))


def _first_message(request: QueryRequest, draw: random.Random) -> str:
    """A greeting, perhaps a name, the request, and at most one remark before or after it."""
    greeting, need = draw.choice(voices.GREETINGS[request.tone]), draw.choice(request.goals[0].openers)
    opening, remark = _remark(request, draw)
    between = opening or _introduction(request, draw)
    if between:
        parts = [_greet(greeting, draw), *between, need]
    elif need.startswith(("I ", "I'")) and draw.random() < RUNS_ON:
        parts = [f"{greeting}, {need}"]
    else:
        parts = [_greet(greeting, draw), need]
    return " ".join(language.sentence(part) for part in (*parts, *remark))


def _greet(greeting: str, draw: random.Random) -> str:
    return f"{greeting}{draw.choice('.!')}"


def _introduction(request: QueryRequest, draw: random.Random) -> list[str]:
    if request.detail != "gives details freely" or draw.random() >= INTRODUCES:
        return []
    return [draw.choice(voices.INTRODUCTIONS[request.tone]).format(request.full_name)]


def _remark(request: QueryRequest, draw: random.Random) -> tuple[list[str], list[str]]:
    """At most one remark, as what stands before the request and what stands after it."""
    before, after = [voices.OPENINGS[request.tone]], []
    if request.patience == "in a hurry":
        after.append(voices.HURRY[request.tone])
    if request.proficiency == "is new to the service":
        after.append(voices.NEW_HERE[request.tone])
    bank = draw.choice([*before, *after])
    if not bank or draw.random() >= REMARKS:
        return [], []
    return ([], [draw.choice(bank)]) if bank in after else ([draw.choice(bank)], [])


def _instruction(request: QueryRequest, draw: random.Random) -> str:
    manner, skill = draw.choice(voices.MANNERS[request.tone]), draw.choice(voices.PROFICIENCY[request.proficiency])
    then = draw.sample(voices.THEN, len(voices.THEN))
    parts = [
        f"You are {request.full_name}, {language.article(request.role)}.",
        f"You {manner}, and you {skill}.",
        f"{draw.choice(voices.PATIENCE[request.patience])}.",
        draw.choice(voices.DETAIL[request.detail]),
        draw.choice(voices.FIRST).format(phrase(request.goals[0], SECOND_PERSON, draw)),
    ]
    for place, goal in enumerate(request.goals[1:]):
        parts.append(then[place % len(then)].format(phrase(goal, SECOND_PERSON, draw)))
    return " ".join([*parts, draw.choice(voices.ENDINGS[_ending(request)])])


def _ending(request: QueryRequest) -> str:
    if request.task_kind != "insufficient":
        return request.task_kind
    return "not found" if request.goals[0].slots else "unsupported"


def phrase(goal: GoalRequest, person: dict[str, str], draw: random.Random) -> str:
    """One request phrase of a goal with its values, spoken in this grammatical person."""
    slots = {n: language.render(v, person) if isinstance(v, str) and "{{" in v else v for n, v in goal.slots.items()}
    return language.render(draw.choice(goal.requests), {**slots, **person})
