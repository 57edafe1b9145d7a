"""The faults that generated tests must catch: what is removed from a tool, and what is altered in it.

Removed: each rule, each bind's refusal, each part of a bind's condition, each effect, each of several assignments.

Altered, each in turn:
- a rule: negated; an inequality in it turned round; an inequality of a parameter, or between whole numbers, moved
  by one; a state added to, or taken from, those that it allows;
- a bind: a part of its condition negated;
- an effect: every value that it writes replaced by another one that its column takes; its WHERE dropped;
- a result: every column's value replaced, neighbours of one type swapped; for a lookup also the order of a list turned
  round, and a part of the WHERE dropped.

Not generated, because no records could ever tell them from the original: a bound on a stored date, time or amount
moved by its smallest unit (no record lies on it); parts of a rule that its table's invariants imply; a later term of
an order, which decides between equals alone; WHEREs of sub-selects in effects that filter what the value keeps. Nor
what does not compile, such as a result without a declared column: no server would start with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.canonical import digest
from agentskiller_assets.core.latest import Latest
from agentskiller_assets.core.spec import EnvironmentSpec, Table, Tool, Typed
from agentskiller_assets.environment.call_search import parts_of

_TURNED = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}
_FRAMED = "framed__"
"""Stands for the columns of a result where only the rest of its SELECT is meant."""
_BY_ONE = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}


@dataclass(frozen=True, slots=True)
class Mutant:
    """An environment with one fault."""

    fault: str
    tool: Tool
    """The tool with the fault; for a missing rule the tool as it was."""
    without: str | None = None
    """Code of the rule or bind that does not refuse."""
    rule: str | None = None
    """Code of the rule that was altered."""


def mutants(spec: EnvironmentSpec) -> Iterator[Mutant]:
    """Every fault that the tests must catch, tool by tool; those of the last tools are kept, by what they depend on."""
    world = digest([spec.tables, spec.simulation_time])
    for tool in spec.tools:
        yield from _OF_TOOLS.get(digest([world, tool]), lambda tool=tool: tuple(_mutants_of(spec, tool)))


_OF_TOOLS = Latest[tuple[Mutant, ...]](64)


def _mutants_of(spec: EnvironmentSpec, tool: Tool) -> Iterator[Mutant]:
    for refusal in tool.refusals:
        yield Mutant(f"{tool.name}: {refusal.code} does not refuse", tool, refusal.code, refusal.code)
    yield from _binds(tool)
    yield from _rules(spec, tool)
    for position, effect in enumerate(tool.effects):
        yield from _effects(spec, tool, position, effect)
    yield from _returns(tool)


def _binds(tool: Tool) -> Iterator[Mutant]:
    """Binds that look at less, at everybody's rows or at rows in any state, and at what they should not."""
    for position, bind in enumerate(tool.binds):
        parts = parts_of(bind.where)
        for part, altered in enumerate(parts):
            texts = [f"({sql.to_sql(each)})" for each in parts]
            shown = f"{tool.name}: {bind.refusal.code} %s {sql.to_sql(altered)}"
            if len(parts) > 1:
                kept = " AND ".join(text for index, text in enumerate(texts) if index != part)
                yield Mutant(shown % "does not look at", _with_bind(tool, position, kept))
            texts[part] = f"(NOT {texts[part]})"
            yield Mutant(shown % "negates", _with_bind(tool, position, " AND ".join(texts)))


def _with_bind(tool: Tool, position: int, where: str) -> Tool:
    binds = list(tool.binds)
    binds[position] = binds[position].model_copy(update={"where": where})
    return tool.model_copy(update={"binds": tuple(binds)})


def _rules(spec: EnvironmentSpec, tool: Tool) -> Iterator[Mutant]:
    for position, rule in enumerate(tool.rules):
        tree = sql.parse_condition(rule.require)
        altered = [("is negated", f"({rule.require}\n) IS NOT TRUE")]
        altered += _turned(tree)
        altered += _moved_by_one(spec, tool, tree)
        altered += _other_states(spec, tool, tree)
        for what, require in altered:
            rules = list(tool.rules)
            rules[position] = rule.model_copy(update={"require": require})
            changed = tool.model_copy(update={"rules": tuple(rules)})
            yield Mutant(f"{tool.name}: {rule.code} {what}", changed, rule=rule.code)


def _turned(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for number, node in enumerate(tree.find_all(*_TURNED)):
        shown = sql.to_sql(node)
        yield f"turns round {shown!r} ({number + 1})", _replaced(tree, number, _TURNED)


def _moved_by_one(spec: EnvironmentSpec, tool: Tool, tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for number, node in enumerate(tree.find_all(*_BY_ONE)):
        sides = (node.left, node.right)
        sharp = any(isinstance(side, exp.Placeholder) for side in sides) and node.find_ancestor(exp.Select) is None
        if sharp or all(_is_whole(spec, tool, side) for side in sides):
            yield f"moves {sql.to_sql(node)!r} by one ({number + 1})", _replaced(tree, number, _BY_ONE)


def _replaced(tree: exp.Expr, number: int, kinds: dict[type[exp.Expr], type[exp.Expr]]) -> str:
    """The condition with one of its comparisons replaced by its counterpart."""
    changed = exp.Paren(this=tree.copy())
    node = list(changed.find_all(*kinds))[number]
    node.replace(kinds[type(node)](this=node.this.copy(), expression=node.args["expression"].copy()))
    return sql.to_sql(changed.this)


def _is_whole(spec: EnvironmentSpec, tool: Tool, side: exp.Expr) -> bool:
    """Whether a side of a comparison is a whole number that counts something, or a literal one."""
    match side:
        case exp.Literal():
            return not side.is_string and side.name.isdigit()
        case exp.Column():
            table = next((t for t in spec.tables if t.name == side.table), None)
            column = table.column(side.name) if table else None
            return column is not None and column.type == "integer" and side.find_ancestor(exp.Select) is None
        case exp.Subquery():
            inner = side.unnest()
            return isinstance(inner, exp.Select) and isinstance(inner.expressions[0], exp.Count)
        case _:
            return False


def _other_states(spec: EnvironmentSpec, tool: Tool, tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """Rules that allow one state more or less, where they speak of the state of a bound row and of nothing else."""
    column = tree.this if isinstance(tree, exp.In | exp.EQ) else None
    if not isinstance(column, exp.Column) or column.table not in {bind.table for bind in tool.binds}:
        return
    declared = spec.table(column.table).column(column.name)
    allowed = tree.expressions if isinstance(tree, exp.In) else [tree.expression]
    if declared is None or declared.type != "enum" or not all(isinstance(each, exp.Literal) for each in allowed):
        return
    names = [each.name for each in allowed]
    for value in declared.values:
        kept = [name for name in names if name != value] if value in names else [*names, value]
        if kept:
            listed = ", ".join(sql.to_sql(exp.Literal.string(name)) for name in kept)
            what = "forgets" if value in names else "allows"
            yield f"{what} the state {value!r}", f"{sql.to_sql(column)} IN ({listed})"


def _effects(spec: EnvironmentSpec, tool: Tool, position: int, effect: str) -> Iterator[Mutant]:
    what = f"{tool.name}: effect {position + 1}"
    yield Mutant(f"{what} is missing", _with_effect(tool, position, None))
    tree = sql.parse(effect)
    if tree.args.get("where") is not None:
        everywhere = tree.copy()
        everywhere.set("where", None)
        yield Mutant(f"{what} changes every row", _with_effect(tool, position, everywhere))
    if isinstance(tree, exp.Update):
        yield from _assignments(spec, tool, position, tree)
    elif isinstance(tree, exp.Insert):
        yield from _inserted(spec, tool, position, tree)


def _assignments(spec: EnvironmentSpec, tool: Tool, position: int, tree: exp.Update) -> Iterator[Mutant]:
    what, table = f"{tool.name}: effect {position + 1}", spec.table(tree.this.name)
    for index, assignment in enumerate(tree.expressions):
        name = assignment.left.name
        if len(tree.expressions) > 1:
            less = tree.copy()
            less.set("expressions", [each for i, each in enumerate(less.expressions) if i != index])
            yield Mutant(f"{what} does not set {name}", _with_effect(tool, position, less))
        column = table.column(name)
        if column is not None and (value := other(spec, column, sql.to_sql(assignment.right))):
            changed = tree.copy()
            changed.expressions[index].set("expression", sql.parse_condition(value))
            yield Mutant(f"{what} sets another {name}", _with_effect(tool, position, changed))


def _inserted(spec: EnvironmentSpec, tool: Tool, position: int, tree: exp.Insert) -> Iterator[Mutant]:
    target, values = tree.this, tree.expression
    if not (isinstance(target, exp.Schema) and isinstance(values, exp.Values) and len(values.expressions) == 1):
        return
    table: Table = spec.table(target.this.name)
    for index, name in enumerate(each.name for each in target.expressions):
        column = table.column(name)
        given = values.expressions[0].expressions[index]
        if column is None or name == table.key or not (value := other(spec, column, sql.to_sql(given))):
            continue
        changed = tree.copy()
        changed.expression.expressions[0].expressions[index].replace(sql.parse_condition(value))
        yield Mutant(
            f"{tool.name}: effect {position + 1} inserts another {name}", _with_effect(tool, position, changed)
        )


def _with_effect(tool: Tool, position: int, tree: exp.Expr | None) -> Tool:
    effects = list(tool.effects)
    effects[position : position + 1] = [] if tree is None else [sql.to_sql(tree)]
    return tool.model_copy(update={"effects": tuple(effects)})


def other(spec: EnvironmentSpec, column: Typed, value: str) -> str | None:
    """SQL for another value of the column's type than that of an expression, NULL or not; None if there is none."""
    match column.type:
        case "enum":
            first, *rest = [sql.to_sql(exp.Literal.string(each)) for each in column.values]
            changed, null = (
                (f"CASE WHEN ({value}) = {first} THEN {rest[0]} ELSE {first} END", first) if rest else ("", "")
            )
        case "boolean":
            changed, null = f"1 - ({value})", "1"
        case "integer" | "money":
            changed, null = f"({value}) + 1", "1"
        case "date" | "datetime":
            moment = f"'{spec.simulation_time}'"
            changed, null = f"{column.type}({value}, '+1 day')", f"{column.type}({moment})"
        case "id" | "ref":
            return _other_key(spec, column, value)
        case _:
            changed, null = f"({value}) || 'x'", "'x'"
    return f"CASE WHEN ({value}) IS NULL THEN {null} ELSE {changed} END" if changed else None


def _other_key(spec: EnvironmentSpec, column: Typed, value: str) -> str | None:
    target = getattr(column, "ref", None) or (getattr(column, "refers_to", None) or "").partition(".")[0]
    table = next((each for each in spec.tables if each.name == target), None)
    if table is None:
        return None
    return f'(SELECT MIN(k__."{table.key}") FROM "{table.name}" AS k__ WHERE k__."{table.key}" <> ({value}))'


def _returns(tool: Tool) -> Iterator[Mutant]:
    tree = sql.parse(tool.returns.sql)
    if not isinstance(tree, exp.Select):
        return
    yield from _results(tool, tree)
    if tool.effects:
        return
    where = tree.args.get("where")
    parts = list(where.this.flatten()) if where is not None and isinstance(where.this, exp.And) else []
    for index, part in enumerate(parts):
        changed = tree.copy()
        changed.set("where", exp.Where(this=exp.and_(*(p.copy() for i, p in enumerate(parts) if i != index))))
        yield _with_returns(f"{tool.name}: result does not look at {sql.to_sql(part)}", tool, sql.to_sql(changed))
    if tool.returns.many:
        changed = tree.copy()
        term = changed.args["order"].expressions[0]
        term.set("desc", not term.args.get("desc"))
        yield _with_returns(f"{tool.name}: result is in another order", tool, sql.to_sql(changed))


def _results(tool: Tool, tree: exp.Select) -> Iterator[Mutant]:
    """Faults of what is shown; the rest of the SELECT is the same in all of them, so that it is written once."""
    columns = tool.returns.columns
    shown, values = ([sql.to_sql(part) for part in parts] for parts in (tree.expressions, _values(tree)))
    frame = tree.copy()
    frame.set("expressions", [exp.column(_FRAMED)])
    before, rest = sql.to_sql(frame).split(_FRAMED)

    def altered(what: str, changes: dict[int, str]) -> Mutant:
        texts = [changes.get(place, text) for place, text in enumerate(shown)]
        return _with_returns(f"{tool.name}: result has {what}", tool, f"{before}{', '.join(texts)}{rest}")

    for index, column in enumerate(columns):
        null = "'x'" if column.type not in ("integer", "money", "boolean") else "1"
        empty = f'CASE WHEN ({values[index]}) IS NULL THEN {null} END AS "{column.name}"'
        yield altered(f"no {column.name}", {index: empty})
        after = index + 1
        if after < len(columns) and columns[after].type == column.type:
            swapped = {
                index: f'{values[after]} AS "{column.name}"',
                after: f'{values[index]} AS "{columns[after].name}"',
            }
            yield altered(f"{columns[after].name} as {column.name}", swapped)


def _values(tree: exp.Select) -> list[exp.Expr]:
    """What the columns of a SELECT show, without their names."""
    return [projection.unalias() for projection in tree.expressions]


def _with_returns(fault: str, tool: Tool, text: str) -> Mutant:
    return Mutant(fault, tool.model_copy(update={"returns": tool.returns.model_copy(update={"sql": text})}))
