"""A wrong name is answered with names to choose from, in a line that can be read."""

from pathlib import Path

import pytest

from agentskiller_assets.cli.suggestions import choose_from
from tests.cli.project import Project

LISTING = "agentskiller packs list"


def test_a_short_list_is_given_whole():
    assert choose_from("c", ["a", "b"], LISTING) == "Choose from: a, b."
    assert choose_from("c", [], LISTING) == "There is none."


def test_of_a_long_one_the_closest_are_named_and_the_command_that_lists_all():
    known = [f"clinic_{number:02}" for number in range(30)]
    assert choose_from("clinic_07x", known, LISTING) == (
        "The closest are clinic_07, clinic_27 and clinic_20; `agentskiller packs list` lists all 30."
    )


@pytest.mark.parametrize("command", [("run",), ("packs", "try")])
def test_a_typo_in_a_domain_is_answered_with_what_was_meant(command: tuple[str, ...], tmp_path: Path):
    printed = Project(tmp_path).run(*command, "--domains", "clinic_apointments", code=1)
    line = next(line for line in printed.splitlines() if "clinic_apointments" in line)
    assert "domain 'clinic_apointments': no sector pack has it. The closest are clinic_appointments, " in line
    assert "`agentskiller packs list` lists all " in line
    assert len(line) < 250
