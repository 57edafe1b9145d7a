"""Bad models behind real sockets: the partition fails with prompt, reason and talk, and nothing is emitted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.errors import LLMError
from agentskiller_assets.llm.errors import EmptyAnswerError, InvalidAnswerError, RefusalError, TruncatedError
from tests.authoring.llm import bad
from tests.authoring.llm.bad import BadModel, Badness, answers_to, tools
from tests.authoring.llm.good import good_answer
from tests.authoring.llm.kit import Question, author_at, calls_in, served
from tests.authoring.llm.worlds import DOMAINS
from tests.llm.kit import KEY
from tests.llm.server import ModelServer
from tests.world import SEED, Clinic, make_clinic

ROUNDS = 2
PATIENT = Models(textual="writer", coding="coder", rounds=ROUNDS)


@dataclass(frozen=True)
class Case:
    """What a model says, the prompt at which its partition fails, and the reason."""

    bad: Badness
    prompt: str
    reason: str


def invalid(name: str, text: str) -> Badness:
    """The same text in answer to one prompt."""
    return answers_to(name, lambda _: text)


CASES = {
    "hallucinated columns": Case(tools(bad.hallucinated_columns), "blueprint/tool", "satisfaction_score"),
    "SQL that does not compile": Case(tools(bad.sql_that_does_not_compile), "blueprint/tool", "does not parse"),
    "SQL that runs off": Case(tools(bad.sql_that_runs_off), "blueprint/tool", "is not exactly one statement"),
    "the wall clock": Case(tools(bad.wall_clock), "blueprint/tool", "wall clock"),
    "rules that forbid everything": Case(
        tools(bad.rules_that_forbid_everything), "blueprint/tool", "does not fit together"
    ),
    "rules that allow everything": Case(
        tools(bad.rules_that_allow_everything), "blueprint/tool", "does not fit together"
    ),
    "everybody's records": Case(tools(bad.everybodys_records), "blueprint/tool", "somebody else"),
    "nothing is written": Case(tools(bad.nothing_is_written), "blueprint/tool", "changes nothing"),
    "other rules than asked for": Case(tools(bad.other_rules), "blueprint/tool", "There is no rule with the statement"),
    "the wrong schema": Case(
        answers_to("blueprint_outline", lambda answer: {"outline": answer}), "blueprint/outline", "outline"
    ),
    "no JSON": Case(
        invalid("ontology_entities", "Sure! A clinic has patients and doctors."), "ontology/entities", "JSON"
    ),
    "half a JSON": Case(
        invalid("ontology_relations", '{"relations": [{"name": "appointment"'), "ontology/relations", "JSON"
    ),
    "texts everywhere": Case(answers_to("databases_table", bad.one_for_all), "databases/table", "'texts' cannot draw"),
    "values out of bounds": Case(answers_to("databases_table", bad.outside_the_bounds), "databases/table", ""),
    "endless drawing": Case(answers_to("databases_table", bad.endless_drawing), "databases/table", "`days`"),
    "code in a phrase": Case(
        answers_to("tasks_phrases", bad.code_in_a_phrase), "tasks/phrases", "something else than a slot"
    ),
    "made-up values": Case(answers_to("tasks_query", bad.made_up_values), "tasks/query", "Bartholomew"),
    "half of the request": Case(answers_to("tasks_query", bad.half_of_it), "tasks/query", "does not say"),
}


@dataclass(frozen=True)
class Failed:
    """How a domain failed."""

    error: LLMError
    server: ModelServer
    root: Path


def failing(root: Path, model: Callable[..., object]) -> Failed:
    """The failure of a domain that this model writes."""
    with served(model) as server, pytest.raises(LLMError) as caught:  # type: ignore[arg-type]
        emitted(make_clinic(author_at(server.url, root, PATIENT), DOMAINS))
    return Failed(caught.value, server, root)


def emitted(made: Clinic) -> None:
    """Nothing of the kind: the domain was to fail."""
    raise AssertionError(f"{len(made.queries)} queries were emitted")


def good_answers(question: Question) -> dict[str, Any]:
    """What a model says that knows it all."""
    return good_answer(question.prompt).model_dump(mode="json")


@pytest.fixture(scope="module", params=CASES)
def nonsense(
    request: pytest.FixtureRequest, environment: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Case, Failed]:
    """A case and how it failed."""
    case = CASES[request.param]
    return case, failing(tmp_path_factory.mktemp("nonsense"), BadModel(case.bad))


def test_nonsense_fails_at_its_prompt_with_the_reason_and_the_talk(nonsense: tuple[Case, Failed]) -> None:
    case, failed = nonsense
    last = calls_in(failed.root).find(failed.error.call_ids[-1])

    assert isinstance(failed.error, InvalidAnswerError)
    assert failed.error.culprit.startswith(f"prompt {case.prompt!r} of ")
    assert case.reason in failed.error.fault
    assert last is not None
    assert last.request.prompt == case.prompt
    assert failed.error.call_ids[-1] in str(failed.error)
    told = str(last.request.messages[-1]["content"])
    assert "cannot be used" in told or "has these faults" in told


def test_nonsense_is_told_what_is_wrong_as_often_as_allowed_and_no_more(nonsense: tuple[Case, Failed]) -> None:
    _, failed = nonsense
    talks = [[str(message["content"]) for message in body["messages"]] for body in failed.server.requests]
    told = {"".join(talk) for talk in talks if "cannot be used" in talk[-1]}

    assert max(map(len, talks)) <= 2 + 2 * ROUNDS
    assert len(told) <= ROUNDS * max(len({talk[1] for talk in talks if "cannot be used" in talk[-1]}), 1)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"content": None, "refusal": "I cannot help with that."}, RefusalError),
        ({"content": ""}, EmptyAnswerError),
        ({"content": '{"domain": "clinic', "finish_reason": "length"}, TruncatedError),
    ],
    ids=["refusal", "nothing", "cut off"],
)
def test_an_answer_that_is_none_fails_with_its_name_and_its_call(
    message: dict[str, str | None], error: type[LLMError], tmp_path: Path
) -> None:
    with ModelServer(lambda *_: message) as server, pytest.raises(error) as caught:
        author_at(server.url, tmp_path, PATIENT).expand_domains(1, SEED)

    assert caught.value.culprit == "prompt 'ontology/topic' of domain_catalog, model writer"
    assert len(caught.value.call_ids) == len(server.requests) <= 3
    assert len(list(calls_in(tmp_path).folder.glob("*/*.json"))) == len(server.requests)


def test_nonsense_is_not_paid_for_again_when_the_domain_is_made_again(tmp_path: Path) -> None:
    model = BadModel(CASES["no JSON"].bad)
    failed = failing(tmp_path, model)

    again = failing(tmp_path, model)

    assert (len(again.server.requests), str(again.error)) == (0, str(failed.error))


def test_another_seed_asks_anew(tmp_path: Path) -> None:
    with served(good_answers) as server:
        author = author_at(server.url, tmp_path)
        assert author.expand_domains(1, 1) == author.expand_domains(1, 2)

    assert [body["seed"] for body in server.requests] == [1, 2]


def test_the_key_is_in_no_error_and_no_file(tmp_path: Path) -> None:
    failed = failing(tmp_path, BadModel(CASES["hallucinated columns"].bad))
    said = [str(failed.error), repr(vars(failed.error)), *map(str, failed.error.transcript)]

    assert not any(KEY in text for text in said)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
