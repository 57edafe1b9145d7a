"""The environment specification: tables, tools, rules and their SQL, as frozen data.

Everything an agent can see or do is derived from these models: the database, the MCP server, the policy, the
tool list, the planner's queries and the tests. Rules, binds, effects and results are SQLite SQL. Four names are
always available to a fragment: the tool's own `:parameters`, `:me` (key of the authorised core entity's row),
`:now` (simulation time) and, in effects and results, `:new_id` (key of the row that the call inserts).

Money is a number with two decimals, dates are `YYYY-MM-DD`, and times are `YYYY-MM-DD HH:MM:SS`, which is what
SQLite's own `date()` and `datetime()` return: comparisons need no conversion.
"""

from typing import Literal

from pydantic import Field

from agentskiller_assets.core.records import Model

ColumnType = Literal["id", "ref", "text", "enum", "integer", "money", "boolean", "date", "datetime", "email", "phone"]
TableKind = Literal["person", "entity", "relationship"]

NAME = r"^[a-z][a-z0-9_]{0,62}$"
CODE = r"^([A-Z][A-Z0-9]*(_[A-Z0-9]+)*__)?[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$"
TOOL_NAME = r"^[a-zA-Z0-9_-]{1,64}$"


def space_of(name: str) -> str | None:
    """The name space of a table, tool or code of two services in one; None for what both share."""
    space, found, _ = name.partition("__")
    return space if found else None


class Typed(Model):
    """What columns, parameters and result columns have in common: a type and its bounds."""

    name: str = Field(pattern=NAME)
    type: ColumnType
    description: str
    values: tuple[str, ...] = ()
    """Allowed values of an `enum`."""
    minimum: float | None = None
    """Smallest number (`integer`, `money`)."""
    maximum: float | None = None
    """Largest number; for `text`, the greatest length."""


class Column(Typed):
    nullable: bool = False
    unique: bool = False
    ref: str | None = None
    """The table whose key a `ref` column holds."""
    tag: str | None = None
    """Semantic tag that lets another domain use the value: `money`, `date`, `document_number`, `city`, ..."""


class Invariant(Model):
    """A SQL boolean over one row of its table (by the table's own name) that is true at all times."""

    statement: str
    require: str


class Table(Model):
    name: str = Field(pattern=NAME)
    kind: TableKind
    title: str
    """What a person calls one row: `appointment`, `music teacher`."""
    description: str
    key: str
    id_prefix: str = Field(pattern=r"^[A-Z]{2,5}$")
    """Keys look like `APT-10042`."""
    columns: tuple[Column, ...]
    status: str | None = None
    """The column that `transitions` is about."""
    transitions: dict[str, tuple[str, ...]] = {}
    invariants: tuple[Invariant, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


class Parameter(Typed):
    required: bool = True
    refers_to: str | None = None
    """`table.column`, where the value is a key that a read tool returns."""
    matches: str | None = None
    """`table.column`, where the parameter filters by a value that the user knows (a city, a speciality)."""


class Refusal(Model):
    code: str = Field(pattern=CODE)
    statement: str


class Rule(Refusal):
    """A condition of a tool. `statement` is the sentence of the policy, `require` the same in SQL."""

    require: str


class Bind(Model):
    """The one row of `table` that a call works on; any other number of rows is a refusal."""

    table: str
    where: str
    refusal: Refusal


class ResultColumn(Typed):
    nullable: bool = False
    refers_to: str | None = None
    """`table.column`, where the value is a key or a described attribute of that table."""


class Returns(Model):
    """A SELECT with a total order. `many` says whether the result is a list of rows or exactly one."""

    sql: str
    columns: tuple[ResultColumn, ...]
    many: bool


class Tool(Model):
    name: str = Field(pattern=TOOL_NAME)
    title: str
    """Imperative in plain words: `Cancel an appointment`."""
    description: str
    access: Literal["read", "write"]
    parameters: tuple[Parameter, ...] = ()
    binds: tuple[Bind, ...] = ()
    rules: tuple[Rule, ...] = ()
    effects: tuple[str, ...] = ()
    returns: Returns
    authorizes: str | None = None
    """`table.key` of the role, on the one tool that identifies the caller in that role."""
    role: str | None = None
    """The table whose identified row `:me` is; None for the core entity. Two services in one have two roles."""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Everything that the tool can refuse with, in the order in which it is tried."""
        return (*(bind.refusal for bind in self.binds), *self.rules)


class EnvironmentSpec(Model):
    """One service: what it stores, what its tools do and when they refuse."""

    domain: str = Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*(--[a-z][a-z0-9]*(_[a-z0-9]+)*)?$")
    server_name: str
    title: str
    description: str
    core_entity: str
    simulation_time: str
    tables: tuple[Table, ...]
    tools: tuple[Tool, ...]

    def table(self, name: str) -> Table:
        """The table of that name; `KeyError` names it if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"no table {name!r} in {self.domain}")

    def tool(self, name: str) -> Tool:
        """The tool of that name; `KeyError` names it if there is none."""
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise KeyError(f"no tool {name!r} in {self.domain}")

    @property
    def roles(self) -> tuple[str, ...]:
        """The tables in whose rows callers are identified: the core entity, and that of a second service."""
        return tuple(dict.fromkeys([self.core_entity, *(tool.role for tool in self.tools if tool.role)]))

    @property
    def authorizer(self) -> Tool:
        """The tool that identifies the caller as the core entity."""
        return self.authorizer_of(self.core_entity)

    def as_role(self, role: str) -> "EnvironmentSpec":
        """What one role can do here: all tables, and the tools in which its row is `:me`."""
        tools = tuple(tool for tool in self.tools if self.role_of(tool) == role)
        return self.model_copy(update={"core_entity": role, "tools": tools})

    def role_of(self, tool: Tool) -> str:
        """The table whose identified row is `:me` in a tool."""
        return tool.role or self.core_entity

    def authorizer_of(self, role: str) -> Tool:
        """The one tool that identifies the caller in a role; `KeyError` names the role if there is none."""
        for tool in self.tools:
            if tool.authorizes and self.role_of(tool) == role:
                return tool
        raise KeyError(f"no tool identifies {role!r} in {self.domain}")
