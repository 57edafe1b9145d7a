"""How long tasks are, as a picture that the UI shows, with the figures below it."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

import dagster as dg

from agentskiller_assets.plots import grouped_bars
from agentskiller_assets.tasks.models import ValidatedTask

__all__ = ["lengths_plot"]


def lengths_plot(single: Sequence[ValidatedTask], fused: Sequence[ValidatedTask]) -> dg.MarkdownMetadataValue:
    """Share of tasks by number of gold calls, for single domains and for the pair."""
    counts = {"single": _calls(single), "fused": _calls(fused)}
    means = {name: fmean(found.elements()) if found else 0.0 for name, found in counts.items()}
    numbers = _range(counts)
    shares = {name: [found[n] / max(1, found.total()) for n in numbers] for name, found in counts.items()}
    lines = [
        grouped_bars("gold calls per task", [str(n) for n in numbers], shares),
        "",
        "| gold calls | single | fused |",
        "|--|--|--|",
        *(f"| {n} | {counts['single'][n]} | {counts['fused'][n]} |" for n in numbers),
        f"| mean | {means['single']:.2f} | {means['fused']:.2f} |",
    ]
    return dg.MetadataValue.md("\n".join(lines))


def _calls(tasks: Sequence[ValidatedTask]) -> Counter[int]:
    return Counter(len(task.instance.steps) for task in tasks)


def _range(counts: dict[str, Counter[int]]) -> range:
    found = [n for each in counts.values() for n in each]
    return range(min(found), max(found) + 1) if found else range(0)
