"""Templates over the tools of two services, and the values that go from one into the other.

The writer of single templates writes them all. One that no value crosses stays within one service, or merely does one
thing after the other: a concatenation.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from agentskiller_assets.authoring.drafts import BridgeDraft, Storyline
from agentskiller_assets.core.spec import EnvironmentSpec, space_of
from agentskiller_assets.fusion.content import Content
from agentskiller_assets.fusion.records import FusedBlueprint
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED
from agentskiller_assets.tasks.models import Goal, TaskTemplate, ToolGraph
from agentskiller_assets.tasks.templates import TemplateWriter

__all__ = ["all_templates", "demanded_refusals", "fused_storylines", "links_of", "shows"]


def fused_storylines(spec: EnvironmentSpec, content: Content, bridges: Sequence[BridgeDraft]) -> tuple[Storyline, ...]:
    """The lines of both services, and those that lead over a bridge: from what concerns its source to what follows."""
    lines = [line.tools for line in content.storylines]
    joined: list[tuple[str, ...]] = []
    for bridge in bridges:
        before = [(), *((tool,) for tool in _writes_on(spec, content, bridge)), *(
            line for line in lines if line[-1] in _writes_on(spec, content, bridge)
        )]  # fmt: skip
        after = [(bridge.tool,), *(line for line in lines if line[0] == bridge.tool)]
        joined += [(*first, *second) for first, second in product(before, after)]
    return tuple(Storyline(tools=tools) for tools in dict.fromkeys([*lines, *joined]) if len(set(tools)) == len(tools))


def _writes_on(spec: EnvironmentSpec, content: Content, bridge: BridgeDraft) -> list[str]:
    """Write tools of the first service that make, or work on, a row which can then go over the bridge."""
    key = f"{bridge.source}.{spec.table(bridge.source).key}"
    return [
        tool.name
        for tool in spec.tools
        if tool.access == "write"
        and tool.name in content.phrases.tools
        and space_of(tool.name) == space_of(bridge.source)
        and any(column.refers_to == key for column in tool.returns.columns)
    ]


def all_templates(blueprint: FusedBlueprint, graph: ToolGraph, content: Content, longest: int) -> list[TaskTemplate]:
    """Every template of both services' tools, by the writer of single ones; whether it needs both is yet to be told."""
    writer = TemplateWriter(blueprint.spec, graph, content.phrases, longest)
    lines = fused_storylines(blueprint.spec, content, blueprint.bridges)
    written = [*writer.write(lines), *_out_of_reach(writer, blueprint)]
    return list({template.id: template for template in written}.values())


def links_of(spec: EnvironmentSpec, template: TaskTemplate) -> tuple[tuple[str, str, str], ...]:
    """Where a value of one service goes into the other: giving tool, taking tool, parameter."""
    needed = [*template.trajectory, *(goal.tool for goal in template.goals if goal.tool)]
    found = []
    for name in dict.fromkeys(needed):
        for parameter in spec.tool(name).parameters:
            if parameter.refers_to and space_of(parameter.refers_to) not in (None, space_of(name)):
                found += [(giver, name, parameter.name) for giver in _givers(spec, needed, parameter.refers_to)]
    return tuple(dict.fromkeys(found))


def _givers(spec: EnvironmentSpec, tools: Sequence[str], path: str) -> list[str]:
    return [tool for tool in tools if any(column.refers_to == path for column in spec.tool(tool).returns.columns)]


def _out_of_reach(writer: TemplateWriter, blueprint: FusedBlueprint) -> Iterator[TaskTemplate]:
    """Requests that refer to a row of the first service which the customer does not have, or may not see.

    Who is identified with the second service may not see it as long as the first service knows people by other facts.
    """
    apart = any(each.subject == "identity" for each in blueprint.resolutions)
    for bridge in blueprint.bridges:
        lookups = writer.lookups_of(bridge.tool, bridge.parameter.name)
        openers = writer.phrases.tools[bridge.tool].openers
        goal = Goal(tool=bridge.tool, lookups=lookups, requests=(bridge.short_request,), openers=openers)
        yield writer.template("insufficient", [goal], missing_row=bridge.source)
        if apart:
            yield writer.template("refuse", [goal], refusal=NOT_AUTHORIZED.code, missing_row=bridge.source)


def demanded_refusals(blueprint: FusedBlueprint) -> list[str]:
    """The codes that some task must show: of every rule of a bridge, and of every resolution."""
    rules = [rule.code for bridge in blueprint.bridges for rule in bridge.rules]
    return [*rules, *(each.enforced_by for each in blueprint.resolutions)]


def shows(template: TaskTemplate, blueprint: FusedBlueprint, code: str) -> bool:
    """Whether the request is one that the server refuses with this code.

    Where a bridge finds no row of the customer, an agent that looks first never makes the call: the template is that
    of a row which is looked for in vain.
    """
    if template.task_kind == "insufficient":
        sources = [bridge.source for bridge in blueprint.bridges if bridge.bind.refusal.code == code]
        return template.missing_row in sources
    return template.refusal == code
