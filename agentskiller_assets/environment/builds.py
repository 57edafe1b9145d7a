"""From the author's drafts to the records of an environment."""

from collections.abc import Mapping, Sequence

from agentskiller_assets.authoring.drafts import Governance
from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core.latest import Latest
from agentskiller_assets.core.records import row_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ToolEntry
from agentskiller_assets.environment.policy import render_policy, write_policy
from agentskiller_assets.environment.row_maker import make_rows
from agentskiller_assets.environment.validation import validate
from agentskiller_assets.errors import SpecError
from agentskiller_assets.ontology.models import DomainTopic, EntityGraph, Person
from agentskiller_assets.runtime import Environment, build_image, openai_function, output_schema


def make_blueprint(author: Author, topic: DomainTopic, graph: EntityGraph) -> Blueprint:
    """The validated specification of a domain. `SpecError` lists every fault of it."""
    spec = author.write_blueprint(topic.draft(), topic.seed, topic.simulation_time)
    faults = validate(spec)
    if faults:
        shown = "\n".join(f"- {fault}" for fault in faults)
        fix = "Correct the pack or pattern that it comes from."
        raise SpecError(f"blueprints[{topic.domain}]", f"the specification is not closed:\n{shown}", fix)
    return Blueprint(
        id=Blueprint.make_id(topic.id),
        parents=(graph.id, *graph.parents, *author.calls_of(spec)),
        domain=topic.domain,
        core_entity=spec.core_entity,
        spec=spec,
    )


def make_tool_list(blueprint: Blueprint) -> list[ToolEntry]:
    """Every tool with its exact schemas."""
    return [
        ToolEntry(
            id=ToolEntry.make_id(blueprint.id, tool.name),
            parents=(blueprint.id,),
            position=position,
            domain=blueprint.domain,
            name=tool.name,
            title=tool.title,
            access=tool.access,
            function=openai_function(tool),
            output_schema=output_schema(tool),
        )
        for position, tool in enumerate(blueprint.spec.tools)
    ]


def make_database(
    author: Author, topic: DomainTopic, blueprint: Blueprint, people: Sequence[Person], count: int
) -> EnvironmentRows:
    """`count` rows for every table."""
    spec = blueprint.spec
    plans = author.plan_samples(topic.draft(), topic.seed, spec)
    rows = make_rows(spec, plans, [person.model_dump() for person in people], topic.seed, count)
    records = {person.person_id: person.id for person in people}
    persons = {row_id(spec.domain, "person", row["person_id"]): (records[row["person_id"]],) for row in rows["person"]}
    return EnvironmentRows(
        id=EnvironmentRows.make_id(blueprint.id),
        parents=(blueprint.id, *author.calls_of(plans)),
        spec=spec,
        rows=rows,
        row_parents=persons,
    )


def make_policy(author: Author, topic: DomainTopic, blueprint: Blueprint) -> list[PolicyEntry]:
    """The policy of a domain, with the author's general rules."""
    governance = author.govern(topic.draft(), topic.seed, blueprint.spec)
    return policy_entries(blueprint, governance, author.calls_of(governance))


def policy_entries(blueprint: Blueprint, governance: Governance, calls: tuple[str, ...] = ()) -> list[PolicyEntry]:
    """The document and its clauses, each a record, so that a task can name the rules that it rests on.

    `calls` are the model calls that the general rules came from.
    """
    document = write_policy(blueprint.spec, governance)
    clauses: list[tuple[str | None, str, str]] = [(None, code, text) for code, text in document.general]
    clauses += [(tool.name, code, text) for tool in document.tools for code, text in tool.rules]
    entries = [
        PolicyEntry(
            id=PolicyEntry.make_id(blueprint.id, tool, code),
            parents=(blueprint.id, *(calls if tool is None else ())),
            position=position,
            domain=blueprint.domain,
            entry="clause",
            tool=tool,
            code=code,
            text=text,
        )
        for position, (tool, code, text) in enumerate(clauses, start=1)
    ]
    whole = PolicyEntry(
        id=PolicyEntry.make_id(blueprint.id, "document"),
        parents=(blueprint.id, *(entry.id for entry in entries)),
        position=0,
        domain=blueprint.domain,
        entry="document",
        tool=None,
        code=None,
        text=render_policy(document),
    )
    return [whole, *entries]


def rules_used(policy: Sequence[PolicyEntry], tools: Sequence[str], code: str | None) -> tuple[str, ...]:
    """Ids of the clauses of these tools, and of the one with this code."""
    return tuple(entry.id for entry in policy if entry.code and (entry.tool in tools or entry.code == code))


_IMAGES, _OPEN = Latest[bytes](4), Latest[Environment](4)


def image_of(rows: EnvironmentRows) -> bytes:
    """The image of a database; the last few are kept, by digest of their content. `SpecError` names a bad row."""
    return _IMAGES.get(rows.digest, lambda: build_image(rows.spec, rows.rows))


def open_environment(rows: EnvironmentRows) -> Environment:
    """The environment of a database, kept like its image."""
    return _OPEN.get(rows.digest, lambda: Environment(rows.spec, image_of(rows)))


def count_rows(rows: EnvironmentRows) -> Mapping[str, int]:
    """Rows of every table."""
    return {table: len(found) for table, found in rows.rows.items()}
