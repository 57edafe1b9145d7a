"""Plots: an image in Markdown that holds a bar for every value, its labels as plain text."""

import base64
import re
from xml.etree import ElementTree

from agentskiller_assets.plots import grouped_bars

_SVG = "{http://www.w3.org/2000/svg}"


def drawn(markdown: str) -> ElementTree.Element:
    """The picture of an image in Markdown."""
    found = re.fullmatch(r"!\[.*\]\(data:image/svg\+xml;base64,([^)]+)\)", markdown)
    assert found is not None
    return ElementTree.fromstring(base64.b64decode(found[1]))


def test_every_value_has_a_bar_as_high_as_its_share_of_the_highest():
    picture = drawn(grouped_bars("calls", ["1", "2"], {"single": [1, 4], "fused": [0, 2]}))
    bars = [rect for rect in picture.iter(f"{_SVG}rect") if rect.get("width") == "14"]

    assert [int(str(bar.get("height"))) for bar in bars] == [30, 0, 120, 60]
    assert [text.text for text in picture.iter(f"{_SVG}text")] == ["1", "2", "single", "fused"]


def test_the_value_of_a_full_bar_can_be_given():
    picture = drawn(grouped_bars("rates", ["a < b & c"], {"share": [0.5]}, 1))
    (bar,) = [rect for rect in picture.iter(f"{_SVG}rect") if rect.get("width") == "14"]

    assert (bar.get("height"), next(picture.iter(f"{_SVG}text")).text) == ("60", "a < b & c")


def test_nothing_is_an_empty_picture():
    assert [text.text for text in drawn(grouped_bars("calls", [], {"single": []})).iter(f"{_SVG}text")] == ["single"]
