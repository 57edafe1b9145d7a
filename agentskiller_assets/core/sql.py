"""SQL of a specification: parsing, the names it uses, and rewriting. SQLite's dialect throughout."""

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError

DIALECT = Dialect.get_or_raise("sqlite")
"""Made once: by its name it would be made anew for each text that is read or written."""
BUILT_IN = frozenset({"me", "now", "new_id"})


class SqlFault(ValueError):
    """A fragment that cannot be accepted; the message says why."""


@lru_cache(maxsize=8192)
def _parse(sql: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(sql, dialect=DIALECT)
    except (ParseError, TokenError) as error:
        raise SqlFault(f"does not parse: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or statements[0] is None:
        raise SqlFault("is not exactly one statement")
    for node in statements[0].walk():
        node._meta = None  # where in the text it stood: nobody asks, and copying that takes half the time of a copy
    return statements[0]  # type: ignore[return-value]


def parse(sql: str) -> exp.Expr:
    """The tree of one statement or expression; a copy that the caller may change."""
    return _parse(sql).copy()


def parse_condition(sql: str) -> exp.Expr:
    """The tree of a boolean expression; a copy that the caller may change."""
    return _parse_condition(sql).copy()


@lru_cache(maxsize=8192)
def _parse_condition(sql: str) -> exp.Expr:
    where = _parse(f"SELECT 1 WHERE {sql}").find(exp.Where)
    assert where is not None
    return where.this


def placeholders(tree: exp.Expr) -> set[str]:
    """Names of all `:parameters`."""
    return {str(node.this) for node in tree.find_all(exp.Placeholder)}


def qualifiers(tree: exp.Expr) -> set[str]:
    """What stands in front of columns: names of tables, or aliases."""
    return {node.table for node in tree.find_all(exp.Column) if node.table}


def tables_used(tree: exp.Expr) -> set[str]:
    """Names of all tables that the tree reads or writes."""
    return {node.name for node in tree.find_all(exp.Table)}


def to_sql(tree: exp.Expr) -> str:
    """SQLite text of a tree, which stays as it is (a test holds sqlglot to that: copying takes as long as writing)."""
    return tree.sql(dialect=DIALECT, copy=False)


def replace_placeholders(tree: exp.Expr, values: dict[str, exp.Expr]) -> exp.Expr:
    """The tree, which is changed, with `:name` replaced by an expression wherever `values` has the name."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder) and str(node.this) in values:
            return values[str(node.this)].copy()
        return node

    return tree.transform(replace, copy=False)


def projections(sql: str) -> list[tuple[str, tuple[str, str] | None]]:
    """Result columns of a SELECT: the name, and `(table, column)` where it is a plain column of a table."""
    tree = _parse(sql)
    if not isinstance(tree, exp.Select):
        raise SqlFault("is not a SELECT")
    aliases = {table.alias_or_name: table.name for table in _sources(tree)}
    found: list[tuple[str, tuple[str, str] | None]] = []
    for projection in tree.expressions:
        column = projection.unalias()
        plain = isinstance(column, exp.Column) and column.table in aliases
        found.append((projection.alias_or_name, (aliases[column.table], column.name) if plain else None))
    return found


def equalities(where: str, table: str) -> dict[str, str]:
    """Parameters that a bind fixes by `table.column = :parameter`, with the column."""
    fixed: dict[str, str] = {}
    condition = _parse_condition(where)
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        if not isinstance(part, exp.EQ):
            continue
        for column, parameter in ((part.left, part.right), (part.right, part.left)):
            if isinstance(column, exp.Column) and column.table == table and isinstance(parameter, exp.Placeholder):
                fixed[str(parameter.this)] = column.name
    return fixed


def _sources(tree: exp.Select) -> list[exp.Table]:
    sources: list[exp.Table] = []
    source = tree.args.get("from_") or tree.args.get("from")
    if source is not None and isinstance(source.this, exp.Table):
        sources.append(source.this)
    sources.extend(join.this for join in tree.args.get("joins") or [] if isinstance(join.this, exp.Table))
    return sources


@lru_cache(maxsize=8192)
def names_in(condition: str) -> frozenset[str]:
    """Names of the `:parameters` of a boolean expression."""
    return frozenset(placeholders(_parse_condition(condition)))
