"""Whatever is sent, a call has an outcome, and the state changes only if it was carried out."""

import json
from functools import cache

import pytest

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.environment.row_maker import make_rows
from agentskiller_assets.ontology.population import make_population
from agentskiller_assets.runtime import Environment, Invalid, Ok, Refused, build_image, outcome_json
from tests.runtime.fuzz import INSIDE, people, random_calls
from tests.scenario import library

CALLS, PER_SESSION, SEED = 10_000, 100, 7
AUTHOR = ProceduralAuthor()
TOPICS = {topic.domain: topic for topic in AUTHOR.expand_domains(6, SEED)}


@cache
def environment(domain: str) -> Environment:
    """A domain of the demo, or the library."""
    if domain not in TOPICS:
        return library()
    topic = TOPICS[domain]
    spec = AUTHOR.write_blueprint(topic, SEED, "2026-03-02 09:00:00")
    citizens = [person.model_dump() for person in make_population(150, SEED)]
    return Environment(
        spec, build_image(spec, make_rows(spec, AUTHOR.plan_samples(topic, SEED, spec), citizens, SEED, 100))
    )


@pytest.mark.parametrize("domain", [*TOPICS, "library"])
def test_ten_thousand_random_calls_have_outcomes_that_show_nothing_of_the_inside(domain: str) -> None:
    place = environment(domain)
    known, calls = people(place), random_calls(place, SEED, CALLS)
    seen = {Ok: 0, Refused: 0, Invalid: 0}
    for turn in range(CALLS // PER_SESSION):
        with place.fork() as session:
            session.call(place.spec.authorizer.name, known[turn % len(known)])
            before = session.digest()
            for _ in range(PER_SESSION):
                name, args = next(calls)
                outcome = session.call(name, args)
                seen[type(outcome)] += 1
                text = json.dumps(outcome_json(outcome), ensure_ascii=False, allow_nan=False)
                text.encode()
                if not isinstance(outcome, Ok):
                    assert session.digest() == before, (name, args, outcome)
                    assert shown_of_the_inside(text, (name, args)) == []
                before = session.digest()
    assert sum(seen.values()) == CALLS
    assert min(seen.values()) > CALLS // 50, seen


def shown_of_the_inside(text: str, sent: object) -> list[str]:
    """Words of the machinery that a message holds and that were not sent."""
    repeated = repr(sent).lower()
    return [word for word in INSIDE if word in text.lower() and word not in repeated]
