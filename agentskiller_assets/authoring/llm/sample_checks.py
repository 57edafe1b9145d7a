"""What sample plans are held to before any row is drawn."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlglot import exp

from agentskiller_assets.authoring import plans
from agentskiller_assets.authoring.plans import ColumnPlan, Sampler
from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table, Typed
from agentskiller_assets.environment.fragments import indeterminate

MOST_DAYS = 40_000
"""Before and after the present: a century."""
MOST_DIGITS = 12
_KINDS = {
    "ref": {"foreign_key", "sql"},
    "enum": {"choice", "sql"},
    "boolean": {"boolean", "choice", "sql"},
    "integer": {"number", "choice", "sql"},
    "money": {"number", "choice", "sql"},
    "date": {"date", "sql"},
    "datetime": {"datetime", "sql"},
    "email": {"email", "sql", "texts"},
    "phone": {"phone", "sql", "texts", "digits"},
    "text": {"texts", "combine", "digits", "person_name", "choice", "sql"},
}
"""Samplers that can draw a value of a type."""


def table_faults(
    spec: EnvironmentSpec,
    table: Table,
    columns: Sequence[Column],
    given: Sequence[str],
    found: Mapping[str, ColumnPlan],
) -> Iterator[str]:
    """What is wrong with the plans of one table."""
    wanted = [column.name for column in columns]
    if sorted(given) != sorted(wanted):
        yield f"The columns are {list(given)}; give exactly one plan to each of {wanted}."
        return
    for column in columns:
        plan, where = found[column.name], f"{table.name}.{column.name}"
        yield from _kind(where, column, plan.sampler, _KINDS[column.type])
        yield from (f"{where}: {fault}" for fault in sampler_faults(spec, plan.sampler))
        others = {*wanted} - {column.name}
        yield from (f"{where}: {name!r} is no other column." for name in _others(plan) if name not in others)
        if plan.empty_unless and not column.nullable:
            yield f"{where} may not be NULL, so that it has no `empty_unless`."


def parameter_faults(
    spec: EnvironmentSpec, wanted: Mapping[str, Sequence[str]], given: Sequence[tuple[str, str, Sequence[Sampler]]]
) -> Iterator[str]:
    """What is wrong with the samplers of parameters."""
    names = [f"{tool}.{name}" for tool, parameters in wanted.items() for name in parameters]
    found = [f"{tool}.{name}" for tool, name, _ in given]
    if sorted(found) != sorted(names):
        yield f"The parameters are {found}; give samplers to each of {names} once."
        return
    for tool, name, samplers in given:
        parameter = spec.tool(tool).parameter(name)
        assert parameter is not None
        kinds = (_KINDS[parameter.type] | {"column"}) - {"sql", "foreign_key"}
        if not samplers:
            yield f"{tool}.{name} has no sampler."
        for sampler in samplers:
            yield from _kind(f"{tool}.{name}", parameter, sampler, kinds)
            yield from (f"{tool}.{name}: {fault}" for fault in sampler_faults(spec, sampler))
            yield from (f"{tool}.{name}: there is no column {each!r} to go by." for each in _looked_at(sampler))


def sampler_faults(spec: EnvironmentSpec, sampler: Sampler) -> Iterator[str]:
    """What is wrong with one sampler: limits within which drawing ends, and SQL that only reads."""
    match sampler:
        case plans.Moment():
            yield from _moment(sampler)
        case plans.Number() if sampler.step <= 0:
            yield "`step` is above 0."
        case plans.Choice() if any(w < 0 for ws in (sampler.weights, *sampler.weights_by.values()) for w in ws):
            yield "no weight is below 0."
        case plans.Texts() if not sampler.texts:
            yield "`texts` is empty."
        case plans.Combine() if not sampler.parts or not all(sampler.parts):
            yield "`parts` and every list in it hold something."
        case plans.Digits() if not 0 < sampler.form.count("#") <= MOST_DIGITS:
            yield f"`form` has from 1 to {MOST_DIGITS} times `#`."
        case plans.ForeignKey() if sampler.where is not None:
            yield from _condition(spec, sampler.where)
        case plans.SqlValue():
            yield from _expression(spec, sampler.expression)
        case plans.ExistingValue():
            yield from _existing(spec, sampler)
        case _:
            pass


def _kind(where: str, typed: Typed, sampler: Sampler, kinds: Collection[str]) -> Iterator[str]:
    if sampler.kind not in kinds:
        yield f"{where} is {typed.type}, which {sampler.kind!r} cannot draw; take one of {sorted(kinds)}."


def _moment(sampler: plans.Moment) -> Iterator[str]:
    ranges = list(sampler.days.values()) if isinstance(sampler.days, dict) else [sampler.days]
    if any(first > last or max(abs(first), abs(last)) > MOST_DAYS for first, last in ranges):
        yield f"`days` go from the earlier to the later day, at most {MOST_DAYS} away."
    if isinstance(sampler.days, dict) != (sampler.by is not None):
        yield "`days` by value come with `by`, and one range comes without."
    first, last = sampler.hours
    if not 0 <= first <= last <= 23 or not sampler.minutes or not all(0 <= m <= 59 for m in sampler.minutes):
        yield "`hours` go from the earlier to the later hour, 0 to 23, and `minutes` are from 0 to 59."


def _existing(spec: EnvironmentSpec, sampler: plans.ExistingValue) -> Iterator[str]:
    table, _, name = sampler.column.partition(".")
    if not any(each.name == table and each.column(name) for each in spec.tables):
        yield f"{sampler.column!r} is no column."
    elif sampler.where is not None:
        yield from _condition(spec, sampler.where)


def _condition(spec: EnvironmentSpec, text: str) -> Iterator[str]:
    yield from _reads(spec, text, f"SELECT 1 WHERE {text}")


def _expression(spec: EnvironmentSpec, text: str) -> Iterator[str]:
    yield from _reads(spec, text, f"SELECT ({text})")


def _reads(spec: EnvironmentSpec, text: str, statement: str) -> Iterator[str]:
    """A fragment that is one expression, over declared tables, of what is on record and the present alone."""
    try:
        tree = sql.parse(statement)
    except sql.SqlFault as fault:
        yield f"{text!r} {fault}."
        return
    if (
        not isinstance(tree, exp.Select)
        or len(tree.expressions) != 1
        or tree.args.get("from_")
        or tree.args.get("with_")
    ):
        yield f"{text!r} is not one expression."
    if any(tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Command, exp.With)):
        yield f"{text!r} does more than read."
    unknown = sorted(sql.tables_used(tree) - {table.name for table in spec.tables})
    if unknown:
        yield f"{text!r} uses {unknown}, which are no tables."
    strange = sorted(sql.placeholders(tree) - {"now"})
    if strange:
        yield f"{text!r} uses {strange}; there is only `:now`."
    yield from (f"{text!r} {fault}. {fix}" for fault, fix in indeterminate(tree))


def _others(plan: ColumnPlan) -> list[str]:
    """Other columns that a plan names."""
    return [*([plan.empty_unless.column] if plan.empty_unless else []), *_looked_at(plan.sampler)]


def _looked_at(sampler: Sampler) -> list[str]:
    found = [by for by in [getattr(sampler, "by", None)] if by]
    found += getattr(sampler, "distinct_within", ())
    limit = getattr(sampler, "at_most", None)
    return [*found, *(limit.per if limit else ())]
