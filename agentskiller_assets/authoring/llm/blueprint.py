"""A blueprint in stages: tools in outline, each tool's fragments, and a rehearsal on rows before it is handed out."""

from collections.abc import Sequence

from agentskiller_assets.authoring.drafts import EntityDraft, RelationDraft, TopicDraft
from agentskiller_assets.authoring.llm.outline import entity_spec, with_outline, write_outline
from agentskiller_assets.authoring.llm.outline_checks import outline_validators
from agentskiller_assets.authoring.llm.parts import Faults
from agentskiller_assets.authoring.llm.rehearsal import merged, rehearse
from agentskiller_assets.authoring.llm.samples import plan_samples
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.tools import write_tools
from agentskiller_assets.core.spec import EnvironmentSpec


def write_blueprint(
    scribe: Scribe,
    topic: TopicDraft,
    seed: int,
    simulation_time: str,
    entities: Sequence[EntityDraft],
    relations: Sequence[RelationDraft],
) -> Written[EnvironmentSpec]:
    """The specification of a service with these entities and relations."""
    base = entity_spec(topic, entities, simulation_time)
    outline = write_outline(scribe, topic, seed, base, relations, *outline_validators(base, relations))

    def rehearsed(spec: EnvironmentSpec) -> Faults:
        found = rehearse(spec, plan_samples(scribe, seed, spec).value, seed)
        return merged(found.cases, found.promises)

    spec = write_tools(scribe, with_outline(base, relations, outline.value), outline.value, seed, rehearsed)
    return Written(spec.value, (*outline.call_ids, *spec.call_ids))
