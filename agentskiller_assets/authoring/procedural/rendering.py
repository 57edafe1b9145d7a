"""Rendering of pattern files: `<< name >>` templates in every string, before the file is parsed as a pattern."""

import random
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import jinja2

from agentskiller_assets.authoring.procedural.files import Location, YamlFile
from agentskiller_assets.core import language

_LINE, _NEXT = "\n", "\ue000"
"""The end of a text, which a template does without; and what stands between templates that are rendered as one."""


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
    texts = _texts(file)
    try:
        rendered = _whole(file).render(context).split(_NEXT) if texts else []
    except jinja2.TemplateError:
        rendered = [render_text(file, text, context, location) for text, location in texts.items()]
    return _filled(file.data, dict(zip(texts, rendered, strict=True)))


@lru_cache(maxsize=64)
def _texts(file: YamlFile) -> dict[str, Location]:
    """The templates of a file, each with the first place where it stands."""
    texts: dict[str, Location] = {}
    for text, location in _templates(file.data, ()):
        texts.setdefault(text, location)
    return texts


@lru_cache(maxsize=64)
def _whole(file: YamlFile) -> jinja2.Template:
    """All templates of a file as one, each in a scope of its own: some hundreds take ten times as long to compile."""
    scopes = (f"<% with %>{text.removesuffix(_LINE)}<% endwith %>" for text in _texts(file))
    return pattern_environment().from_string(_NEXT.join(scopes))


def _templates(value: Any, location: Location) -> Iterator[tuple[str, Location]]:
    if isinstance(value, str) and _is_template(value):
        yield value, location
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _templates(str(key), location)
            yield from _templates(item, (*location, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _templates(item, (*location, index))


def _filled(value: Any, rendered: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return rendered.get(value, value)
    if isinstance(value, dict):
        return {rendered.get(str(key), str(key)): _filled(item, rendered) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, rendered) for item in value]
    return value


def _is_template(text: str) -> bool:
    return "<<" in text or "<%" in text


def render_text(file: YamlFile, text: str, context: Mapping[str, Any], location: Location) -> str:
    """One template of the file."""
    if not _is_template(text):
        return text
    try:
        return _compiled(text).render(context)
    except jinja2.TemplateError as error:
        fix = "Use a name that the pattern declares under needs, nouns, words or parameters."
        raise file.error(location, f"{error} in {text!r}", fix) from error


def choose(options: Mapping[str, tuple[Any, ...]], random: random.Random) -> dict[str, Any]:
    """One value for every parameter of a pattern."""
    return {name: random.choice(values) for name, values in options.items()}
