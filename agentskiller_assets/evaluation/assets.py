"""Assets of the evaluation: what every conversation of a domain or a pair is worth, and why."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.versions import code_version
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.evaluation.builds import evaluate_all
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.evaluation.report import evaluation_figures, report_markdown
from agentskiller_assets.metadata import domain_asset, pair_asset
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.settings import JUDGE
from agentskiller_assets.tasks.models import TaskTemplate, ValidatedTask
from resources.llm import LLM_POOL
from resources.speakers import JudgeResource

_CODE = code_version("core", "runtime", "tasks", "rollouts", "evaluation")


class EvaluationConfig(dg.Config):
    """Settings of the evaluation."""

    judge: str = Field(default=JUDGE, description="Name of a model that judges as well. Empty: rules alone.")


@domain_asset("evaluation", _CODE, pool=LLM_POOL)
def evaluations(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    judge: JudgeResource,
    databases: EnvironmentRows,
    task_templates: list[TaskTemplate],
    validated_tasks: list[ValidatedTask],
    rollouts: list[Rollout],
) -> list[Evaluation]:
    """What every conversation is worth: action, environment, communication and policy, each with its reasons."""
    opened = judge.open(config.judge, "evaluations", context.partition_key)
    found = evaluate_all(open_environment(databases), rollouts, validated_tasks, task_templates, opened)
    _describe(context, found, rollouts)
    return found


@pair_asset("evaluation", _CODE, pool=LLM_POOL)
def fused_evaluations(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    judge: JudgeResource,
    fused_databases: EnvironmentRows,
    fused_templates: list[TaskTemplate],
    fused_validated_tasks: list[ValidatedTask],
    fused_rollouts: list[Rollout],
) -> list[Evaluation]:
    """What every conversation about a task that needs both services is worth."""
    opened = judge.open(config.judge, "fused_evaluations", context.partition_key)
    environment = open_environment(fused_databases)
    found = evaluate_all(environment, fused_rollouts, fused_validated_tasks, fused_templates, opened)
    _describe(context, found, fused_rollouts)
    return found


def _describe(context: dg.AssetExecutionContext, evaluated: Sequence[Evaluation], rollouts: Sequence[Rollout]) -> None:
    """What a person sees of the evaluations in the UI."""
    figures = evaluation_figures(evaluated, rollouts)
    context.add_output_metadata(
        {
            "conversations": figures.conversations,
            "passed": figures.passed,
            "pass_rate": figures.pass_rate,
            **{f"pass_hat_{k}": value for k, value in figures.pass_hat.items()},
            **{f"part_{name}": value for name, value in figures.parts.items()},
            "redundant_calls": figures.redundant,
            "report": dg.MetadataValue.md(report_markdown(figures, evaluated)),
        }
    )
