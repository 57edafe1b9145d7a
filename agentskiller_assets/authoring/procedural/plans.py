"""From a service to the sample plans of its columns and parameters."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from agentskiller_assets.authoring.plans import ColumnPlan, EmptyUnless, SamplePlans, Sampler
from agentskiller_assets.authoring.procedural.pack import PackColumn
from agentskiller_assets.authoring.procedural.service import Service
from agentskiller_assets.core.spec import EnvironmentSpec

_SAMPLER: TypeAdapter[Sampler] = TypeAdapter(Sampler)
_DEFAULTS: dict[str, dict[str, Any]] = {
    "ref": {"kind": "foreign_key"},
    "enum": {"kind": "choice"},
    "integer": {"kind": "number"},
    "money": {"kind": "number"},
    "boolean": {"kind": "boolean"},
}


def write_plans(service: Service, spec: EnvironmentSpec) -> SamplePlans:
    """Plans for all tables but `person` (the population fills it) and all keys (they are counted)."""
    role = {
        "card_number": ColumnPlan(sampler=_parse(service, {"kind": "digits", "form": service.pack.role.card_number})),
        "active": ColumnPlan(sampler=_parse(service, {"kind": "boolean", "share": 0.93})),
        **_columns(service, service.pack.role.columns),
    }
    columns = {service.role.table: role}
    for part, entity in service.source.roles.items():
        columns[service.entities[part].table] = _columns(service, service.pack.entities[entity].columns)
    for table in service.pattern.tables:
        columns[service.nouns[table.noun].table] = _columns(service, table.columns)
    present = {table.name for table in spec.tables}
    return SamplePlans(
        columns={name: plan for name, plan in columns.items() if name in present},
        parameters={tool.name: _parameters(service, tool.parameters) for tool in service.tools},
    )


def _parameters(service: Service, parameters: dict[str, Any]) -> dict[str, tuple[Sampler, ...]]:
    return {
        name: tuple(_parse(service, sample) for sample in parameter.samples)
        for name, parameter in parameters.items()
        if parameter.samples
    }


def _columns(service: Service, columns: dict[str, PackColumn]) -> dict[str, ColumnPlan]:
    plans = {}
    for name, column in columns.items():
        empty = EmptyUnless.model_validate(column.empty_unless) if column.empty_unless else None
        sample = column.sample or _DEFAULTS.get(column.type)
        if sample is None:
            fix = "Add `sample: {kind: ...}`."
            raise service.file.error(("services", service.domain), f"column {name!r} has no sampler", fix)
        plans[name] = ColumnPlan(sampler=_parse(service, sample), empty_unless=empty)
    return plans


def _parse(service: Service, sample: dict[str, Any]) -> Sampler:
    named = dict(sample)
    if named.get("kind") == "texts" and isinstance(named["texts"], str):
        if named["texts"] not in service.texts:
            fix = f"Add a list `{named['texts']}` under `texts` of the service."
            raise service.file.error(("services", service.domain), f"no texts {named['texts']!r}", fix)
        named["texts"] = service.texts[named["texts"]]
    try:
        return _SAMPLER.validate_python(named)
    except ValidationError as error:
        fault = f"sampler {sample}: {error.errors()[0]['msg']}"
        raise service.file.error(("services", service.domain), fault, "See authoring/plans.py.") from error
