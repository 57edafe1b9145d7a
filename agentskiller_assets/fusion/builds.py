"""From two domains to the tasks of their pair: what the assets of pairs do, without Dagster."""

from collections import Counter
from collections.abc import Mapping, Sequence

from agentskiller_assets.authoring.interface import Author
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import space_of
from agentskiller_assets.environment.builds import open_environment, policy_entries
from agentskiller_assets.environment.models import Blueprint, PolicyEntry
from agentskiller_assets.environment.validation import validate
from agentskiller_assets.errors import SpecError
from agentskiller_assets.fusion.bridges import with_bridge
from agentskiller_assets.fusion.content import Content, fuse_content
from agentskiller_assets.fusion.environments import fuse_rows, fuse_specs
from agentskiller_assets.fusion.governance import govern_together
from agentskiller_assets.fusion.namespaces import Namespace
from agentskiller_assets.fusion.records import FusedBlueprint, FusedTrajectory
from agentskiller_assets.fusion.templates import all_templates, demanded_refusals, fused_storylines, links_of, shows
from agentskiller_assets.ontology.models import DomainTopic
from agentskiller_assets.tasks.builds import plan_instances, resting_on
from agentskiller_assets.tasks.graph import build_graph
from agentskiller_assets.tasks.models import TaskInstance, TaskTemplate, ToolGraph, ValidatedTask
from agentskiller_assets.tasks.world import World

Topics = Mapping[str, DomainTopic]
Blueprints = Mapping[str, Blueprint]


def make_fused_blueprint(
    author: Author, order: tuple[str, str], topics: Topics, blueprints: Blueprints
) -> FusedBlueprint:
    """The validated specification of a pair; `order` begins with the domain that conversations begin with."""
    first, second = (blueprints[domain] for domain in order)
    seed = topics[order[0]].seed
    spec = fuse_specs(first.spec, second.spec)
    bridges = author.bridge(spec, seed)
    if not bridges:
        fix = "Choose another pair: tasks of this one would only do one thing after the other."
        raise SpecError(spec.domain, f"nothing leads from {order[0]} into {order[1]}", fix)
    for bridge in bridges:
        spec = with_bridge(spec, bridge)
    if faults := validate(spec):
        shown = "\n".join(f"- {fault}" for fault in faults)
        raise SpecError(f"fused_blueprints[{spec.domain}]", f"the specification is not closed:\n{shown}", "Correct it.")
    rules = [author.govern(topics[domain].draft(), seed, blueprints[domain].spec) for domain in order]
    titles = (first.spec.title, second.spec.title)
    governance, resolutions = govern_together(spec, bridges, titles, rules[0], rules[1])
    roles = dict.fromkeys(topics[domain].role for domain in order)
    return FusedBlueprint(
        id=FusedBlueprint.make_id(first.id, second.id),
        parents=(first.id, second.id, *author.calls_of(*bridges, *rules)),
        domain=spec.domain,
        core_entity=spec.core_entity,
        spec=spec,
        first=order[0],
        second=order[1],
        seed=seed,
        role=" and ".join(roles),
        names=tuple(name for blueprint in (first, second) for name in Namespace(blueprint.spec).names()),
        bridges=bridges,
        governance=governance,
        resolutions=tuple(resolutions),
    )


def make_fused_policy(blueprint: FusedBlueprint) -> list[PolicyEntry]:
    """The policy of a pair: the rules of both and of the bridges, and the general rules as they were resolved."""
    return policy_entries(blueprint, blueprint.governance)


def make_fused_rows(blueprint: FusedBlueprint, databases: Mapping[str, EnvironmentRows]) -> EnvironmentRows:
    """The rows of both domains under the fused specification."""
    rows = fuse_rows(blueprint.spec, databases[blueprint.first], databases[blueprint.second])
    return rows.model_copy(update={"parents": (blueprint.id, *rows.parents)})


def fused_content(author: Author, blueprint: FusedBlueprint, topics: Topics, blueprints: Blueprints) -> Content:
    """How people ask in a pair, how values are drawn, and what follows what."""
    parts = []
    for domain in (blueprint.first, blueprint.second):
        topic, spec = topics[domain], blueprints[domain].spec
        own = Content(
            author.write_phrases(topic.draft(), topic.seed, spec),
            author.plan_samples(topic.draft(), topic.seed, spec),
            author.tell_storylines(topic.draft(), topic.seed, spec),
        )
        parts.append((Namespace(spec), own))
    return fuse_content(parts, blueprint.bridges)


def fused_graph(blueprint: FusedBlueprint, content: Content) -> ToolGraph:
    """The graph of both services' tools with the bridges between them."""
    lines = fused_storylines(blueprint.spec, content, blueprint.bridges)
    return build_graph(blueprint.spec, lines, [blueprint.id])


def make_trajectories(
    blueprint: FusedBlueprint,
    content: Content,
    blueprints: Blueprints,
    tasks: Mapping[str, Sequence[ValidatedTask]],
    longest: int,
) -> list[FusedTrajectory]:
    """Every trajectory that was considered, with what was decided about it.

    One that no value crosses is a concatenation. One is infeasible when a part of it, alone in its own domain, has no
    validated task on the same server.
    """
    proven = {domain: _proven_chains(blueprints[domain], tasks[domain]) for domain in blueprints}
    found = []
    for position, template in enumerate(all_templates(blueprint, fused_graph(blueprint, content), content, longest)):
        links = links_of(blueprint.spec, template)
        unproven = [] if not links else _unproven(template, proven)
        decision = "concatenation" if not links else "infeasible" if unproven else "kept"
        reasons = {
            "concatenation": "no value of one service goes into a tool of the other",
            "infeasible": f"no validated task of {', '.join(unproven)}",
            "kept": ", ".join(f"{source} gives {parameter} to {target}" for source, target, parameter in links),
        }
        found.append(
            FusedTrajectory(
                id=FusedTrajectory.make_id(template.id),
                parents=(blueprint.id,),
                position=position,
                domain=blueprint.domain,
                task_kind=template.task_kind,
                tools=template.trajectory,
                goals=tuple(goal.tool or "" for goal in template.goals),
                template=template.id,
                links=links,
                decision=decision,
                reason=reasons[decision],
            )
        )
    return found


def make_fused_templates(
    blueprint: FusedBlueprint,
    content: Content,
    trajectories: Sequence[FusedTrajectory],
    policy: Sequence[PolicyEntry],
    longest: int,
) -> list[TaskTemplate]:
    """The templates of the trajectories that were kept."""
    kept = {each.template: each.id for each in trajectories if each.decision == "kept"}
    graph = fused_graph(blueprint, content)
    templates = [each for each in all_templates(blueprint, graph, content, longest) if each.id in kept]
    found = resting_on(policy, [each.model_copy(update={"parents": (kept[each.id],)}) for each in templates])
    return [_resting_on_resolutions(blueprint, policy, each) for each in found]


def _resting_on_resolutions(
    blueprint: FusedBlueprint, policy: Sequence[PolicyEntry], template: TaskTemplate
) -> TaskTemplate:
    """A template that shows how something was resolved has that general rule of the policy among its parents."""
    subjects = [each.subject.upper() for each in blueprint.resolutions if shows(template, blueprint, each.enforced_by)]
    clauses = [entry.id for entry in policy if entry.tool is None and entry.code in subjects]
    return template.model_copy(update={"parents": (*template.parents, *clauses)})


def make_fused_instances(
    blueprint: FusedBlueprint,
    content: Content,
    rows: EnvironmentRows,
    server: str,
    templates: Sequence[TaskTemplate],
    wanted: int,
) -> tuple[list[TaskInstance], Counter[str]]:
    """About `wanted` instances, by the planner that serves single domains too."""
    world = World(
        environment=open_environment(rows),
        graph=fused_graph(blueprint, content),
        plans=content.plans,
        phrases=content.phrases,
        seed=blueprint.seed,
    )
    codes = demanded_refusals(blueprint)
    first = [each for each in templates if any(shows(each, blueprint, code) for code in codes)]
    return plan_instances(world, templates, wanted, (server, rows.id), first)


def _proven_chains(blueprint: Blueprint, tasks: Sequence[ValidatedTask]) -> set[tuple[str, ...]]:
    """The sequences of writes that some certified task on this very server makes, and every part of them."""
    server = digest(blueprint.spec)
    writes = {tool.name for tool in blueprint.spec.tools if tool.access == "write"}
    found: set[tuple[str, ...]] = set()
    for task in tasks:
        if task.certified and task.instance.server_digest == server:
            chain = tuple(step.tool for step in task.instance.steps if step.tool in writes)
            found |= {chain[i:j] for i in range(len(chain)) for j in range(i + 1, len(chain) + 1)}
    return found


def _unproven(template: TaskTemplate, proven: Mapping[str, set[tuple[str, ...]]]) -> list[str]:
    """Runs of goals within one domain that no task of it proves. Of a request that is refused nothing is made."""
    if template.task_kind != "fulfil":
        return []
    runs: list[list[str]] = []
    for goal in template.goals:
        tool = str(goal.tool)
        if runs and space_of(runs[-1][-1]) == space_of(tool):
            runs[-1].append(tool)
        else:
            runs.append([tool])
    found = []
    for run in runs:
        domain = str(space_of(run[0]))
        chain = tuple(tool.partition("__")[2] for tool in run)
        if chain not in proven[domain]:
            found.append(" then ".join(chain))
    return found
