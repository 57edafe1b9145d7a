"""What an outline is held to: tables that can be made, and tools that fit them and each other."""

from collections.abc import Iterable, Iterator, Sequence

from agentskiller_assets.authoring.drafts import RelationDraft
from agentskiller_assets.authoring.llm.entities import column_faults
from agentskiller_assets.authoring.llm.outline import OutlineAnswer, ToolOutline, with_outline
from agentskiller_assets.authoring.llm.words import repeated, spaced, unreadable, unusable
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.core.spec import EnvironmentSpec, Parameter, Table
from agentskiller_assets.environment.checks import FEWEST_RULES
from agentskiller_assets.environment.fragments import FragmentChecker
from agentskiller_assets.environment.validation import obtainable_keys, shape_faults
from agentskiller_assets.llm.asking import Validator
from agentskiller_assets.runtime import build_image


def outline_validators(base: EnvironmentSpec, relations: Sequence[RelationDraft]) -> tuple[Validator, ...]:
    """Checks of an outline, those first without which others cannot be made."""

    def named(outline: OutlineAnswer) -> Iterable[str]:
        return name_faults(outline, relations)

    def shaped(outline: OutlineAnswer) -> Iterable[str]:
        return map(str, shape_faults(with_outline(base, relations, outline)))

    def fitting(outline: OutlineAnswer) -> Iterable[str]:
        return signature_faults(with_outline(base, relations, outline), outline)

    def made(outline: OutlineAnswer) -> Iterable[str]:
        return table_faults(with_outline(base, relations, outline))

    def readable(outline: OutlineAnswer) -> Iterable[str]:
        return text_faults(with_outline(base, relations, outline), outline)

    return named, shaped, fitting, made, readable


def name_faults(outline: OutlineAnswer, relations: Sequence[RelationDraft]) -> Iterator[str]:
    """Tables that are not those of the relations, and names that are no names."""
    tables, wanted = [table.name for table in outline.tables], [relation.name for relation in relations]
    if sorted(tables) != sorted(wanted):
        yield f"The tables are {tables}; write exactly one for each of {wanted}."
    for table in outline.tables:
        yield from unusable(column.name for column in table.columns)
        yield from repeated([f"{table.name}_id", *(column.name for column in table.columns)], f"column of {table.name}")
        yield from repeated((each.state for each in table.transitions), f"state of {table.name}")
        yield from column_faults(table.name, table.columns)
        for column in table.columns:
            if (column.type == "ref") != (column.ref is not None) or column.type == "id":
                yield f"{table.name}.{column.name}: a `ref` column names its table in `ref`, and no other has one."
    for tool in outline.tools:
        yield from spaced([tool.name])
        yield from repeated((parameter.name for parameter in tool.parameters), f"parameter of {tool.name}")


def signature_faults(spec: EnvironmentSpec, outline: OutlineAnswer) -> Iterator[str]:
    """What is wrong with parameters and yielded keys."""
    for tool in outline.tools:
        yield from spaced(parameter.name for parameter in tool.parameters)
        for parameter in tool.parameters:
            yield from (f"{tool.name}.{parameter.name}: {fault}" for fault in _parameter(spec, parameter))
        for key in tool.yields:
            if key not in keys_of(spec):
                yield f"{tool.name} yields {key!r}, which is no key; keys are {sorted(keys_of(spec))}."
        if tool.authorizes:
            yield from _authorizer(spec, tool)
    yield from _unobtainable(spec, outline)


def keys_of(spec: EnvironmentSpec) -> set[str]:
    """`table.key` of all tables but that of all people."""
    return {f"{table.name}.{table.key}" for table in spec.tables if table.name != PERSON.name}


def table_faults(spec: EnvironmentSpec) -> Iterator[str]:
    """What SQLite says of the tables and of what is always true in them."""
    build_image(spec, {})  # raises what is at fault
    checker = FragmentChecker(spec)
    for table in spec.tables:
        yield from (f"{where}: {fault}. {fix}" for where, fault, fix in checker.check_invariants(table))


def text_faults(spec: EnvironmentSpec, outline: OutlineAnswer) -> Iterator[str]:
    """What is wrong with what people read."""
    nouns = [table.title for table in spec.tables]
    yield from unreadable(((f"title of {tool.name}", tool.title) for tool in outline.tools), nouns, sentences=False)
    texts = [(f"description of {tool.name}", tool.description) for tool in outline.tools]
    texts += [(f"rule of {tool.name}", rule) for tool in outline.tools for rule in tool.rules]
    texts += [
        (f"{tool.name}.{parameter.name}", without_formats(parameter.description))
        for tool in outline.tools
        for parameter in tool.parameters
    ]
    yield from unreadable(texts, nouns)
    rules = [rule for tool in outline.tools for rule in tool.rules]
    yield from repeated(rules, "sentence")
    if len(rules) < FEWEST_RULES:
        yield f"There are only {len(rules)} rules; the tools have at least {FEWEST_RULES} together."


def without_formats(text: str) -> str:
    """Format names of dates and times are meant for the agent, not for people."""
    return text.replace("YYYY-MM-DD HH:MM:SS", "a date and time").replace("YYYY-MM-DD", "a date")


def _parameter(spec: EnvironmentSpec, parameter: Parameter) -> Iterator[str]:
    if (parameter.type in ("id", "ref")) != (parameter.refers_to is not None):
        yield "a key is of type `id` and has `refers_to`, and nothing else does."
    elif parameter.refers_to and parameter.refers_to not in keys_of(spec):
        yield f"refers to {parameter.refers_to!r}, which is no key; keys are {sorted(keys_of(spec))}."
    elif parameter.refers_to and parameter.refers_to.partition(".")[2] != parameter.name:
        yield f"has to be called {parameter.refers_to.partition('.')[2]!r}, like the key."
    if parameter.type == "enum" and not parameter.values:
        yield "is an enum and lists no values."
    if parameter.matches is not None:
        table, _, name = parameter.matches.partition(".")
        column = _table(spec, table).column(name) if _table(spec, table) else None  # type: ignore[union-attr]
        if column is None:
            yield f"matches {parameter.matches!r}, which is no column."
        elif (column.type, column.values) != (parameter.type, parameter.values):
            yield f"matches {parameter.matches}, which is {column.type} {list(column.values) or ''}".rstrip() + "."


def _authorizer(spec: EnvironmentSpec, tool: ToolOutline) -> Iterator[str]:
    known = (PERSON.name, spec.core_entity)
    if tool.access != "read":
        yield f"{tool.name} identifies somebody, and so it reads."
    if not tool.parameters:
        yield f"{tool.name} identifies somebody, and takes nothing to do so by."
    for parameter in tool.parameters:
        if (parameter.matches or "").partition(".")[0] not in known or not parameter.required:
            yield f"{tool.name}.{parameter.name} has to match a column of {' or '.join(known)}, and be required."


def _unobtainable(spec: EnvironmentSpec, outline: OutlineAnswer) -> Iterator[str]:
    """Keys that a tool needs and that no tool which reads yields, starting from the identification."""
    reads = {tool.name: tool.yields for tool in outline.tools if tool.access == "read"}
    tools, keys = obtainable_keys(spec, reads)
    for tool in spec.tools:
        missing = sorted({p.refers_to for p in tool.parameters if p.refers_to and p.refers_to not in keys})
        if tool.name not in tools:
            yield f"{tool.name} needs {missing}, which no tool that reads yields."


def _table(spec: EnvironmentSpec, name: str) -> Table | None:
    return next((table for table in spec.tables if table.name == name), None)
