"""How long the examples are, as pictures that the UI shows."""

from agentskiller_assets.dataset.models import DatasetReport, Spread
from agentskiller_assets.plots import grouped_bars

__all__ = ["lengths_plot"]


def lengths_plot(report: DatasetReport) -> str:
    """Examples by turns, by tool calls and by words, each an image in Markdown."""
    spreads = {"turns": report.turns, "tool calls": report.calls, "words": report.words}
    return "\n\n".join(_bars(f"examples by {name}", spread) for name, spread in spreads.items())


def _bars(title: str, spread: Spread) -> str:
    numbers = range(min(spread.counts), max(spread.counts) + 1, spread.step) if spread.counts else range(0)
    return grouped_bars(title, [str(n) for n in numbers], {title: [spread.counts.get(n, 0) for n in numbers]})
