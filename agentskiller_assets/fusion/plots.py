"""How long tasks are, as a picture that the UI shows: an SVG in Markdown, with the figures below it."""

import base64
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

import dagster as dg

from agentskiller_assets.tasks.models import ValidatedTask

__all__ = ["lengths_plot"]

_BAR, _GAP, _HEIGHT, _BELOW = 14, 10, 120, 34
_COLOURS = {"single": "#8fa8c8", "fused": "#2f6f4f"}


def lengths_plot(single: Sequence[ValidatedTask], fused: Sequence[ValidatedTask]) -> dg.MarkdownMetadataValue:
    """Share of tasks by number of gold calls, for single domains and for the pair."""
    counts = {"single": _calls(single), "fused": _calls(fused)}
    means = {name: fmean(found.elements()) if found else 0.0 for name, found in counts.items()}
    picture = base64.b64encode(_svg(counts).encode()).decode()
    lines = [
        f"![gold calls per task](data:image/svg+xml;base64,{picture})",
        "",
        "| gold calls | single | fused |",
        "|--|--|--|",
        *(f"| {n} | {counts['single'][n]} | {counts['fused'][n]} |" for n in _range(counts)),
        f"| mean | {means['single']:.2f} | {means['fused']:.2f} |",
    ]
    return dg.MetadataValue.md("\n".join(lines))


def _calls(tasks: Sequence[ValidatedTask]) -> Counter[int]:
    return Counter(len(task.instance.steps) for task in tasks)


def _range(counts: dict[str, Counter[int]]) -> range:
    found = [n for each in counts.values() for n in each]
    return range(min(found), max(found) + 1) if found else range(0)


def _svg(counts: dict[str, Counter[int]]) -> str:
    """Two bars for each number of calls."""
    numbers = _range(counts)
    totals = {name: max(1, found.total()) for name, found in counts.items()}
    highest = max((counts[name][n] / totals[name] for name in counts for n in numbers), default=1)
    step = len(counts) * _BAR + _GAP
    parts = []
    for column, n in enumerate(numbers):
        x = column * step + _GAP
        for place, (name, found) in enumerate(counts.items()):
            height = round(_HEIGHT * found[n] / totals[name] / highest)
            parts.append(
                f'<rect x="{x + place * _BAR}" y="{_HEIGHT - height}" width="{_BAR}" height="{height}"'
                f' fill="{_COLOURS[name]}"/>'
            )
        parts.append(f'<text x="{x + _BAR}" y="{_HEIGHT + 14}" font-size="11" text-anchor="middle">{n}</text>')
    for place, name in enumerate(counts):
        x = _GAP + place * 90
        parts.append(f'<rect x="{x}" y="{_HEIGHT + 22}" width="10" height="10" fill="{_COLOURS[name]}"/>')
        parts.append(f'<text x="{x + 14}" y="{_HEIGHT + 31}" font-size="11">{name}</text>')
    width, height = max(200, len(numbers) * step + _GAP), _HEIGHT + _BELOW
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{"".join(parts)}</svg>'
