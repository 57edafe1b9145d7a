"""Gives the tables, tools, codes and SQL of a specification a name space: `clinic__book_visit`, `clinic__visit`.

SQL is rewritten as a tree, never as text: a literal that spells a table's name stays as it is. `person` is shared.
"""

from typing import TypeVar

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import Bind, EnvironmentSpec, Invariant, Refusal, Returns, Rule, Table, Tool, Typed
from agentskiller_assets.errors import SpecError

__all__ = ["PERSON", "Namespace"]

PERSON = "person"
SEPARATOR = "__"
T = TypeVar("T", bound=Typed)


class Namespace:
    """One specification's names inside of a fused one."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        self.domain = spec.domain
        self._tables = {table.name for table in spec.tables} - {PERSON}

    def name(self, name: str) -> str:
        """The name of a table or tool."""
        return name if name == PERSON else f"{self.domain}{SEPARATOR}{name}"

    def code(self, code: str) -> str:
        """The code of a refusal."""
        return f"{self.domain.upper()}{SEPARATOR}{code}"

    def path(self, path: str | None) -> str | None:
        """`table.column` inside of the name space."""
        if path is None:
            return None
        table, _, column = path.partition(".")
        return f"{self.name(table)}.{column}"

    def tables(self) -> tuple[Table, ...]:
        """Every table but the shared one."""
        return tuple(self._table(table) for table in self.spec.tables if table.name != PERSON)

    def tools(self) -> tuple[Tool, ...]:
        """Every tool, with the role in which it is called."""
        return tuple(self._tool(tool) for tool in self.spec.tools)

    def names(self) -> list[str]:
        """The names of all tables and tools, and the codes of all refusals."""
        tools = self.spec.tools
        named = [self.name(each.name) for each in (*self.spec.tables, *tools)]
        return named + [self.code(refusal.code) for tool in tools for refusal in tool.refusals]

    def condition(self, text: str) -> str:
        """A boolean expression."""
        return sql.to_sql(self._rewrite(sql.parse_condition(text)))

    def statement(self, text: str) -> str:
        """A whole statement."""
        return sql.to_sql(self._rewrite(sql.parse(text)))

    def _rewrite(self, tree: exp.Expr) -> exp.Expr:
        aliases = {table.alias for table in tree.find_all(exp.Table) if table.alias}
        if shadows := aliases & self._tables:
            fault = f"the alias {min(shadows)} is also the name of a table: {sql.to_sql(tree)}"
            raise SpecError(self.domain, fault, "Take another alias.")

        def rename(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Table) and node.name in self._tables:
                node.set("this", exp.to_identifier(self.name(node.name)))
            elif isinstance(node, exp.Column) and node.table in self._tables:
                node.set("table", exp.to_identifier(self.name(node.table)))
            return node

        return tree.transform(rename, copy=False)

    def _table(self, table: Table) -> Table:
        columns = tuple(
            column.model_copy(update={"ref": self.name(column.ref)}) if column.ref else column
            for column in table.columns
        )
        invariants = tuple(
            Invariant(statement=each.statement, require=self.condition(each.require)) for each in table.invariants
        )
        return table.model_copy(update={"name": self.name(table.name), "columns": columns, "invariants": invariants})

    def _tool(self, tool: Tool) -> Tool:
        return tool.model_copy(
            update={
                "name": self.name(tool.name),
                "parameters": tuple(self._typed(parameter, "refers_to", "matches") for parameter in tool.parameters),
                "binds": tuple(self._bind(bind) for bind in tool.binds),
                "rules": tuple(self._rule(rule) for rule in tool.rules),
                "effects": tuple(self.statement(effect) for effect in tool.effects),
                "returns": self._returns(tool.returns),
                "authorizes": self.path(tool.authorizes),
                "role": self.name(self.spec.role_of(tool)),
            }
        )

    def _typed(self, typed: T, *fields: str) -> T:
        return typed.model_copy(update={field: self.path(getattr(typed, field)) for field in fields})

    def _bind(self, bind: Bind) -> Bind:
        refusal = Refusal(code=self.code(bind.refusal.code), statement=bind.refusal.statement)
        return Bind(table=self.name(bind.table), where=self.condition(bind.where), refusal=refusal)

    def _rule(self, rule: Rule) -> Rule:
        return rule.model_copy(update={"code": self.code(rule.code), "require": self.condition(rule.require)})

    def _returns(self, returns: Returns) -> Returns:
        return returns.model_copy(
            update={
                "sql": self.statement(returns.sql),
                "columns": tuple(self._typed(column, "refers_to") for column in returns.columns),
            }
        )
