"""`agentskiller doctor`: whether models can be asked, and what to do where they cannot."""

import os

import typer
from rich.text import Text

from agentskiller_assets.cli.console import out
from agentskiller_assets.llm import background
from agentskiller_assets.llm.examination import Finding, State, examine
from agentskiller_assets.llm.keys import read_key
from agentskiller_assets.llm.settings import BASE_URL, OFFLINE, TEXTUAL_MODEL, Settings
from agentskiller_assets.llm.transport import address_of

_PARTS = {"AGENTSKILLER_AGENT": "agent", "AGENTSKILLER_USER": "user"}
_SCRIPTED = "scripted"
_STYLES: dict[State, str] = {"good": "green", "note": "yellow", "fault": "bold red"}


def doctor() -> None:
    """Check endpoint, key and models with a few tiny calls, and say what to fix. Without models, nothing is needed."""
    settings, parts = Settings.load(), _models_by_part()
    if settings.is_empty and not parts:
        out.print(
            "No model is set, and none is needed: the procedural author makes everything by itself.", markup=False
        )
        out.print(f"To use models, set {TEXTUAL_MODEL}, and {BASE_URL} or a key. The README says more.", markup=False)
        return
    variable = settings.endpoint.key_variable
    key = "is set" if read_key(variable) else "is not set"
    out.print(f"endpoint {address_of(settings.endpoint.base_url)}, key {variable} {key}", markup=False)
    if settings.offline:
        out.print(f"{OFFLINE} is set: runs take what was recorded, and nothing is asked now.", markup=False)
        return
    findings = background.run(examine(settings, parts))
    for each in findings:
        _show(each)
    faults = sum(finding.state == "fault" for finding in findings)
    out.print(f"{faults or 'nothing'} at fault", markup=False)
    if faults:
        raise typer.Exit(1)


def _models_by_part() -> dict[str, list[str]]:
    """The models that play a side of conversations."""
    found: dict[str, list[str]] = {}
    for variable, part in _PARTS.items():
        model = os.environ.get(variable) or _SCRIPTED
        if model != _SCRIPTED:
            found.setdefault(model, []).append(part)
    return found


def _show(finding: Finding) -> None:
    """One line for what was found, and one for what to do."""
    out.print(Text(f"{finding.state:5}", style=_STYLES[finding.state]), Text(f"{finding.subject}: {finding.result}"))
    if finding.fix:
        out.print(Text(f"      {finding.fix}"))
