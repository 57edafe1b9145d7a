"""Figures over the evaluations of one partition, as data and as a page of the UI."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from agentskiller_assets.core.records import Model
from agentskiller_assets.evaluation.models import Evaluation, PartName
from agentskiller_assets.evaluation.passes import pass_hat_k
from agentskiller_assets.plots import grouped_bars
from agentskiller_assets.rollouts.figures import Figures, figures_of
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.tasks.models import TaskKind

__all__ = ["EvaluationFigures", "evaluation_figures", "report_markdown"]

_KINDS: tuple[TaskKind, ...] = ("fulfil", "inform", "refuse", "insufficient")
_MOST_K, _MOST_FAILED, _LONGEST = 8, 10, 300


class EvaluationFigures(Model):
    """What the conversations of a partition are worth. Rates and means are from 0 to 1."""

    conversations: int
    passed: int
    pass_rate: float
    pass_hat: dict[int, float]
    """pass^k for every k up to the conversations that each query has."""
    parts: dict[PartName, float]
    """The mean score of each part."""
    kinds: dict[TaskKind, float]
    """The pass rate of each kind of task."""
    redundant: int
    """Calls of passing conversations that can be left out."""
    talk: Figures


def evaluation_figures(evaluations: Sequence[Evaluation], rollouts: Sequence[Rollout]) -> EvaluationFigures:
    """The figures; rates of nothing are 0."""
    scores: defaultdict[PartName, list[float]] = defaultdict(list)
    for evaluation in evaluations:
        for part in evaluation.parts:
            scores[part.name].append(part.score)
    by_kind: dict[TaskKind, list[Evaluation]] = {
        kind: [each for each in evaluations if each.task_kind == kind] for kind in _KINDS
    }
    return EvaluationFigures(
        conversations=len(evaluations),
        passed=sum(each.passed for each in evaluations),
        pass_rate=_rate(evaluations),
        pass_hat=_pass_hat(evaluations),
        parts={name: fmean(found) for name, found in scores.items()},
        kinds={kind: _rate(found) for kind, found in by_kind.items() if found},
        redundant=sum(len(each.redundant) for each in evaluations),
        talk=figures_of(rollouts),
    )


def report_markdown(figures: EvaluationFigures, evaluations: Sequence[Evaluation]) -> str:
    """The figures with a picture of them, and the first conversations that failed with their reasons."""
    rates: Mapping[str, float] = {**figures.parts, **figures.kinds}
    picture = grouped_bars("mean of each part, pass rate of each kind", list(rates), {"share": [*rates.values()]}, 1)
    talk = figures.talk
    rows = {
        "conversations": f"{figures.conversations}, of which {figures.passed} passed",
        **{f"pass^{k}": f"{value:.3f}" for k, value in figures.pass_hat.items()},
        **{f"part {name}": f"{value:.3f}" for name, value in figures.parts.items()},
        **{f"kind {kind}": f"{value:.3f}" for kind, value in figures.kinds.items()},
        "redundant calls": str(figures.redundant),
        "mean turns": f"{talk.mean_turns:.1f}",
        "mean tool calls": f"{talk.mean_calls:.1f}",
        "distinct-2 of agents": f"{talk.distinct_2_assistant:.3f}",
        "distinct-2 of users": f"{talk.distinct_2_user:.3f}",
    }
    return "\n".join(
        [
            picture,
            "",
            "| figure | value |",
            "|--|--|",
            *(f"| {name} | {value} |" for name, value in rows.items()),
            *_failed(evaluations),
        ]
    )


def _failed(evaluations: Sequence[Evaluation]) -> list[str]:
    failed = [each for each in evaluations if not each.passed]
    if not failed:
        return []
    lines = ["", f"{len(failed)} did not pass:" if len(failed) > 1 else "One did not pass:", ""]
    for each in failed[:_MOST_FAILED]:
        why = "; ".join(f"{part.name}: {reason}" for part in each.parts for reason in part.reasons)
        lines.append(f"- `{each.rollout}` ({each.task_kind}) {why[:_LONGEST]}{'…' if len(why) > _LONGEST else ''}")
    return lines


def _rate(evaluations: Sequence[Evaluation]) -> float:
    return fmean(each.passed for each in evaluations) if evaluations else 0.0


def _pass_hat(evaluations: Sequence[Evaluation]) -> dict[int, float]:
    results: defaultdict[str, list[bool]] = defaultdict(list)
    for evaluation in evaluations:
        results[evaluation.query].append(evaluation.passed)
    fewest = min(map(len, results.values()), default=0)
    return {k: pass_hat_k(results, k) for k in range(1, min(fewest, _MOST_K) + 1)}
