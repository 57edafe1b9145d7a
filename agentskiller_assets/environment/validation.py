"""Closed-world validation of a specification: everything in it resolves, before any row is made.

Faults name the tool, the rule, the fragment and the fix. The same function serves the blueprint check, packs under
construction and every author's answers.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec, Table, Tool, space_of
from agentskiller_assets.environment.fragments import FragmentChecker

FEWEST_TOOLS = 10
MOST_PERIPHERALS = 3
MOST_RELATIONSHIPS = 3
LONGEST_NAME = 64
"""Of a tool, as OpenAI's API and MCP hosts allow, with the name of its service before it as in a pair."""


class Fault(Model):
    """One thing that is wrong with a specification."""

    where: str
    fault: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.fault}. {self.fix}"


def validate(spec: EnvironmentSpec) -> list[Fault]:
    """All faults of a specification; an empty list means that it is closed and within limits."""
    faults = shape_faults(spec)
    if faults:
        return faults
    checker = FragmentChecker(spec)
    for table in spec.tables:
        faults += [Fault(where=where, fault=fault, fix=fix) for where, fault, fix in checker.check_invariants(table)]
    for tool in spec.tools:
        faults += tool_faults(checker, tool)
    return faults or list(_reachability(spec))


def shape_faults(spec: EnvironmentSpec) -> list[Fault]:
    """Faults of tables, names and limits: all that can be told without the SQL of the tools."""
    return [*_shape(spec), *_tables(spec), *_codes(spec)]


def tool_faults(checker: FragmentChecker, tool: Tool) -> list[Fault]:
    """Faults of one tool's fragments, on tables that are in order."""
    found = [Fault(where=where, fault=fault, fix=fix) for where, fault, fix in checker.check(tool)]
    return found or list(_effects(checker.spec, tool))


def _shape(spec: EnvironmentSpec) -> Iterator[Fault]:
    domain = spec.domain
    for role in spec.roles:
        roots = [tool.name for tool in spec.tools if tool.authorizes and spec.role_of(tool) == role]
        if len(roots) != 1:
            whom = f" for {role}" if len(spec.roles) > 1 else ""
            yield Fault(where=domain, fault=f"has {len(roots)} authorisation tools{whom}", fix="Keep exactly one.")
        yield from _limits(spec, role)
    if len(spec.tools) < FEWEST_TOOLS:
        yield Fault(where=domain, fault=f"has only {len(spec.tools)} tools", fix=f"Give at least {FEWEST_TOOLS}.")
    for names, what in (([t.name for t in spec.tools], "tool"), ([t.name for t in spec.tables], "table")):
        for name, times in Counter(names).items():
            if times > 1:
                yield Fault(where=f"{domain}.{name}", fault=f"{what} name is used {times} times", fix="Rename one.")
    for tool in spec.tools:
        yield from _length(domain, tool)
    kinds = Counter(table.kind for table in spec.tables)
    if kinds["person"] != 1:
        yield Fault(where=domain, fault=f"has {kinds['person']} person tables", fix="Keep exactly one.")


def _length(domain: str, tool: Tool) -> Iterator[Fault]:
    full = tool.name if space_of(tool.name) else f"{domain}__{tool.name}"
    if len(full) > LONGEST_NAME:
        fault = f"as a tool of a pair it would be called {full}, which has {len(full)} characters"
        fix = f"Shorten the name of the tool, or of the service: {LONGEST_NAME} characters are allowed."
        yield Fault(where=f"{domain}.{tool.name}", fault=fault, fix=fix)


def _limits(spec: EnvironmentSpec, role: str) -> Iterator[Fault]:
    """How much one service may keep on record."""
    own = [table for table in spec.tables if space_of(table.name) == space_of(role)]
    kinds = Counter(table.kind for table in own)
    if role not in {table.name for table in own if table.kind == "entity"}:
        yield Fault(where=spec.domain, fault=f"core entity {role!r} is no entity", fix="Name the role's table.")
    if kinds["entity"] - 1 > MOST_PERIPHERALS:
        fix = f"Keep at most {MOST_PERIPHERALS} besides the role."
        yield Fault(where=spec.domain, fault=f"has {kinds['entity'] - 1} peripheral entities", fix=fix)
    if not 1 <= kinds["relationship"] <= MOST_RELATIONSHIPS:
        fix = f"Keep one to {MOST_RELATIONSHIPS}."
        yield Fault(where=spec.domain, fault=f"has {kinds['relationship']} relationships", fix=fix)


def _tables(spec: EnvironmentSpec) -> Iterator[Fault]:
    names = {table.name for table in spec.tables}
    for table in spec.tables:
        where = f"{spec.domain}.{table.name}"
        keys = [column.name for column in table.columns if column.type == "id"]
        if keys != [table.key]:
            yield Fault(where=where, fault=f"its id columns are {keys}", fix=f"Give it the one key {table.key!r}.")
        for column in table.columns:
            if column.type == "ref" and column.ref not in names:
                yield Fault(where=f"{where}.{column.name}", fault=f"points at {column.ref!r}", fix="Declare it.")
            if column.type == "enum" and not column.values:
                yield Fault(where=f"{where}.{column.name}", fault="has no values", fix="List them.")
        yield from _states(where, table)
        own = [role for role in spec.roles if space_of(role) == space_of(table.name)]
        if table.kind == "relationship" and not any(_involves(spec, table, role) for role in own):
            fix = f"Give it a reference to {' or '.join(own) or spec.core_entity}."
            yield Fault(where=where, fault="does not involve the core entity", fix=fix)


def _states(where: str, table: Table) -> Iterator[Fault]:
    if table.status is None:
        return
    column = table.column(table.status)
    values = set(column.values) if column else set()
    mentioned = {*table.transitions, *(target for targets in table.transitions.values() for target in targets)}
    if set(table.transitions) != values or not mentioned <= values:
        fault = f"states {sorted(mentioned)} are not the values {sorted(values)} of {table.status!r}"
        yield Fault(where=where, fault=fault, fix="Give every value its list of next states.")


def _involves(spec: EnvironmentSpec, table: Table, core: str, depth: int = 0) -> bool:
    refs = {column.ref for column in table.columns if column.ref}
    others = [each for each in spec.tables if each.name in refs]
    return core in refs or (depth < 3 and any(_involves(spec, each, core, depth + 1) for each in others))


def _codes(spec: EnvironmentSpec) -> Iterator[Fault]:
    owners: dict[str, list[str]] = {}
    for tool in spec.tools:
        for refusal in tool.refusals:
            owners.setdefault(refusal.code, []).append(tool.name)
    for code, tools in owners.items():
        if len(tools) > 1:
            yield Fault(
                where=f"{spec.domain}.{code}", fault=f"is used {len(tools)} times, by {tools}", fix="Rename one."
            )


def _effects(spec: EnvironmentSpec, tool: Tool) -> Iterator[Fault]:
    where = f"{spec.domain}.{tool.name}"
    if (tool.access == "write") != bool(tool.effects):
        fault = "a write tool changes nothing" if tool.access == "write" else "a read tool has effects"
        yield Fault(where=where, fault=fault, fix="Correct `access` or `effects`.")
    for effect in tool.effects:
        tree = sql.parse(effect)
        if isinstance(tree, exp.Update):
            yield from _state_change(spec, tool, tree)


def _state_change(spec: EnvironmentSpec, tool: Tool, update: exp.Update) -> Iterator[Fault]:
    table = spec.table(update.this.name)
    for assignment in update.expressions:
        if assignment.left.name != table.status or not isinstance(assignment.right, exp.Literal):
            continue
        target = assignment.right.name
        for source in sorted(_possible_states(table, tool)):
            if target not in (source, *table.transitions[source]):
                fault = f"moves {table.name} from {source!r} to {target!r}, which its state machine forbids"
                fix = f"Add a rule on {table.name}.{table.status}, or the transition."
                yield Fault(where=f"{spec.domain}.{tool.name}", fault=fault, fix=fix)


def _possible_states(table: Table, tool: Tool) -> set[str]:
    """States in which the tool's rules let the bound row be."""
    states = set(table.transitions)
    for rule in tool.rules:
        condition = sql.parse_condition(rule.require)
        parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
        for part in parts:
            subject = part.this
            if not (isinstance(subject, exp.Column) and (subject.table, subject.name) == (table.name, table.status)):
                continue
            if isinstance(part, exp.In) and part.expressions:
                states &= {value.name for value in part.expressions}
            elif isinstance(part, exp.EQ) and isinstance(part.expression, exp.Literal):
                states &= {part.expression.name}
    return states


def obtainable_keys(
    spec: EnvironmentSpec, yields: Mapping[str, Sequence[str]] | None = None
) -> tuple[set[str], set[str]]:
    """Names of tools that can be called, and keys that reads can yield, starting from the authorisation tool.

    `yields` says what they will yield where their results are yet to be written.
    """
    if yields is None:
        reads = [tool for tool in spec.tools if tool.access == "read"]
        yields = {tool.name: [c.refers_to for c in tool.returns.columns if c.refers_to] for tool in reads}
    tools: set[str] = set()
    keys: set[str] = set()
    growing = True
    while growing:
        ready = {
            tool.name
            for tool in spec.tools
            if all(p.refers_to in keys for p in tool.parameters if p.refers_to and p.required)
        }
        growing = ready != tools
        tools = ready
        keys = set().union(*(yields[name] for name in tools if name in yields))
    return tools, keys


def _reachability(spec: EnvironmentSpec) -> Iterator[Fault]:
    tools, keys = obtainable_keys(spec)
    for tool in spec.tools:
        if tool.name not in tools:
            missing = sorted({p.refers_to for p in tool.parameters if p.refers_to and p.refers_to not in keys})
            fix = "Let a read tool return it, or drop the parameter."
            yield Fault(where=f"{spec.domain}.{tool.name}", fault=f"needs {missing}, which no lookup returns", fix=fix)
