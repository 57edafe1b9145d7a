"""Builds a bridge into a fused specification: parameter, bind and rules of the receiving tool, and where it is kept."""

from sqlglot import exp

from agentskiller_assets.authoring.drafts import BridgeDraft
from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table, Tool, space_of
from agentskiller_assets.errors import SpecError

__all__ = ["with_bridge"]


def with_bridge(spec: EnvironmentSpec, bridge: BridgeDraft) -> EnvironmentSpec:
    """The specification with one bridge. `SpecError` when it does not lead from one service into the other."""
    if space_of(bridge.source) == space_of(bridge.tool):
        fault = f"the bridge from {bridge.source} to {bridge.tool} stays within one service"
        raise SpecError(spec.domain, fault, "Lead it into the other service.")
    tool = spec.tool(bridge.tool)
    if tool.parameter(bridge.parameter.name):
        fault = f"{bridge.tool} has a parameter {bridge.parameter.name!r} already"
        raise SpecError(spec.domain, fault, "Take another name.")
    if bridge.kept_in and spec.table(bridge.kept_in).column(bridge.parameter.name):
        fault = f"{bridge.kept_in} has a column {bridge.parameter.name!r} already"
        raise SpecError(spec.domain, fault, "Take another name.")
    tools = tuple(_receiving(spec, each, bridge) if each.name == tool.name else each for each in spec.tools)
    tables = tuple(_keeping(each, bridge) if each.name == bridge.kept_in else each for each in spec.tables)
    return spec.model_copy(update={"tools": tools, "tables": tables})


def _receiving(spec: EnvironmentSpec, tool: Tool, bridge: BridgeDraft) -> Tool:
    return tool.model_copy(
        update={
            "parameters": (*tool.parameters, bridge.parameter),
            "binds": (*tool.binds, bridge.bind),
            "rules": (*tool.rules, *bridge.rules),
            "effects": tuple(_keep(spec, effect, bridge) for effect in tool.effects),
        }
    )


def _keeping(table: Table, bridge: BridgeDraft) -> Table:
    parameter = bridge.parameter
    column = Column(
        name=parameter.name,
        type="ref" if bridge.parameter.refers_to else parameter.type,
        ref=bridge.source if bridge.parameter.refers_to else None,
        nullable=True,
        description=parameter.description,
        tag=bridge.tag,
    )
    return table.model_copy(update={"columns": (*table.columns, column)})


def _keep(spec: EnvironmentSpec, effect: str, bridge: BridgeDraft) -> str:
    """The INSERT into the keeping table with the value as one more column."""
    tree = sql.parse(effect)
    if not isinstance(tree, exp.Insert) or not isinstance(tree.this, exp.Schema):
        return effect
    if tree.this.this.name != bridge.kept_in:
        return effect
    values = tree.expression
    if not isinstance(values, exp.Values) or len(values.expressions) != 1:
        fault = f"the bridge cannot keep its value: {effect}"
        raise SpecError(f"{spec.domain}.{bridge.tool}", fault, "Write INSERT INTO table (columns) VALUES (one row).")
    tree.this.append("expressions", exp.to_identifier(bridge.parameter.name))
    values.expressions[0].append("expressions", exp.Placeholder(this=bridge.parameter.name))
    return sql.to_sql(tree)
