"""Sample plans: for every table one answer, and one for the free parameters; drawn once, and mended where rows fail."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agentskiller_assets.authoring.llm.parts import Faults, Part, write_parts
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.rehearsal import rehearse
from agentskiller_assets.authoring.llm.sample_checks import parameter_faults, table_faults
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.authoring.plans import ColumnPlan, EmptyUnless, SamplePlans, Sampler
from agentskiller_assets.core import sql
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Parameter, Table, Tool

PARAMETERS = "parameters of tools"
"""Name of the part that is about no table."""


class ColumnSample(Model):
    column: str
    sampler: Sampler
    empty_unless: EmptyUnless | None


class TableAnswer(Model):
    """Plans of one table's columns."""

    columns: tuple[ColumnSample, ...]

    def plans(self) -> dict[str, ColumnPlan]:
        """By column."""
        return {each.column: ColumnPlan(sampler=each.sampler, empty_unless=each.empty_unless) for each in self.columns}


class ParameterSample(Model):
    tool: str
    parameter: str
    samplers: tuple[Sampler, ...]


class ParametersAnswer(Model):
    """Samplers of all free parameters."""

    parameters: tuple[ParameterSample, ...]


TABLE = PromptFile("databases/table", "coding", TableAnswer, "databases")
FREE = PromptFile("databases/parameters", "coding", ParametersAnswer, "databases")


def plan_samples(scribe: Scribe, seed: int, spec: EnvironmentSpec) -> Written[SamplePlans]:
    """Plans from which rows can be made that keep every constraint, and that give each rule a case if they can."""
    parts: dict[str, Part[Any]] = {table.name: _table_part(spec, table) for table in _drawn(spec)}
    wanted = free_parameters(spec)
    if wanted:
        parts[PARAMETERS] = _parameters_part(spec, wanted)

    def rows(answers: Mapping[str, Any]) -> Faults:
        return rehearse(spec, plans_of(answers), seed).rows

    def cases(answers: Mapping[str, Any]) -> Faults:
        return _by_part(spec, parts, rehearse(spec, plans_of(answers), seed).cases)

    answered = write_parts(scribe, parts, seed, rows, wishes=cases)
    return Written(plans_of(answered.value), answered.call_ids)


def plans_of(answers: Mapping[str, Any]) -> SamplePlans:
    """All plans in one."""
    parameters: dict[str, dict[str, tuple[Sampler, ...]]] = {}
    free: ParametersAnswer | None = answers.get(PARAMETERS)
    for each in free.parameters if free else ():
        parameters.setdefault(each.tool, {})[each.parameter] = each.samplers
    columns = {table: answer.plans() for table, answer in answers.items() if table != PARAMETERS}
    return SamplePlans(columns=columns, parameters=parameters)


def drawn_columns(spec: EnvironmentSpec, table: Table) -> list[Column]:
    """Columns that need a plan: keys are counted, and people come from the population."""
    who = PERSON.key if table.name == spec.core_entity else ""
    return [column for column in table.columns if column.name not in (table.key, who)]


def free_parameters(spec: EnvironmentSpec) -> dict[str, list[str]]:
    """Parameters whose values are neither on record nor listed."""
    found = {tool.name: [parameter.name for parameter in tool.parameters if _is_free(parameter)] for tool in spec.tools}
    return {tool: names for tool, names in found.items() if names}


def _is_free(parameter: Parameter) -> bool:
    return not (parameter.refers_to or parameter.matches or parameter.type in ("enum", "boolean"))


def _drawn(spec: EnvironmentSpec) -> list[Table]:
    return [table for table in spec.tables if table.kind != "person"]


def _table_part(spec: EnvironmentSpec, table: Table) -> Part[TableAnswer]:
    columns = drawn_columns(spec, table)
    prompt = TABLE.to_ask(
        spec.domain,
        spec=spec,
        table=table,
        columns=columns,
        role=spec.table(spec.core_entity),
        tools=[tool for tool in spec.tools if tool.rules and table.name in tables_of(tool)],
    )

    def sound(answer: TableAnswer) -> Iterable[str]:
        return table_faults(spec, table, columns, [each.column for each in answer.columns], answer.plans())

    return Part(TABLE, prompt, (sound,))


def _parameters_part(spec: EnvironmentSpec, wanted: dict[str, list[str]]) -> Part[ParametersAnswer]:
    prompt = FREE.to_ask(
        spec.domain, spec=spec, tools=[tool for tool in spec.tools if tool.name in wanted], wanted=wanted
    )

    def sound(answer: ParametersAnswer) -> Iterable[str]:
        given = [(each.tool, each.parameter, each.samplers) for each in answer.parameters]
        return parameter_faults(spec, wanted, given)

    return Part(FREE, prompt, (sound,))


def tables_of(tool: Tool) -> set[str]:
    """Tables that decide whether a call is accepted."""
    texts = [*(bind.where for bind in tool.binds), *(rule.require for rule in tool.rules)]
    found = {bind.table for bind in tool.binds}
    return found.union(*(sql.tables_used(sql.parse_condition(text)) for text in texts))


def _by_part(spec: EnvironmentSpec, parts: Mapping[str, Part[Any]], gaps: Mapping[str, Sequence[str]]) -> Faults:
    """What has no case, laid to the tables that the tool looks at and to its parameters."""
    found: dict[str, list[str]] = {}
    free = free_parameters(spec)
    for tool, faults in gaps.items():
        names = [*sorted(tables_of(spec.tool(tool)) & parts.keys()), *([PARAMETERS] if tool in free else [])]
        for name in names:
            found.setdefault(name, []).extend(faults)
    return found
