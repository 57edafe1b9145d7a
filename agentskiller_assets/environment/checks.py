"""Checks of the environment."""

import re
from collections import Counter
from collections.abc import Sequence

import jsonschema_rs

from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import TOOL_NAME
from agentskiller_assets.environment.invariants import broken_invariants, broken_rows
from agentskiller_assets.environment.models import Blueprint, PolicyEntry, ServerModule, ToolEntry, policy_text
from agentskiller_assets.environment.policy import parse_policy, render_policy, visible_text
from agentskiller_assets.environment.validation import validate
from agentskiller_assets.errors import SpecError

FEWEST_RULES = 3


@checks_of(
    "blueprints",
    closed_world="Every table, column, parameter and state that the SQL names is declared, and all limits hold.",
    enough_rules="The tools have at least three rules with codes of their own.",
    readable="Titles, descriptions and statements read as a person of the field would write them.",
)
def blueprint_checks(blueprints: Blueprint) -> Faults:
    return {
        "closed_world": [f"{blueprints.id}: {fault}" for fault in validate(blueprints.spec)],
        "enough_rules": too_few_rules(blueprints),
        "readable": unreadable_texts(blueprints),
    }


@checks_of(
    "tool_lists",
    valid_schemas="Input and output schemas are valid JSON Schema.",
    safe_names="Tool names are unique and safe for OpenAI's function calling.",
)
def tool_list_checks(tool_lists: list[ToolEntry]) -> Faults:
    return {"valid_schemas": invalid_schemas(tool_lists), "safe_names": unsafe_names(tool_lists)}


@checks_of(
    "databases",
    row_counts="Every table has the same number of rows, and none is empty.",
    keys_unique="No key occurs twice.",
    rows_valid="Every row satisfies its types, bounds, CHECKs and foreign keys.",
    invariants_hold="Every invariant of every table holds for every row.",
)
def database_checks(databases: EnvironmentRows) -> Faults:
    return {
        "row_counts": uneven_counts(databases),
        "keys_unique": repeated_keys(databases),
        "rows_valid": broken_rows(databases),
        "invariants_hold": broken_invariants(databases),
    }


@checks_of(
    "policies",
    round_trips="The document is parsed back into exactly what it was rendered from.",
    covers_everything="Every tool and every rule of the specification is in the policy, in its own words.",
    readable="The policy reads as a person of the field would write it.",
)
def policy_checks(policies: list[PolicyEntry], blueprints: Blueprint) -> Faults:
    return {
        "round_trips": lossy_policy(policies),
        "covers_everything": uncovered(policies, blueprints),
        "readable": unreadable_policy(policies, blueprints),
    }


@checks_of(
    "mcp_servers",
    server_tests="The generated tests were collected and all of them pass.",
    mutants_caught="Every rule, bind and effect that is removed makes a test fail.",
)
def server_checks(mcp_servers: ServerModule) -> Faults:
    return {"server_tests": failed_tests(mcp_servers), "mutants_caught": surviving_mutants(mcp_servers)}


def too_few_rules(blueprint: Blueprint) -> list[str]:
    """What is missing to three rules with distinct codes."""
    codes = {rule.code for tool in blueprint.spec.tools for rule in tool.rules}
    return [] if len(codes) >= FEWEST_RULES else [f"{blueprint.id}: only {len(codes)} rules: {sorted(codes)}"]


def unreadable_texts(blueprint: Blueprint) -> list[str]:
    """Findings in the texts that an agent reads."""
    spec = blueprint.spec
    nouns = [table.title for table in spec.tables]
    texts = [(spec.domain, spec.description)]
    for tool in spec.tools:
        texts += [(tool.name, tool.description), *((r.code, r.statement) for r in tool.refusals)]
        texts += [(f"{tool.name}.{p.name}", p.description) for p in tool.parameters]
        texts += [(f"{tool.name}.{c.name}", c.description) for c in tool.returns.columns]
    return [
        f"{blueprint.id} {where}: {finding.message}"
        for where, text in texts
        for finding in lint_prose(_without_formats(text), nouns=nouns)
    ]


def invalid_schemas(tools: Sequence[ToolEntry]) -> list[str]:
    """Tools whose schemas are no JSON Schema."""
    if not tools:
        return ["there are no tools"]
    faults = []
    for tool in tools:
        for schema in (tool.function["function"]["parameters"], tool.output_schema):
            try:
                jsonschema_rs.meta.validate(schema)
                jsonschema_rs.validator_for(schema)
            except ValueError as error:
                faults.append(f"{tool.id} ({tool.name}): {str(error).splitlines()[0]}")
    return faults


def unsafe_names(tools: Sequence[ToolEntry]) -> list[str]:
    """Names that OpenAI would refuse, or that occur twice."""
    faults = [f"{t.id}: {t.name!r} is not safe" for t in tools if not re.fullmatch(TOOL_NAME, t.name)]
    counts = Counter(tool.name for tool in tools)
    return faults + [f"{t.id}: {t.name!r} occurs {counts[t.name]} times" for t in tools if counts[t.name] > 1]


def uneven_counts(rows: EnvironmentRows) -> list[str]:
    """Tables whose number of rows is not that of the others."""
    counts = {table.name: len(rows.rows.get(table.name, ())) for table in rows.spec.tables}
    most = max(counts.values())
    return [f"{rows.id}: {name} has {n} rows, not {most}" for name, n in counts.items() if n != most or n == 0]


def repeated_keys(rows: EnvironmentRows) -> list[str]:
    """Keys that occur more than once in their table."""
    faults = []
    for table in rows.spec.tables:
        counts = Counter(row.get(table.key) for row in rows.rows.get(table.name, ()))
        faults += [f"row:{rows.spec.domain}.{table.name}.{key} occurs {n} times" for key, n in counts.items() if n > 1]
    return faults


def lossy_policy(policy: Sequence[PolicyEntry]) -> list[str]:
    """What rendering and parsing the policy would change."""
    text = policy_text(list(policy))
    try:
        parsed = parse_policy(text)
    except SpecError as error:
        return [f"{policy[0].id}: {error}"]
    faults = [] if render_policy(parsed) == text else [f"{policy[0].id}: rendering what was parsed gives another text"]
    clauses = [entry for entry in policy if entry.entry == "clause"]
    found = [*parsed.general, *(rule for tool in parsed.tools for rule in tool.rules)]
    return faults + [
        f"{c.id}: clause {c.code} is not in the document" for c in clauses if (c.code, c.text) not in found
    ]


def uncovered(policy: Sequence[PolicyEntry], blueprint: Blueprint) -> list[str]:
    """Tools and rules of the specification that the policy leaves out or words otherwise."""
    try:
        document = parse_policy(policy_text(list(policy)))
    except SpecError as error:
        return [f"{policy[0].id}: {error}"]
    tools = {tool.name: dict(tool.rules) for tool in document.tools}
    faults = []
    for tool in blueprint.spec.tools:
        if tool.name not in tools:
            faults.append(f"{blueprint.id}: tool {tool.name} is not in the policy")
            continue
        for refusal in tool.refusals:
            if tools[tool.name].get(refusal.code) != refusal.statement:
                faults.append(f"{blueprint.id}: rule {refusal.code} of {tool.name} is missing or worded otherwise")
    return faults


def unreadable_policy(policy: Sequence[PolicyEntry], blueprint: Blueprint) -> list[str]:
    """Findings in the policy as its reader sees it."""
    nouns = [table.title for table in blueprint.spec.tables]
    document = visible_text(policy_text(list(policy)))
    return [
        f"{policy[0].id}: {finding.message} in {finding.excerpt!r}" for finding in lint_prose(document, nouns=nouns)
    ]


def failed_tests(server: ServerModule) -> list[str]:
    """Tests that failed, or that nothing was tested."""
    if server.passed + server.failed == 0:
        return [f"{server.id}: no test was collected"]
    return [f"{server.id}: {failure}" for failure in server.failures] or (
        [f"{server.id}: {server.failed} tests failed"] if server.failed else []
    )


def surviving_mutants(server: ServerModule) -> list[str]:
    """Removed rules, binds and effects that no test noticed."""
    if server.mutants == 0:
        return [f"{server.id}: nothing was mutated"]
    missed = server.mutants - server.caught
    return [f"{server.id}: {survivor} survives" for survivor in (*server.survivors, *server.gaps)] or (
        [f"{server.id}: {missed} mutants survive"] if missed else []
    )


def _without_formats(text: str) -> str:
    """Format names of dates and times are meant for the agent, not for people."""
    return text.replace("YYYY-MM-DD HH:MM:SS", "a date and time").replace("YYYY-MM-DD", "a date")
