"""Bridges between two services that know nothing of each other: a new record of one refers to an open one of the other.

Any two services can have a partner scheme, whatever they are: who has something going with the one gets it with the
other. That is why a new record refers to an open one, and what people say of it. Which tables and tools these are is
read from the specification; nothing here knows a pattern.
"""

from sqlglot import exp

from agentskiller_assets.authoring.drafts import BridgeDraft
from agentskiller_assets.core import language, sql
from agentskiller_assets.core.spec import Bind, EnvironmentSpec, Parameter, Refusal, Rule, Table, Tool


def write_bridges(spec: EnvironmentSpec) -> tuple[BridgeDraft, ...]:
    """The one bridge from the core entity's service to the other; none where there is nothing to refer to, or where
    both keep the same sort of record: nobody could say which of the two is meant.
    """
    if len(spec.roles) != 2:
        return ()
    first, second = spec.roles
    source, makers = _main_record(spec, first), _makers(spec, second)
    if source is None or not makers:
        return ()
    target, tool = makers[0]
    if target.column(source.key) or tool.parameter(source.key):
        return ()
    return (_reference(spec, source, target, tool, (first, second)),)


def _reference(spec: EnvironmentSpec, source: Table, target: Table, tool: Tool, roles: tuple[str, str]) -> BridgeDraft:
    first, second = (spec.table(role) for role in roles)
    space, name = tool.name.partition("__")[0].upper(), source.name.partition("__")[2].upper()
    owner = next(column.name for column in source.columns if column.ref == first.name)
    states_of = source.column(str(source.status))
    # in the order of the column's values: a mapping comes back from storage in another order
    open_states = tuple(state for state in (states_of.values if states_of else ()) if source.transitions.get(state))
    key = f"{source.name}.{source.key}"
    mine = (
        f"{source.name}.{owner} IN (SELECT a.{first.key} FROM {first.name} AS a JOIN {second.name} AS b"
        f" ON b.person_id = a.person_id WHERE b.{second.key} = :me)"
    )
    states = ", ".join(f"'{state}'" for state in open_states)
    words = language.join_words(tuple(language.humanize(state) for state in open_states), "or")
    one, other = language.article(source.title), language.article(target.title)
    return BridgeDraft(
        tag="document_number",
        source=source.name,
        column=source.key,
        tool=tool.name,
        parameter=Parameter(
            name=source.key,
            type="id",
            refers_to=key,
            description=f"The {source.title} that counts for the partner scheme.",
        ),
        bind=Bind(
            table=source.name,
            where=f"{key} = :{source.key} AND {mine}",
            refusal=Refusal(
                code=f"{space}__REFERENCE_TO_{name}_NOT_FOUND",
                statement=f"A new {target.title} comes under the partner scheme, which needs {one} of the same person.",
            ),
        ),
        rules=(
            Rule(
                code=f"{space}__REFERENCE_TO_{name}_NOT_OPEN",
                statement=f"The {source.title} that counts for the partner scheme must have the status {words}.",
                require=f"{source.name}.{source.status} IN ({states})",
            ),
        ),
        kept_in=target.name,
        request_suffix=f", under the partner scheme for {{{{ {source.name} }}}}",
        short_request=f"{language.small(tool.title)} under the partner scheme for {{{{ {source.name} }}}}",
        why=f"The two services have a partner scheme: {other} comes under it for whoever has {one}.",
    )


def _main_record(spec: EnvironmentSpec, role: str) -> Table | None:
    """The relationship of a role with states that most can be done with."""
    found = [
        table
        for table in spec.tables
        if table.kind == "relationship" and table.status and any(column.ref == role for column in table.columns)
    ]
    return max(found, key=lambda table: len(table.columns), default=None)


def _makers(spec: EnvironmentSpec, role: str) -> list[tuple[Table, Tool]]:
    """The tools that make a role's main record."""
    main = _main_record(spec, role)
    if main is None:
        return []
    return [(main, tool) for tool in spec.tools if spec.role_of(tool) == role and _makes(tool, main.name)]


def _makes(tool: Tool, table: str) -> bool:
    trees = [sql.parse(effect) for effect in tool.effects]
    targets = [tree.this.find(exp.Table) for tree in trees if isinstance(tree, exp.Insert)]
    return any(target is not None and target.name == table for target in targets)
