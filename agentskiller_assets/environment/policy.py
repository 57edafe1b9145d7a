"""Policies: rendered from the specification with markers, and parsed back without loss.

Markers are HTML comments, which Markdown does not show: `POLICY_START`, `RULE: code` in front of every sentence,
`GLOBAL_RULES_END`, `TOOL: name` and `TOOL_END: name` around a tool's rules, `PURPOSE` in front of what the tool
does, `POLICY_END`. The tools of a pair stand under a heading for each of its services.
"""

import re
from itertools import groupby

from agentskiller_assets.authoring.drafts import Governance
from agentskiller_assets.core import language
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec, space_of
from agentskiller_assets.errors import SpecError

SUBJECTS = ("identity", "confirmation", "sharing", "escalation")
_TOOL = re.compile(r"<!-- TOOL: (?P<name>\S+) -->\n(?P<body>.*?)<!-- TOOL_END: (?P=name) -->", re.DOTALL)
_RULE = re.compile(r"^- <!-- RULE: (\S+) --> (.*)$", re.MULTILINE)
_TITLE = re.compile(r"^### (.*)$", re.MULTILINE)
_PURPOSE = re.compile(r"^<!-- PURPOSE --> (.*)$", re.MULTILINE)


class PolicyTool(Model):
    """A tool's part of the policy: its title, what it does, and its rules in the order in which they are tried."""

    name: str
    title: str
    purpose: str = ""
    rules: tuple[tuple[str, str], ...]


class PolicyDocument(Model):
    """A policy as data: general rules by subject, then every tool's."""

    title: str
    introduction: str
    general: tuple[tuple[str, str], ...]
    tools: tuple[PolicyTool, ...]


def write_policy(spec: EnvironmentSpec, governance: Governance) -> PolicyDocument:
    """The policy of a specification: its own statements, and the author's general rules."""
    return PolicyDocument(
        title=language.title_case(spec.title),
        introduction=f"{spec.description} It is now {language.say_datetime(spec.simulation_time)}.",
        general=tuple((subject.upper(), getattr(governance, subject)) for subject in SUBJECTS),
        tools=tuple(
            PolicyTool(
                name=tool.name,
                title=tool.title,
                purpose=tool.description,
                rules=tuple((refusal.code, refusal.statement) for refusal in tool.refusals),
            )
            for tool in spec.tools
        ),
    )


def render_policy(policy: PolicyDocument) -> str:
    """The policy as Markdown with markers."""
    lines = ["<!-- POLICY_START -->", f"# {policy.title}", "", policy.introduction, "", "## General rules", ""]
    lines += [f"- <!-- RULE: {code} --> {text}" for code, text in policy.general]
    lines += ["<!-- GLOBAL_RULES_END -->", "", *([] if policy.tools else [_heading(None), ""])]
    for service, tools in groupby(policy.tools, lambda tool: space_of(tool.name)):
        lines += [_heading(service), ""]
        for tool in tools:
            lines += [f"<!-- TOOL: {tool.name} -->", f"### {tool.title}", ""]
            lines += _purpose(tool)
            lines += [f"- <!-- RULE: {code} --> {text}" for code, text in tool.rules]
            lines += [f"<!-- TOOL_END: {tool.name} -->", ""]
    return "\n".join([*lines, "<!-- POLICY_END -->", ""])


def _heading(service: str | None) -> str:
    return f"## What can be done for {language.humanize(service)}" if service else "## What can be done"


def _purpose(tool: PolicyTool) -> list[str]:
    if tool.purpose:
        return [f"<!-- PURPOSE --> {tool.purpose}", *([""] if tool.rules else [])]
    return [] if tool.rules else ["There are no further rules."]


def parse_policy(text: str) -> PolicyDocument:
    """The document that `render_policy` was given; `SpecError` names the marker that is missing."""
    for marker in ("POLICY_START", "GLOBAL_RULES_END", "POLICY_END"):
        if f"<!-- {marker} -->" not in text:
            raise SpecError("policy", f"marker {marker} is missing", "Keep the comments of the rendered policy.")
    head, tail = text.split("<!-- GLOBAL_RULES_END -->", 1)
    title, _, rest = head.removeprefix("<!-- POLICY_START -->\n# ").partition("\n\n")
    return PolicyDocument(
        title=title,
        introduction=rest.partition("\n\n## General rules")[0],
        general=tuple(_RULE.findall(head)),
        tools=tuple(_parse_tool(match["name"], match["body"]) for match in _TOOL.finditer(tail)),
    )


def visible_text(text: str) -> str:
    """The policy as a reader sees it, without the markers and the lines that they leave empty."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"<!--.*?--> ?", "", text)).strip() + "\n"


def _parse_tool(name: str, body: str) -> PolicyTool:
    title, purpose = _TITLE.search(body), _PURPOSE.search(body)
    return PolicyTool(
        name=name,
        title=title[1] if title else "",
        purpose=purpose[1] if purpose else "",
        rules=tuple(_RULE.findall(body)),
    )
