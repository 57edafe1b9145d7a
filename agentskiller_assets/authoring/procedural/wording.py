"""Wording of queries: a persona, a request and its values become a first message and an instruction."""

import random

from agentskiller_assets.authoring.drafts import GoalRequest, QueryDraft, QueryRequest
from agentskiller_assets.core import language
from agentskiller_assets.core.seeds import rng

FIRST_PERSON = {"my": "my", "me": "me", "I": "I"}
SECOND_PERSON = {"my": "your", "me": "you", "I": "you"}

GREETINGS = {
    "friendly": ("Hi there!", "Hello!", "Hi, I hope you can help me.", "Hello, nice to reach someone."),
    "formal": (
        "Good morning.",
        "Good day.",
        "Hello, thank you for taking my request.",
        "Good morning, I need some help.",
    ),
    "brisk": ("Hello.", "Hi.", "Morning.", "Right, hello."),
    "chatty": (
        "Hi! Busy morning on my side.",
        "Hello! I finally found a minute to get in touch.",
        "Hi there, it's been one of those weeks.",
        "Hello! I meant to get in touch days ago.",
    ),
}
HURRY = (
    "I only have a few minutes.",
    "Can we do this quickly, please?",
    "I'm between two meetings, so let's be quick.",
)
NEW_HERE = (
    "I don't do this often.",
    "You may have to tell me how this works.",
    "I'm not used to this, so please bear with me.",
)
MANNERS = {
    "friendly": "You are friendly and easy to talk to.",
    "formal": "You are polite and choose your words with care.",
    "brisk": "You are brief and to the point.",
    "chatty": "You like to talk and add a remark here and there.",
}
PATIENCE = {
    "patient": "You have time and do not mind questions.",
    "in a hurry": "You are in a hurry and say so when things take long.",
}
DETAIL = {
    "gives details freely": "You give details as soon as they seem useful.",
    "gives details when asked": "You give a detail only when you are asked for it.",
}
PROFICIENCY = {
    "knows the service well": "You know how the service works.",
    "uses the service now and then": "You use the service now and then.",
    "is new to the service": "You have not used the service much.",
}
THEN = ("After that, you want to {}.", "Once that is done, you want to {}.", "Then you also want to {}.")
ENDINGS = {
    "fulfil": (
        "You agree when the details that are read back to you are right.",
        "You say yes when what is read back to you is what you asked for.",
    ),
    "inform": (
        "You only want to know; nothing is to be changed.",
        "You want the answer and no change to anything.",
    ),
    "refuse": (
        "If you are told why it cannot be done, you accept that and ask for nothing else.",
        "You insist once at most; a clear reason is enough for you, and you want nothing else instead.",
    ),
    "insufficient": (
        "You have no further details. You accept being handed over to a human colleague.",
        "You cannot add anything to what you said. Being passed on to a person is fine with you.",
    ),
}


def word_query(request: QueryRequest, seed: int) -> QueryDraft:
    """A first message with one pain point, and an instruction with all goals in order."""
    draw = rng(seed, "query", request.domain, request.task_id)
    return QueryDraft(first_message=_first_message(request, draw), instruction=_instruction(request, draw))


def _first_message(request: QueryRequest, draw: random.Random) -> str:
    parts = [draw.choice(GREETINGS[request.tone]), draw.choice(request.goals[0].openers)]
    if request.patience == "in a hurry" and draw.random() < 0.6:
        parts.append(draw.choice(HURRY))
    if request.proficiency == "is new to the service" and draw.random() < 0.6:
        parts.append(draw.choice(NEW_HERE))
    return " ".join(language.sentence(part) for part in parts)


def _instruction(request: QueryRequest, draw: random.Random) -> str:
    parts = [
        f"You are {request.full_name}, {language.article(request.role)}.",
        MANNERS[request.tone],
        PATIENCE[request.patience],
        DETAIL[request.detail],
        PROFICIENCY[request.proficiency],
        f"You want to {phrase(request.goals[0], SECOND_PERSON, draw)}.",
    ]
    parts += [draw.choice(THEN).format(phrase(goal, SECOND_PERSON, draw)) for goal in request.goals[1:]]
    return " ".join([*parts, draw.choice(ENDINGS[request.task_kind])])


def phrase(goal: GoalRequest, person: dict[str, str], draw: random.Random) -> str:
    """One request phrase of a goal with its values, spoken in this grammatical person."""
    slots = {n: language.render(v, person) if isinstance(v, str) and "{{" in v else v for n, v in goal.slots.items()}
    return language.render(draw.choice(goal.requests), {**slots, **person})
