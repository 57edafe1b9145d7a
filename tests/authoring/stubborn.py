"""An author that writes what the shipped one writes, and adds a rule of its own."""

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core.spec import EnvironmentSpec, Rule


class Stubborn(ProceduralAuthor):
    """Adds one rule to one tool of every specification."""

    name = "stubborn"

    def __init__(self, tool: str, rule: Rule) -> None:
        super().__init__()
        self._tool = tool
        self._rule = rule

    def write_blueprint(self, topic: TopicDraft, seed: int, simulation_time: str) -> EnvironmentSpec:
        spec = super().write_blueprint(topic, seed, simulation_time)
        tools = tuple(
            tool.model_copy(update={"rules": (*tool.rules, self._rule)}) if tool.name == self._tool else tool
            for tool in spec.tools
        )
        return spec.model_copy(update={"tools": tools})
