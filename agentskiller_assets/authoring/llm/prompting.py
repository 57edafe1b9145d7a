"""Prompts: a template of the package, the model that is asked, and the form of the answer, as one object."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import jinja2
from pydantic import BaseModel

from agentskiller_assets.core import language
from agentskiller_assets.core.canonical import canonical_json, digest
from agentskiller_assets.llm.asking import Prompt
from agentskiller_assets.llm.structured import answer_schema

A = TypeVar("A", bound=BaseModel)

Voice = Literal["textual", "coding"]
"""Which of the two models is asked: the one that writes what people read, or the one that writes SQL."""
FOLDER = Path(__file__).parent / "prompts"
PAIRED = "--"
"""Between the names of two domains that are a pair."""
_AGAIN = "shared/again"


@dataclass(frozen=True)
class PromptFile(Generic[A]):
    """A prompt in `prompts/<name>.md.j2`. Validators of its answers stand in the same module as the prompt."""

    name: str
    voice: Voice
    answer: type[A]
    asset: str
    """The asset that is made of the answers, whichever asks first."""
    asset_of_pair: str | None = None

    def to_ask(self, domain: str | None, **values: Any) -> Prompt:
        """The prompt about a domain or pair, with these values; one that is missing is an error."""
        of_pair = domain is not None and PAIRED in domain
        return Prompt(
            self.name,
            user=render(self.name, **values),
            system=render(f"shared/{self.voice}"),
            asset=self.asset_of_pair if of_pair and self.asset_of_pair else self.asset,
            partition=domain,
        )


def again(prompt: Prompt, answer: BaseModel, faults: list[str]) -> Prompt:
    """The same prompt, with an answer that was good by itself and what is wrong with it beside the others."""
    text = render(_AGAIN, asked=prompt.user, answer=canonical_json(answer), faults=faults)
    return replace(prompt, user=text)


def render(name: str, **values: Any) -> str:
    """The text of a template of the package."""
    return _environment().get_template(f"{name}.md.j2").render(**values).strip()


def prompt_digest(*prompts: PromptFile[Any]) -> str:
    """Of all that these prompts decide: every template of the package, and the forms of their answers."""
    texts = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in template_files()}
    return digest([texts, {each.name: answer_schema(each.answer) for each in prompts}])


def template_files() -> list[Path]:
    """Every template of the package."""
    return sorted(FOLDER.rglob("*.md.j2"))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - prompts, never HTML
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "a": language.article,
        "human": language.humanize,
        "json": canonical_json,
        "number": lambda value: f"{value:.2f}".rstrip("0").rstrip("."),
        "plural": language.plural,
    }
    return environment
