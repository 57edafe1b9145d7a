"""The prompts: each is complete, says what it is given, and shows an example that its own checks would take."""

import json
import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pytest

from agentskiller_assets.authoring.llm import prompting
from agentskiller_assets.authoring.llm.author import PROMPTS
from agentskiller_assets.authoring.llm.prompting import PromptFile, prompt_digest, render, template_files
from agentskiller_assets.authoring.llm.repairs import REPAIRS
from agentskiller_assets.authoring.llm.scribe import Models
from agentskiller_assets.authoring.llm.topics import TOPIC
from agentskiller_assets.llm.structured import answer_schema, is_strict
from tests.authoring.llm.good import HEADING
from tests.authoring.llm.kit import MODELS, scripted
from tests.authoring.llm.worlds import Made

ROOT = Path(__file__).parents[3]
EXAMPLE = re.compile(r"Form of the answer.*?```json\n(\{.*?\})\n```", re.DOTALL)
ASKED = [form for form in PROMPTS if form.name != "servers/repair"]
SEAM = re.compile(r"\{%|%\}|\bNone\b|\bUndefined\b|<[a-z_.]+ object at")


def prompts_of(made: Made, name: str) -> list[str]:
    """What was asked with one prompt, without what it was told afterwards."""
    calls = [call for call in made.calls if call.request.prompt == name and len(call.request.messages) == 2]
    return [str(call.request.messages[1]["content"]) for call in calls]


def test_every_template_belongs_to_a_prompt_or_is_shared() -> None:
    names = {path.relative_to(prompting.FOLDER).as_posix().removesuffix(".md.j2") for path in template_files()}
    shared = {name for name in names if name.startswith("shared/")}

    assert names - shared == {form.name for form in PROMPTS} | {"databases/samplers"}


@pytest.mark.parametrize("form", ASKED, ids=lambda form: form.name)
def test_a_prompt_is_complete_and_without_seams(made: Made, form: PromptFile[Any]) -> None:
    texts = prompts_of(made, form.name)

    assert texts
    for text in texts:
        assert len(HEADING.findall(text)) == 1
        assert len(text) > 1000
        assert SEAM.findall(text) == []
        assert "\n\n\n\n" not in text


@pytest.mark.parametrize("voice", ["textual", "coding"])
def test_each_of_the_two_models_is_told_how_to_write(made: Made, voice: str) -> None:
    model = MODELS.textual if voice == "textual" else MODELS.coding
    told = {str(call.request.messages[0]["content"]) for call in made.calls if call.request.model == model}

    assert told == {render(f"shared/{voice}")}
    assert len(next(iter(told))) > 400


@pytest.mark.parametrize("form", ASKED, ids=lambda form: form.name)
def test_its_example_is_an_answer_of_the_form_that_it_asks_for(made: Made, form: PromptFile[Any]) -> None:
    (example,) = EXAMPLE.findall(prompts_of(made, form.name)[0])

    assert form.answer.model_validate_json(example)
    assert set(json.loads(example)) == set(answer_schema(form.answer)["required"])


@pytest.mark.parametrize("form", [form for form in PROMPTS if not form.name.startswith("databases/")], ids=repr)
def test_a_server_can_hold_a_model_to_the_form(form: PromptFile[Any]) -> None:
    assert is_strict(answer_schema(form.answer))


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'strategy' is undefined"):
        TOPIC.to_ask(None, position=1)


def test_prompts_of_one_domain_are_told_apart_by_their_heading(made: Made) -> None:
    texts = [text for form in ASKED for text in set(prompts_of(made, form.name)) if "earlier answer" not in text]
    headings = [heading for text in texts for heading in HEADING.findall(text)]
    named = [heading for heading in headings if heading != "A request in somebody's own words"]

    assert len(named) == len(set(named))


def test_the_templates_are_in_the_wheel() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    listed = subprocess.run(
        ["git", "ls-files", "--", str(prompting.FOLDER)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert set(wheel) == {"packages"}
    assert all(name.startswith(f"{package}/") for name in listed for package in wheel["packages"][:1])
    assert {ROOT / name for name in listed} == set(template_files())


def test_the_fingerprint_follows_from_prompts_and_models_alone() -> None:
    def fingerprint(models: Models, domain: str = "any") -> str:
        return scripted(lambda _: "", models)[0].fingerprint(domain)

    assert fingerprint(MODELS) == fingerprint(MODELS, "another")
    assert len({fingerprint(MODELS), fingerprint(Models("writer", "other")), fingerprint(Models("w", "coder"))}) == 3


def test_another_template_or_form_is_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prompt_digest(*PROMPTS)
    files: Sequence[Path] = template_files()[1:]
    assert prompt_digest(*PROMPTS[1:]) != before
    monkeypatch.setattr(prompting, "template_files", lambda: files)
    assert prompt_digest(*PROMPTS) != before


def test_every_part_of_a_tool_has_a_form_of_repair() -> None:
    assert [set(answer_schema(form.answer)["required"]) for form in REPAIRS.values()] == [
        {"why", field} for field in REPAIRS
    ]
