"""A good model that now and then gets it wrong at first, in a way that only the feedback can mend."""

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentskiller_assets.core.canonical import digest
from tests.authoring.llm.good import HEADING, NAMES, good_answer, spec_of
from tests.authoring.llm.kit import Question

Answer = dict[str, Any]
Slip = Callable[[Answer], Answer | str | None]
"""What a careless model says instead of a good answer; None where it says the good answer after all."""


def _prose(answer: Answer) -> str:
    return "Certainly! Here is what you asked for."


def _wrong_schema(answer: Answer) -> Answer:
    return {"answer": answer}


def _reference_as_attribute(answer: Answer) -> Answer:
    answer["things"][0]["attributes"][0]["name"] = f"{answer['role']['name']}_id"
    return answer


def _stranger(answer: Answer) -> Answer:
    answer["relations"][0]["members"].append("warehouse_robot")
    return answer


def _dead_end(answer: Answer) -> Answer:
    for tool in answer["tools"]:
        if tool["access"] == "read":
            tool["yields"] = []
    return answer


def _unknown_column(answer: Answer) -> Answer | None:
    if not answer["rules"]:
        return None
    answer["rules"][0]["require"] = "appointment.mood = 'good'"
    return answer


def _same_code(answer: Answer) -> Answer | None:
    """Sound by itself; two tools with one code are not, and the tool that identifies patients has this one."""
    if not answer["effects"] or not answer["binds"]:
        return None
    answer["binds"][0]["refusal"]["code"] = "PATIENT_NOT_IDENTIFIED"
    return answer


def _lopsided(answer: Answer) -> Answer | None:
    """One weight for all values: no row can be drawn."""
    choices = [each["sampler"] for each in answer["columns"] if each["sampler"]["kind"] == "choice"]
    if not choices:
        return None
    choices[0].update(weights=[1.0], by=None, weights_by={})
    return answer


def _open_slot(answer: Answer) -> Answer:
    answer["tools"][0]["requests"][0] += " before {{ deadline }}"
    return answer


def _round_trip(answer: Answer) -> Answer:
    tools = answer["storylines"][0]["tools"]
    answer["storylines"].append({"tools": tools[::-1]})
    return answer


def _shouting(answer: Answer) -> Answer:
    answer["identity"] = "check PATIENT_ID first"
    return answer


def _made_up(answer: Answer) -> Answer:
    answer["instruction"] += " You were told so by Veronica on 31 December."
    return answer


def _other_space(answer: Answer) -> Answer:
    answer["bridges"][0]["bind"]["refusal"]["code"] = "REFERENCE_NOT_FOUND"
    return answer


SLIPS: Mapping[str, tuple[Slip, ...]] = {
    "ontology_topic": (_prose,),
    "ontology_entities": (_reference_as_attribute,),
    "ontology_relations": (_stranger,),
    "blueprint_outline": (_dead_end,),
    "blueprint_tool": (_unknown_column, _same_code),
    "databases_table": (_lopsided,),
    "databases_parameters": (_wrong_schema,),
    "policies_governance": (_shouting,),
    "tasks_storylines": (_round_trip,),
    "tasks_phrases": (_open_slot,),
    "tasks_query": (_made_up,),
    "fusion_bridge": (_other_space,),
}
EVERY = {"blueprint_tool": 3, "tasks_query": 7, "databases_table": 2}
"""Of so many questions one gets a careless answer; of others, the first."""


@dataclass
class CarelessModel:
    """Answers well once it is told what is wrong."""

    slips: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    _first: dict[str, str] = field(default_factory=dict)

    def __call__(self, question: Question) -> str | Answer:
        good: Answer = good_answer(question.prompt).model_dump(mode="json")
        if question.told:
            self.mended[question.name] += 1
            return good
        said = self._slip(question, copy.deepcopy(good))
        if said is not None:
            self.slips[question.name] += 1
        return good if said is None else said

    def _slip(self, question: Question, good: Answer) -> Answer | str | None:
        slips, every = SLIPS[question.name], EVERY.get(question.name, 2)
        place = self._place(question)
        return None if place % every else slips[place // every % len(slips)](good)

    def _place(self, question: Question) -> int:
        """Which of the questions it is, in whatever order they come: several are under way at a time."""
        part, domain = [*NAMES.findall(" ".join(HEADING.findall(question.prompt))), "", ""][:2]
        match question.name:
            case "blueprint_tool":
                return [tool.name for tool in spec_of(domain).tools].index(part)
            case "databases_table":
                return [table.name for table in spec_of(domain).tables].index(part)
            case "tasks_query":
                return int(digest(question.prompt), 16)
        return int(self._first.setdefault(question.name, question.prompt) != question.prompt)
