"""The story of one query as Markdown: what it was made from, for the UI."""

from collections.abc import Sequence

import dagster as dg

from agentskiller_assets.environment.models import Blueprint
from agentskiller_assets.ontology.models import DomainTopic
from agentskiller_assets.tasks.models import Query, TaskTemplate, ValidatedTask


def lineage_note(
    query: Query,
    tasks: Sequence[ValidatedTask],
    templates: Sequence[TaskTemplate],
    blueprint: Blueprint,
    topics: Sequence[DomainTopic],
) -> dg.MarkdownMetadataValue:
    """From the first query of a partition back to the catalog, with the ids to look up; a pair has two topics."""
    task = next(task for task in tasks if task.id == query.task)
    template = next(each for each in templates if each.id == task.instance.template)
    rows = [parent for parent in task.instance.parents if parent.startswith("row:")]
    clauses = [parent for parent in template.parents if parent.startswith("policy_")]
    lines = [
        f"**{query.first_message}**",
        "",
        f"- query `{query.id}` in the voice of `{query.persona}`",
        f"- task `{task.id}` ({task.task_kind}), certified against {len(task.certificate.mutants)} mutants",
        f"- instance `{task.instance.id}` of template `{template.id}`",
        f"- trajectory {' → '.join(f'`{tool}`' for tool in template.trajectory)}",
        f"- rows {', '.join(f'`{row}`' for row in rows)}",
        f"- rules {', '.join(f'`{clause}`' for clause in clauses)}",
        f"- blueprint `{blueprint.id}`",
        *(f"- topic `{topic.id}`, catalog `{topic.parents[0]}`" for topic in topics),
        "",
        f"All of it: `agentskiller lineage {query.id}`",
    ]
    return dg.MetadataValue.md("\n".join(lines))
