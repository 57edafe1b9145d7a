"""How long the examples are, as a picture that the UI shows: an SVG in Markdown."""

import base64

from agentskiller_assets.dataset.models import DatasetReport, Spread

__all__ = ["lengths_plot"]

_WIDTH, _HEIGHT, _TOP, _BELOW, _GAP = 460, 110, 22, 34, 24
_COLOUR, _TEXT = "#3f8f67", 'font-size="12" fill="#808080"'
"""Seen on light and on dark pages alike."""


def lengths_plot(report: DatasetReport) -> str:
    """Examples by turns, by tool calls and by words, one below the other, as an image in Markdown."""
    panels = {"turns": report.turns, "tool calls": report.calls, "words": report.words}
    step = _TOP + _HEIGHT + _BELOW
    drawn = "".join(
        f'<g transform="translate(0 {index * step})">{_panel(name, spread)}</g>'
        for index, (name, spread) in enumerate(panels.items())
    )
    size = f'width="{_WIDTH}" height="{len(panels) * step}" font-family="sans-serif"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{drawn}</svg>'
    return f"![lengths of the examples](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _panel(name: str, spread: Spread) -> str:
    """One bar for each number, from the fewest to the most."""
    title = f'<text x="{_GAP}" y="14" {_TEXT}>examples by {name}</text>'
    found = spread.counts
    if not found:
        return title
    numbers = range(min(found), max(found) + 1, spread.step)
    room, highest = (_WIDTH - 2 * _GAP) / len(numbers), max(found.values())
    bars = []
    for column, number in enumerate(numbers):
        height = round(_HEIGHT * found.get(number, 0) / highest)
        x, y = round(_GAP + column * room, 1), _TOP + _HEIGHT - height
        bars.append(f'<rect x="{x}" y="{y}" width="{max(room - 2, 1):.1f}" height="{height}" fill="{_COLOUR}"/>')
    ends = [(numbers[0], _GAP, "start"), (numbers[-1], _WIDTH - _GAP, "end")][: len(numbers)]
    labels = [
        f'<text x="{x}" y="{_TOP + _HEIGHT + 14}" text-anchor="{anchor}" {_TEXT}>{number}</text>'
        for number, x, anchor in ends
    ]
    return "".join([title, *bars, *labels])
