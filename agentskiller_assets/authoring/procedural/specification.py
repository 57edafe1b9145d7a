"""From a service to its environment specification."""

from typing import Any

from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.authoring.procedural.pack import PackColumn, PackEntity
from agentskiller_assets.authoring.procedural.pattern import PatternParameter, PatternReturns, PatternTable, PatternTool
from agentskiller_assets.authoring.procedural.rendering import render_text
from agentskiller_assets.authoring.procedural.service import Service
from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import (
    Bind,
    Column,
    EnvironmentSpec,
    Invariant,
    Parameter,
    Refusal,
    ResultColumn,
    Returns,
    Rule,
    Table,
    Tool,
)
from agentskiller_assets.errors import SpecError


def write_specification(service: Service, simulation_time: str) -> EnvironmentSpec:
    """The whole environment of a service. Relationship tables that no tool uses are left out."""
    tables = {table.name: table for table in (PERSON, role_table(service), *entity_tables(service))}
    tables.update((service.nouns[table.noun].table, _relationship(service, table)) for table in service.pattern.tables)
    writer = _ToolWriter(service.domain, tables)
    tools = (_identify(service), *(writer.tool(tool) for tool in service.tools))
    return EnvironmentSpec(
        domain=service.domain,
        server_name="".join(word.capitalize() for word in service.domain.split("_")),
        title=service.source.title,
        description=service.source.description,
        core_entity=service.role.table,
        simulation_time=simulation_time,
        tables=tuple(_used(tables, tools)),
        tools=tools,
    )


def role_table(service: Service) -> Table:
    """The core entity: one row for each person whom the service serves."""
    role = service.role
    fixed = (
        Column(name=role.key, type="id", description=f"Identifies the {role.title}."),
        Column(name="person_id", type="ref", ref="person", unique=True, description=f"Who the {role.title} is."),
        Column(
            name="card_number",
            type="text",
            maximum=24,
            unique=True,
            tag="document_number",
            description=f"Number on the {role.card}.",
        ),
        Column(name="active", type="boolean", description=f"Whether the {role.title} may use the service."),
    )
    return Table(
        name=role.table,
        kind="entity",
        title=role.title,
        description=service.pack.role.description,
        key=role.key,
        id_prefix=role.prefix,
        columns=(*fixed, *(_column(name, column) for name, column in service.pack.role.columns.items())),
    )


def entity_tables(service: Service) -> list[Table]:
    """The things that the service keeps on record."""
    return [_entity(service, part) for part in service.source.roles]


def _entity(service: Service, part: str) -> Table:
    noun, source = service.entities[part], _source(service, part)
    key = Column(name=noun.key, type="id", description=f"Identifies the {noun.title}.")
    return Table(
        name=noun.table,
        kind="entity",
        title=noun.title,
        description=source.description,
        key=noun.key,
        id_prefix=noun.prefix,
        columns=(key, *(_column(name, column) for name, column in source.columns.items())),
    )


def _source(service: Service, part: str) -> PackEntity:
    return service.pack.entities[service.source.roles[part]]


def _relationship(service: Service, source: PatternTable) -> Table:
    noun = service.nouns[source.noun]
    key = Column(name=noun.key, type="id", description=f"Identifies the {noun.title}.")
    return Table(
        name=noun.table,
        kind="relationship",
        title=noun.title,
        description=source.description,
        key=noun.key,
        id_prefix=noun.prefix,
        columns=(key, *(_column(name, column) for name, column in source.columns.items())),
        status=source.status,
        transitions=source.transitions,
        invariants=tuple(Invariant(statement=each.statement, require=each.require) for each in source.invariants),
    )


def _column(name: str, source: PackColumn) -> Column:
    return Column(name=name, **source.model_dump(exclude={"sample", "empty_unless"}))


def _identify(service: Service) -> Tool:
    role, columns = service.role, service.identification.columns
    own = {"card_number"}
    conditions = [f"p.{name} = :{name}" for name in columns if name not in own]
    where = [f"{role.table}.{name} = :{name}" for name in columns if name in own]
    person = f"{role.table}.person_id IN (SELECT p.person_id FROM person AS p WHERE {' AND '.join(conditions)})"
    table = role_table(service)
    key = f"{role.table}.{role.key}"
    parameters = []
    for name in columns:
        source = table if name in own else PERSON
        column = source.column(name)
        assert column is not None
        bounds = column.model_dump(include={"name", "type", "values", "minimum", "maximum", "description"})
        parameters.append(Parameter(**bounds, matches=f"{source.name}.{name}"))
    return Tool(
        name=f"identify_{role.table}",
        title=f"Identify the {role.title}",
        description=f"Identifies the {role.title} who is asking. Everything else in this service comes after it.",
        access="read",
        parameters=tuple(parameters),
        binds=(
            Bind(
                table=role.table,
                where=" AND ".join([*where, person]),
                refusal=Refusal(
                    code=f"{role.code}_NOT_IDENTIFIED",
                    statement=f"The details given must match those of exactly one {role.title}.",
                ),
            ),
        ),
        rules=(Rule(code=f"{role.code}_NOT_ACTIVE", statement=_inactive(service), require=f"{role.table}.active = 1"),),
        returns=Returns(
            sql=f"SELECT r.{role.key}, p.full_name FROM {role.table} AS r JOIN person AS p "
            f"ON p.person_id = r.person_id WHERE r.{role.key} = :me ORDER BY r.{role.key}",
            columns=(
                ResultColumn(name=role.key, type="id", description=f"Identifies the {role.title}.", refers_to=key),
                ResultColumn(name="full_name", type="text", description="First and last name."),
            ),
            many=False,
        ),
        authorizes=key,
    )


def _inactive(service: Service) -> str:
    return render_text(service.file, service.pack.role.inactive, {"role": service.role}, ("role", "inactive"))


class _ToolWriter:
    """Turns the tools of a pattern into those of a specification, filling types from the tables."""

    def __init__(self, domain: str, tables: dict[str, Table]) -> None:
        self.domain = domain
        self.tables = tables

    def tool(self, source: PatternTool) -> Tool:
        """One tool, with every type and bound written out."""
        return Tool(
            name=source.name,
            title=source.title,
            description=source.description,
            access=source.access,
            parameters=tuple(self._parameter(source.name, *item) for item in source.parameters.items()),
            binds=tuple(
                Bind(table=bind.table, where=bind.where, refusal=Refusal(code=bind.code, statement=bind.statement))
                for bind in source.binds
            ),
            rules=tuple(Rule(code=r.code, statement=r.statement, require=r.require) for r in source.rules),
            effects=source.effects,
            returns=self._returns(source.name, source.returns),
        )

    def _parameter(self, tool: str, name: str, source: PatternParameter) -> Parameter:
        typed: dict[str, Any] = source.model_dump(include={"type", "values", "minimum", "maximum"})
        if source.like:
            column = self._column(tool, source.like)
            typed = column.model_dump(include={"type", "values", "minimum", "maximum"})
        elif source.refers_to:
            typed = {"type": "id", "values": (), "minimum": None, "maximum": None}
        elif source.type is None:
            raise SpecError(f"{self.domain}.{tool}.{name}", "has no type", "Give `type`, `like` or `refers_to`.")
        return Parameter(
            name=name,
            description=source.description,
            required=source.required,
            refers_to=source.refers_to,
            matches=source.matches,
            **typed,
        )

    def _returns(self, tool: str, source: PatternReturns) -> Returns:
        columns = [
            self._declared(name, source) if name in source.columns else self._inferred(tool, name, origin)
            for name, origin in sql.projections(source.sql)
        ]
        return Returns(sql=source.sql, columns=tuple(columns), many=source.many)

    def _declared(self, name: str, source: PatternReturns) -> ResultColumn:
        return ResultColumn(name=name, **source.columns[name].model_dump())

    def _inferred(self, tool: str, name: str, origin: tuple[str, str] | None) -> ResultColumn:
        if origin is None:
            fix = "Describe it under `returns.columns`."
            raise SpecError(f"{self.domain}.{tool}", f"result column {name!r} is computed but not described", fix)
        column = self._column(tool, ".".join(origin))
        refers_to = f"{origin[0]}.{origin[1]}" if column.type == "id" else None
        if column.type == "ref" and column.ref:
            refers_to = f"{column.ref}.{self.tables[column.ref].key}"
        bounds = column.model_dump(include={"type", "values", "minimum", "maximum", "nullable", "description"})
        return ResultColumn(name=name, refers_to=refers_to, **bounds)

    def _column(self, tool: str, path: str) -> Column:
        table, _, name = path.partition(".")
        column = self.tables[table].column(name) if table in self.tables else None
        if column is None:
            fix = f"Tables are {sorted(self.tables)}."
            raise SpecError(f"{self.domain}.{tool}", f"refers to {path!r}, which does not exist", fix)
        return column


def _used(tables: dict[str, Table], tools: tuple[Tool, ...]) -> list[Table]:
    used: set[str] = set()
    for tool in tools:
        fragments = [*tool.effects, tool.returns.sql, *(f"SELECT 1 WHERE {rule.require}" for rule in tool.rules)]
        for fragment in fragments:
            used |= sql.tables_used(sql.parse(fragment))
    return [table for table in tables.values() if table.kind != "relationship" or table.name in used]
