"""Bridges between two services: what a new record of the second refers to in the first."""

from collections.abc import Iterable, Iterator

from pydantic import Field

from agentskiller_assets.authoring.drafts import BridgeDraft
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.slots import SPEAKERS, grammar_faults, named_in, spoken
from agentskiller_assets.authoring.llm.words import repeated, unreadable
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec, Table, Tool, space_of
from agentskiller_assets.environment.fragments import FragmentChecker
from agentskiller_assets.environment.validation import tool_faults
from agentskiller_assets.fusion.bridges import with_bridge

MOST_BRIDGES = 2


class BridgesAnswer(Model):
    """No bridge at all is an answer too: the two services have nothing to do with each other."""

    bridges: tuple[BridgeDraft, ...] = Field(max_length=MOST_BRIDGES)


BRIDGE = PromptFile("fusion/bridge", "coding", BridgesAnswer, "fused_blueprints")


def write_bridges(scribe: Scribe, seed: int, spec: EnvironmentSpec) -> Written[tuple[BridgeDraft, ...]]:
    """What leads from the first service of a fused specification into the second.

    The prompt shows only what a bridge can touch, so that the specification as the catalog of pairs cuts it down is
    asked about in the same words.
    """
    if len(spec.roles) != 2 or not makers_of(spec):
        return Written((), ())
    first, second = (spec.table(role) for role in spec.roles)
    source = next((table for table in spec.tables if _belongs(spec, table)), first)
    prompt = BRIDGE.to_ask(
        spec.domain,
        spec=spec,
        spaces=[space_of(role) for role in spec.roles],
        roles=[first, second],
        makers=makers_of(spec),
        source_example=source.name,
        example_where=_example(source, first, second),
    )
    answered = scribe.ask(BRIDGE, prompt, seed, lambda answer: bridge_faults(spec, answer.bridges))
    return Written(answered.value.bridges, answered.call_ids)


def makers_of(spec: EnvironmentSpec) -> list[Tool]:
    """Tools of the second service that make rows."""
    return [
        tool
        for tool in spec.tools
        if spec.role_of(tool) != spec.core_entity
        and any(effect.lstrip().upper().startswith("INSERT") for effect in tool.effects)
    ]


def bridge_faults(spec: EnvironmentSpec, bridges: tuple[BridgeDraft, ...]) -> Iterable[str]:
    """What is wrong with bridges of a fused specification."""
    yield from repeated((bridge.tool for bridge in bridges), "tool")
    for bridge in bridges:
        faults = [*_places(spec, bridge), *_words(spec, bridge)]
        yield from faults
        if not faults:
            yield from _fragments(with_bridge(spec, bridge), bridge)


def _places(spec: EnvironmentSpec, bridge: BridgeDraft) -> Iterator[str]:
    tables, makers = {table.name: table for table in spec.tables}, {tool.name for tool in makers_of(spec)}
    second = space_of(spec.roles[1])
    source = tables.get(bridge.source)
    if source is None or not _belongs(spec, source):
        yield f"`source` {bridge.source!r} is no relation of the first service."
        return
    if bridge.tool not in makers:
        yield f"`tool` is {bridge.tool!r}; tools of the second service that make rows are {sorted(makers)}."
    if bridge.column != source.key or bridge.parameter.refers_to != f"{source.name}.{source.key}":
        yield f"`column` is {source.key!r}, and the parameter's `refers_to` is '{source.name}.{source.key}'."
    if bridge.parameter.type != "id" or not bridge.parameter.required or bridge.parameter.name != source.key:
        yield f"The parameter is of type `id`, required, and called {source.key!r}."
    if bridge.kept_in is not None and (bridge.kept_in not in tables or space_of(bridge.kept_in) != second):
        yield f"`kept_in` {bridge.kept_in!r} is no table of the second service."
    if (kept := tables.get(bridge.kept_in or "")) and kept.column(source.key):
        yield f"`kept_in` {kept.name!r} has a column {source.key!r} already: keep the value elsewhere, or nowhere."
    if bridge.bind.table != source.name or ":me" not in bridge.bind.where:
        yield f"The bind finds a row of {source.name!r} that belongs to `:me`."
    for code in (bridge.bind.refusal.code, *(rule.code for rule in bridge.rules)):
        if not code.startswith(f"{str(second).upper()}__"):
            yield f"{code} has to begin with {str(second).upper()}__."
    if not bridge.rules:
        yield "There has to be a rule on the row that is referred to."
    known = {refusal.code for tool in spec.tools for refusal in tool.refusals}
    yield from repeated([*known, bridge.bind.refusal.code, *(rule.code for rule in bridge.rules)], "code")


def _words(spec: EnvironmentSpec, bridge: BridgeDraft) -> Iterator[str]:
    for text in (bridge.request_suffix, bridge.short_request):
        faults = list(grammar_faults(text, [bridge.source]))
        yield from faults
        if not faults and bridge.source not in named_in(text):
            yield f"{text!r} does not say {bridge.source!r}."
        elif not faults:
            words = {bridge.source: "the appointment"}
            phrases = [("request", "get one" + spoken(text, words, who)) for who in SPEAKERS if text.startswith(",")]
            phrases += [("request", spoken(text, words, who)) for who in SPEAKERS if not text.startswith(",")]
            yield from unreadable(phrases, sentences=False)
    if not bridge.request_suffix.startswith((",", " ")):
        yield "`request_suffix` is added to a request: it begins with a comma or a space."
    sentences = [("why", bridge.why), ("parameter", bridge.parameter.description)]
    sentences += [(each.code, each.statement) for each in (bridge.bind.refusal, *bridge.rules)]
    yield from unreadable(sentences, [table.title for table in spec.tables])


def _fragments(spec: EnvironmentSpec, bridge: BridgeDraft) -> Iterator[str]:
    yield from map(str, tool_faults(FragmentChecker(spec), spec.tool(bridge.tool)))


def _belongs(spec: EnvironmentSpec, table: Table) -> bool:
    """Whether rows of a table of the first service belong to whoever calls."""
    return table.kind == "relationship" and any(column.ref == spec.core_entity for column in table.columns)


def _example(source: Table, first: Table, second: Table) -> str:
    key = f"{source.name}.{source.key}"
    owner = next((column.name for column in source.columns if column.ref == first.name), first.key)
    return (
        f"{key} = :{source.key} AND {source.name}.{owner} IN (SELECT a.{first.key} FROM {first.name} AS a "
        f"JOIN {second.name} AS b ON b.{PERSON.key} = a.{PERSON.key} WHERE b.{second.key} = :me)"
    )
