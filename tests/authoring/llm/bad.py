"""Bad models: plausible nonsense in the right form, and answers that are none."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.authoring.llm.good import good_answer
from tests.authoring.llm.kit import Question

Answer = dict[str, Any]
Badness = Callable[[Question, Answer], Answer | str | None]
"""What is said instead of a good answer; None where the good one is said."""


@dataclass(frozen=True)
class BadModel:
    """Says the same nonsense however often it is told what is wrong."""

    bad: Badness

    def __call__(self, question: Question) -> str | Answer:
        good: Answer = good_answer(question.prompt).model_dump(mode="json")
        said = self.bad(question, copy.deepcopy(good))
        return good if said is None else said


def tools(change: Callable[[Answer], None]) -> Badness:
    """Nonsense in the fragments of every tool that changes something."""

    def bad(question: Question, answer: Answer) -> Answer | None:
        if question.name != "blueprint_tool" or not answer["effects"]:
            return None
        change(answer)
        return answer

    return bad


def answers_to(name: str, change: Callable[[Answer], Answer | str | None]) -> Badness:
    """Nonsense in the answers to one prompt."""

    def bad(question: Question, answer: Answer) -> Answer | str | None:
        return (change(answer) or answer) if question.name == name else None

    return bad


def hallucinated_columns(answer: Answer) -> None:
    answer["returns"]["sql"] = answer["returns"]["sql"].replace("SELECT ", "SELECT b.satisfaction_score, ", 1)


def sql_that_does_not_compile(answer: Answer) -> None:
    answer["effects"] = [f"PLEASE {effect}" for effect in answer["effects"]]


def sql_that_runs_off(answer: Answer) -> None:
    answer["effects"] = [f"{effect}; DROP TABLE person" for effect in answer["effects"]]


def wall_clock(answer: Answer) -> None:
    answer["effects"] = [
        effect.replace(":now", "'now'").replace(":new_id", "hex(randomblob(4))") for effect in answer["effects"]
    ]
    for rule in answer["rules"]:
        rule["require"] = f"({rule['require']}) OR date('now') > '2000-01-01'"


def rules_that_forbid_everything(answer: Answer) -> None:
    for rule in answer["rules"]:
        if "status" not in rule["require"]:
            rule["require"] = "1 = 2"


def rules_that_allow_everything(answer: Answer) -> None:
    for rule in answer["rules"]:
        if "status" not in rule["require"]:
            rule["require"] = "1 = 1"


def everybodys_records(answer: Answer) -> None:
    for bind in answer["binds"]:
        bind["where"] = bind["where"].partition(" AND ")[0]


def nothing_is_written(answer: Answer) -> None:
    answer["effects"] = []


def other_rules(answer: Answer) -> None:
    for number, rule in enumerate(answer["rules"]):
        rule["statement"] = f"Everything is allowed on day {number + 2}."


def one_for_all(answer: Answer) -> Answer:
    """Every column a text of the model's choice."""
    for column in answer["columns"]:
        column["sampler"] = {"kind": "texts", "texts": ["lorem ipsum"]}
    return answer


def outside_the_bounds(answer: Answer) -> Answer:
    for column in answer["columns"]:
        if column["sampler"]["kind"] == "number":
            column["sampler"].update(minimum=-90000, maximum=-80000)
        if column["sampler"]["kind"] == "choice":
            column["sampler"].update(options=["whatever"], weights=[], by=None, weights_by={}, at_most=None)
    return answer


def endless_drawing(answer: Answer) -> Answer:
    for column in answer["columns"]:
        if column["sampler"]["kind"] in ("date", "datetime"):
            column["sampler"].update(days=[0, 3_000_000], by=None)
    return answer


def code_in_a_phrase(answer: Answer) -> Answer:
    answer["tools"][0]["requests"][0] = "cancel {{ ''.__class__.__mro__[1].__subclasses__() }}"
    return answer


def made_up_values(answer: Answer) -> Answer:
    answer["instruction"] += " You also want to transfer 5,000 dollars to Bartholomew."
    return answer


def half_of_it(answer: Answer) -> Answer:
    answer["instruction"] = answer["instruction"].partition(". ")[0] + ". You want something to be done."
    return answer
