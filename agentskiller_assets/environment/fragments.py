"""Checks of single SQL fragments: every table, column and parameter in them is declared."""

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Table, Tool
from agentskiller_assets.runtime.ddl import schema_sql

Found = tuple[str, str, str]
"""Where, fault, fix."""
FORBIDDEN_FUNCTIONS = frozenset(
    {
        "random",
        "randomblob",
        "load_extension",
        "readfile",
        "writefile",
        "changes",
        "total_changes",
        "last_insert_rowid",
    }
)
AGGREGATES = frozenset({"total", "string_agg", "json_group_object", "jsonb_group_array", "jsonb_group_object"})
"""Those that the parser does not know as such."""
CLOCKS = frozenset({"now", "localtime"})
CLOCK_FUNCTIONS = frozenset({"date", "time", "datetime", "julianday", "unixepoch"})
"""Without arguments they say what time it is."""


class FragmentChecker:
    """Checks the fragments of one specification's tools against its tables, and compiles them in SQLite."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        self.tables = {table.name: {column.name for column in table.columns} for table in spec.tables}
        self.database = sqlite3.connect(":memory:")
        self.database.executescript(schema_sql(spec))

    def check(self, tool: Tool) -> Iterator[Found]:
        """All faults of a tool's fragments."""
        trees: list[exp.Expr] = []
        for what, text in _fragments(tool):
            where = f"{self.spec.domain}.{tool.name}.{what}"
            try:
                trees.append(sql.parse_condition(text) if what.startswith(("bind", "rule")) else sql.parse(text))
            except sql.SqlFault as fault:
                yield where, f"{fault} in {text!r}", "Write one SQLite fragment."
                continue
            yield from ((where, fault, fix) for fault, fix in self._check(tool, what, text, trees[-1]))
        yield from self._unused(tool, trees)

    def check_invariants(self, table: Table) -> Iterator[Found]:
        """Faults of the conditions that hold for every row of a table."""
        for invariant in table.invariants:
            where = f"{self.spec.domain}.{table.name}.invariant {invariant.statement!r}"
            try:
                self.database.execute(f"EXPLAIN SELECT ({invariant.require}\n) FROM {table.name}", {"now": None})
            except sqlite3.Error as error:
                yield where, f"SQLite refuses it: {error}", "Use columns of declared tables, and `:now`."

    def _check(self, tool: Tool, what: str, text: str, tree: exp.Expr) -> Iterator[tuple[str, str]]:
        unknown = sql.tables_used(tree) - set(self.tables)
        if unknown:
            yield f"uses unknown tables {sorted(unknown)} in {sql.to_sql(tree)!r}", f"Tables are {sorted(self.tables)}."
            return
        names = {parameter.name for parameter in tool.parameters} | {"me", "now"}
        if what.startswith(("effect", "returns")) and any("INSERT" in effect.upper() for effect in tool.effects):
            names.add("new_id")
        strange = sql.placeholders(tree) - names
        if strange:
            yield f"uses undeclared {sorted(':' + name for name in strange)}", f"Declare it, or use {sorted(names)}."
        yield from self._quoted(tree)
        yield from indeterminate(tree)
        yield from self._kind(what, tree, tool)
        yield from self._compiles(what, text, tool, sql.placeholders(tree))

    def _quoted(self, tree: exp.Expr) -> Iterator[tuple[str, str]]:
        """SQLite takes a name in double quotes that no column has for a text."""
        columns = set().union(*self.tables.values())
        for column in tree.find_all(exp.Column):
            if not column.table and column.this.quoted and column.name not in columns:
                yield f"names the unknown column {column.name!r}", "Put texts in single quotes."

    def _kind(self, what: str, tree: exp.Expr, tool: Tool) -> Iterator[tuple[str, str]]:
        if what.startswith(("bind", "rule")):
            if any(tree.find_all(exp.Insert, exp.Update, exp.Delete)):
                yield "changes data", "Conditions only read; move it to `effects`."
            elif any(map(_aggregates, tree.walk())):
                fault = f"aggregates rows without a sub-select in {sql.to_sql(tree)!r}"
                yield fault, "Count in a sub-select: `(SELECT COUNT(*) FROM ... WHERE ...) > 0`."
            elif not isinstance(tree, exp.Predicate | exp.Connector | exp.Not | exp.Paren | exp.Exists):
                yield f"is no boolean: {sql.to_sql(tree)!r}", "Compare something."
        elif what.startswith("returns"):
            if not isinstance(tree, exp.Select):
                yield "is not a SELECT", "Return rows with SELECT."
            elif tree.args.get("order") is None:
                yield "has no ORDER BY", "Order by enough columns to make the order total."
            else:
                yield from self._result_columns(tree, tool)
                yield from self._total_order(tree, tool)
        elif not isinstance(tree, exp.Insert | exp.Update | exp.Delete):
            yield "is neither INSERT, UPDATE nor DELETE", "Effects change rows."
        else:
            yield from self._effect(tree)

    def _result_columns(self, tree: exp.Select, tool: Tool) -> Iterator[tuple[str, str]]:
        selected = [projection.alias_or_name for projection in tree.expressions]
        declared = [column.name for column in tool.returns.columns]
        if selected != declared:
            yield f"selects {selected} but declares {declared}", "Make them equal."

    def _total_order(self, tree: exp.Select, tool: Tool) -> Iterator[tuple[str, str]]:
        """Two rows of a list never compare as equal, or their order would be up to the engine."""
        if not tool.returns.many:
            return
        ordered = _ordered(tree)
        missing = [each for each in sorted(self._multiplying(tree)) if not {each, each.partition(".")[2]} & ordered]
        if missing:
            fault = f"has no total order: {', '.join(missing)} in {sql.to_sql(tree)!r} decides nothing"
            yield fault, f"End ORDER BY with {', '.join(missing)}."

    def _multiplying(self, tree: exp.Select) -> set[str]:
        """What tells the rows apart: groups, or the keys of the tables that are not joined by their key."""
        group = tree.args.get("group")
        if group is not None:
            return {sql.to_sql(each) for each in group.expressions}
        if tree.args.get("distinct"):
            return {sql.to_sql(each.unalias()) for each in tree.expressions}
        source = tree.args.get("from_") or tree.args.get("from")
        if source is None or all(map(_is_total, tree.expressions)):
            return set()
        keys = {self._key_of(source.this)}
        for join in tree.args.get("joins") or ():
            key = self._key_of(join.this)
            condition = join.args.get("on")
            equal = condition.find_all(exp.EQ) if condition is not None else ()
            if not any(key in (sql.to_sql(each.left), sql.to_sql(each.right)) for each in equal):
                keys.add(key)
        return keys

    def _key_of(self, source: exp.Expr) -> str:
        if isinstance(source, exp.Table):
            return f"{source.alias_or_name}.{self.spec.table(source.name).key}"
        return f"a key of {sql.to_sql(source)}"

    def _effect(self, tree: exp.Expr) -> Iterator[tuple[str, str]]:
        if isinstance(tree, exp.Insert) and (tree.args.get("alternative") or tree.args.get("conflict")):
            fault = f"overrides what the records hold in {sql.to_sql(tree)!r}"
            yield fault, "Write a plain INSERT, and a rule that refuses what is there already."
        if isinstance(tree, exp.Update | exp.Delete) and tree.args.get("where") is None:
            yield "changes every row of its table", "Add a WHERE on the key."
        if isinstance(tree, exp.Update):
            key = self.spec.table(tree.this.name).key
            changed = [column for assignment in tree.expressions for column in assignment.left.find_all(exp.Column)]
            if key in {column.name for column in changed}:
                yield f"changes the key {key!r}", "Keys never change."

    def _compiles(self, what: str, text: str, tool: Tool, names: set[str]) -> Iterator[tuple[str, str]]:
        values = dict.fromkeys(names)
        if what.startswith(("bind", "rule")):
            bound = [bind.table for bind in tool.binds]
            text = "SELECT 1" + (f" FROM {', '.join(bound)}" if bound else "") + f" WHERE ({text}\n)"
        try:
            self.database.execute(f"EXPLAIN {text}", values)
        except sqlite3.Error as error:
            yield f"SQLite refuses it: {error}", "Use columns of the tables it names, and SQLite's functions."

    def _unused(self, tool: Tool, trees: list[exp.Expr]) -> Iterator[Found]:
        used = set().union(*(sql.placeholders(tree) for tree in trees))
        for parameter in tool.parameters:
            if parameter.name not in used:
                where = f"{self.spec.domain}.{tool.name}.{parameter.name}"
                yield where, "is a parameter that nothing uses", "Use it in a fragment or drop it."


def _fragments(tool: Tool) -> Iterator[tuple[str, str]]:
    for bind in tool.binds:
        yield f"bind {bind.table}", bind.where
    for rule in tool.rules:
        yield f"rule {rule.code}", rule.require
    for number, effect in enumerate(tool.effects, start=1):
        yield f"effect {number}", effect
    yield "returns", tool.returns.sql


def _aggregates(node: exp.Expr) -> bool:
    """Whether the node makes one value of many rows, outside of any SELECT."""
    if isinstance(node, exp.Anonymous):
        found = node.name.lower() in AGGREGATES
    else:
        found = isinstance(node, exp.AggFunc | exp.Window) and not node.expressions
    return found and node.find_ancestor(exp.Select) is None


def _is_total(projection: exp.Expr) -> bool:
    """Whether a result column is an aggregate over all rows, of which there is one."""
    column = projection.unalias()
    found = column.find(exp.AggFunc)
    return found is not None and found.find_ancestor(exp.Select) is column.find_ancestor(exp.Select)


def _ordered(tree: exp.Select) -> set[str]:
    """What a SELECT orders by; positions and names of result columns stand for what they show."""
    shown = {projection.alias_or_name: sql.to_sql(projection.unalias()) for projection in tree.expressions}
    found: set[str] = set()
    for term in tree.args["order"].expressions:
        text = sql.to_sql(term.this)
        position = int(text) if text.isdigit() else 0
        found.add(list(shown.values())[position - 1] if 0 < position <= len(shown) else shown.get(text, text))
    return found


def indeterminate(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """Where a fragment depends on chance, on the machine or on its clock: what it does, and the fix."""
    for function in tree.find_all(exp.Func):
        if (function.name or function.key).lower() in FORBIDDEN_FUNCTIONS or function.key == "rand":
            yield f"calls {function.name or function.key}", "Results must not depend on chance or on the machine."
    moments = {literal.name.lower() for literal in tree.find_all(exp.Literal) if literal.is_string}
    if moments & CLOCKS or any(_asks_the_time(function) for function in tree.find_all(exp.Func)):
        yield "reads the wall clock", "Use `:now`."


def _asks_the_time(function: exp.Func) -> bool:
    if isinstance(function, exp.CurrentDate | exp.CurrentTime | exp.CurrentTimestamp):
        return True
    if isinstance(function, exp.Anonymous):
        return function.name.lower() in CLOCK_FUNCTIONS and not function.expressions
    return function.key in CLOCK_FUNCTIONS and not any(function.args.values())
