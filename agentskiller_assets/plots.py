"""Pictures that the UI shows: SVG in Markdown, seen on light and on dark pages alike."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

__all__ = ["grouped_bars", "picture"]

_BAR, _GAP, _HEIGHT, _BELOW, _LETTER = 14, 10, 120, 34, 7
_COLOURS = ("#8fa8c8", "#3f8f67", "#c9975b", "#a06ca0")
_TEXT = 'font-size="11" fill="#808080"'


def picture(alt: str, drawn: str, width: int, height: int) -> str:
    """What is drawn as an image in Markdown."""
    size = f'width="{width}" height="{height}" font-family="sans-serif"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{drawn}</svg>'
    return f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def grouped_bars(
    alt: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], highest: float | None = None
) -> str:
    """For each label one bar of every series side by side, with a legend; `highest` is the value of a full bar."""
    top = highest or max((value for values in series.values() for value in values), default=0) or 1
    step = max(len(series) * _BAR + _GAP, _LETTER * max(map(len, labels), default=0) + _GAP)
    parts = []
    for column, label in enumerate(labels):
        middle = _GAP + column * step + (step - _GAP) / 2
        left = middle - len(series) * _BAR / 2
        for place, (values, colour) in enumerate(zip(series.values(), _COLOURS, strict=False)):
            parts.append(_bar(left + place * _BAR, _HEIGHT * values[column] / top, colour))
        parts.append(f'<text x="{middle:g}" y="{_HEIGHT + 14}" {_TEXT} text-anchor="middle">{escape(label)}</text>')
    for place, (name, colour) in enumerate(zip(series, _COLOURS, strict=False)):
        x = _GAP + place * 110
        parts.append(f'<rect x="{x}" y="{_HEIGHT + 22}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 14}" y="{_HEIGHT + 31}" {_TEXT}>{escape(name)}</text>')
    width = max(110 * len(series) + 2 * _GAP, len(labels) * step + _GAP)
    return picture(alt, "".join(parts), width, _HEIGHT + _BELOW)


def _bar(x: float, height: float, colour: str) -> str:
    whole = round(height)
    return f'<rect x="{x:g}" y="{_HEIGHT - whole}" width="{_BAR}" height="{whole}" fill="{colour}"/>'
