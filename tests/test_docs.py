"""The documentation says what is there: the reference is current, links lead somewhere, commands exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from agentskiller_assets.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
_COMMAND = re.compile(r"^agentskiller((?: [a-z0-9-]+)+)|`agentskiller((?: [a-z0-9-]+)+)", re.MULTILINE)


def test_the_reference_is_that_of_the_code() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_exists(page: Path) -> None:
    unknown = []
    for words in _COMMAND.findall(page.read_text(encoding="utf-8")):
        command, names = typer.main.get_command(app), "".join(words).split()
        while names and hasattr(command, "commands"):
            command = command.commands.get(names.pop(0))  # type: ignore[attr-defined]
            if command is None:
                unknown.append("".join(words))
                break

    assert unknown == []
