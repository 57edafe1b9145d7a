"""A pattern file is rendered as one template, and its faults are named as those of each text."""

from pathlib import Path

import pytest

from agentskiller_assets.authoring.procedural.files import YamlFile
from agentskiller_assets.authoring.procedural.rendering import render_file
from agentskiller_assets.errors import PackError


def file_of(tmp_path: Path, text: str) -> YamlFile:
    path = tmp_path / "pattern.yaml"
    path.write_text(text)
    return YamlFile(path)


def test_every_text_is_rendered_in_a_scope_of_its_own(tmp_path: Path) -> None:
    text = "a: '<% set x = 1 %><< x >>'\n<< key >>: ['<< key >>', plain, 7]\nb: |\n  << key >>\n  x\n"
    assert render_file(file_of(tmp_path, text), {"key": "k"}) == {"a": "1", "k": ["k", "plain", 7], "b": "k\nx"}
    assert render_file(file_of(tmp_path, "a: plain\n"), {}) == {"a": "plain"}


@pytest.mark.parametrize("fault", ["<< unknown >>", "<< key", "<% if key %>", "<< key | unheard_of >>"])
def test_a_faulty_text_is_named_with_its_line(tmp_path: Path, fault: str) -> None:
    with pytest.raises(PackError, match=r"pattern\.yaml:2"):
        render_file(file_of(tmp_path, f"a: << key >>\nb: '{fault}'\nc: << key >>\n"), {"key": "k"})
