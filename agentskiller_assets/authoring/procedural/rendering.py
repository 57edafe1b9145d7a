"""Rendering of pattern files: `<< name >>` templates in every string, before the file is parsed as a pattern."""

import random
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import jinja2

from agentskiller_assets.authoring.procedural.files import Location, YamlFile
from agentskiller_assets.core import language


@cache
def pattern_environment() -> jinja2.Environment:
    """Templates with their own brackets, so that `{{ slots }}` for task wording pass through."""
    environment = jinja2.Environment(  # noqa: S701 - text for people and SQL, never HTML
        undefined=jinja2.StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters.update(
        a=language.article,
        cap=capitalize,
        count=lambda number, noun: language.count(int(number), noun),
        days=lambda number: language.say_days(int(number)),
        hours=lambda number: language.say_hours(int(number)),
        money=lambda number: language.say(float(number), "money"),
        human=language.humanize,
        plural=language.plural,
        snake=language.snake,
        upper_snake=lambda text: language.snake(text).upper(),
    )
    return environment


@lru_cache(maxsize=8192)
def _compiled(text: str) -> jinja2.Template:
    return pattern_environment().from_string(text)


def capitalize(text: str) -> str:
    """The text with its first letter in upper case and the rest as it was."""
    return text[:1].upper() + text[1:]


def render_file(file: YamlFile, context: Mapping[str, Any]) -> dict[str, Any]:
    """The file's data with every string rendered; an unknown name is a `PackError` with its line."""
    return _render(file, file.data, context, ())


def _render(file: YamlFile, value: Any, context: Mapping[str, Any], location: Location) -> Any:
    if isinstance(value, str):
        return render_text(file, value, context, location)
    if isinstance(value, dict):
        return {
            render_text(file, str(key), context, location): _render(file, item, context, (*location, key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_render(file, item, context, (*location, index)) for index, item in enumerate(value)]
    return value


def render_text(file: YamlFile, text: str, context: Mapping[str, Any], location: Location) -> str:
    """One template of the file."""
    if "<<" not in text and "<%" not in text:
        return text
    try:
        return _compiled(text).render(context)
    except jinja2.TemplateError as error:
        fix = "Use a name that the pattern declares under needs, nouns, words or parameters."
        raise file.error(location, f"{error} in {text!r}", fix) from error


def choose(options: Mapping[str, tuple[Any, ...]], random: random.Random) -> dict[str, Any]:
    """One value for every parameter of a pattern."""
    return {name: random.choice(values) for name, values in options.items()}
