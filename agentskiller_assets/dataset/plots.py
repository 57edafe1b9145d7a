"""How long the examples are, as pictures that the UI shows."""

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean

from agentskiller_assets.dataset.models import DatasetReport, Example, Spread
from agentskiller_assets.plots import grouped_bars

__all__ = ["lengths_plot", "single_and_fused_plot"]


def lengths_plot(report: DatasetReport) -> str:
    """Examples by turns, by tool calls and by words, each an image in Markdown."""
    spreads = {"turns": report.turns, "tool calls": report.calls, "words": report.words}
    return "\n\n".join(_bars(f"examples by {name}", spread) for name, spread in spreads.items())


def single_and_fused_plot(examples: Sequence[Example]) -> str:
    """Turns and tool calls of conversations within one domain beside those that need two, with their means."""
    sides = {
        "single": [each for each in examples if len(each.domains) == 1],
        "fused": [each for each in examples if len(each.domains) > 1],
    }
    measures: dict[str, Callable[[Example], int]] = {"turns": lambda e: e.turns, "tool calls": lambda e: e.calls}
    pictures = [
        _shares(name, {side: list(map(of, found)) for side, found in sides.items()}) for name, of in measures.items()
    ]
    lines = ["| mean | single | fused |", "|--|--|--|"]
    for name, of in measures.items():
        means = [f"{fmean(map(of, found)):.1f}" if found else "none" for found in sides.values()]
        lines.append(f"| {name} | {' | '.join(means)} |")
    return "\n\n".join([*pictures, "\n".join(lines)])


def _shares(name: str, lengths: dict[str, list[int]]) -> str:
    """The share of each side's conversations at every length."""
    found = [n for each in lengths.values() for n in each]
    numbers = range(min(found), max(found) + 1) if found else range(0)
    counts = {side: Counter(each) for side, each in lengths.items()}
    shares = {side: [each[n] / max(1, each.total()) for n in numbers] for side, each in counts.items()}
    return grouped_bars(f"share of conversations by {name}", [str(n) for n in numbers], shares)


def _bars(title: str, spread: Spread) -> str:
    numbers = range(min(spread.counts), max(spread.counts) + 1, spread.step) if spread.counts else range(0)
    return grouped_bars(title, [str(n) for n in numbers], {title: [spread.counts.get(n, 0) for n in numbers]})
