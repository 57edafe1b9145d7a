"""Templates of requests that need both services: at least one value of the second comes from a result of the first.

The writer of single templates writes them all; what stays within one service, or merely does one thing after the
other, is a concatenation and is left out.
"""

from collections.abc import Sequence
from itertools import product

from agentskiller_assets.authoring.drafts import BridgeDraft, Storyline
from agentskiller_assets.core.spec import EnvironmentSpec, space_of
from agentskiller_assets.fusion.content import Content
from agentskiller_assets.tasks.models import Goal, TaskTemplate, ToolGraph
from agentskiller_assets.tasks.templates import TemplateWriter

__all__ = ["fused_storylines", "fused_templates", "is_interlocked"]


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


def fused_templates(
    spec: EnvironmentSpec, graph: ToolGraph, content: Content, bridges: Sequence[BridgeDraft], longest: int
) -> tuple[list[TaskTemplate], int]:
    """The interlocked templates, and how many concatenations were left out."""
    writer = TemplateWriter(spec, graph, content.phrases, longest)
    written = [*writer.write(fused_storylines(spec, content, bridges)), *_without_source(writer, bridges)]
    kept = [template for template in written if is_interlocked(spec, template)]
    return kept, len(written) - len(kept)


def is_interlocked(spec: EnvironmentSpec, template: TaskTemplate) -> bool:
    """Whether a tool that the template needs takes a value that the other service returned."""
    tools = {*template.trajectory, *(goal.tool for goal in template.goals if goal.tool)}
    return any(
        parameter.refers_to and space_of(parameter.refers_to) not in (None, space_of(name))
        for name in tools
        for parameter in spec.tool(name).parameters
    )


def _without_source(writer: TemplateWriter, bridges: Sequence[BridgeDraft]) -> list[TaskTemplate]:
    """Requests that refer to a row of the first service which the customer does not have."""
    found = []
    for bridge in bridges:
        lookups = writer.lookups_of(bridge.tool, bridge.parameter.name)
        openers = writer.phrases.tools[bridge.tool].openers
        goal = Goal(tool=bridge.tool, lookups=lookups, requests=(bridge.short_request,), openers=openers)
        found.append(writer.template("insufficient", [goal], missing_row=bridge.source))
    return found
