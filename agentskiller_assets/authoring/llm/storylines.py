"""Storylines: which writes follow each other in one conversation."""

from collections.abc import Iterable

from pydantic import Field

from agentskiller_assets.authoring.drafts import Storyline
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.tasks.graph import build_graph, graph_faults


class StorylinesAnswer(Model):
    storylines: tuple[Storyline, ...] = Field(min_length=1)


STORYLINES = PromptFile("tasks/storylines", "textual", StorylinesAnswer, "tool_graphs")


def tell_storylines(scribe: Scribe, seed: int, spec: EnvironmentSpec) -> Written[tuple[Storyline, ...]]:
    """Lines of writes that go in one direction."""
    prompt = STORYLINES.to_ask(spec.domain, spec=spec, writes=[tool for tool in spec.tools if tool.access == "write"])
    answered = scribe.ask(STORYLINES, prompt, seed, lambda answer: storyline_faults(spec, answer.storylines))
    return Written(answered.value.storylines, answered.call_ids)


def storyline_faults(spec: EnvironmentSpec, storylines: Iterable[Storyline]) -> list[str]:
    """What keeps storylines from being one direction over the tools that change something."""
    writes = {tool.name for tool in spec.tools if tool.access == "write"}
    found: list[str] = []
    for line in storylines:
        strange = [name for name in line.tools if name not in writes]
        if strange:
            found.append(f"{list(line.tools)} names {strange}; the tools that change something are {sorted(writes)}.")
        elif len(line.tools) < 2 or len(set(line.tools)) < len(line.tools):
            found.append(f"{list(line.tools)} has to be two or more different tools.")
    return found or [
        f"The graph of the tools {fault}." for fault in graph_faults(build_graph(spec, list(storylines), []))
    ]
