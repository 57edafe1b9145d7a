"""Repairs: one part of one tool, written anew so that it keeps what was promised of it."""

from collections.abc import Iterable

from agentskiller_assets.authoring.drafts import FragmentField, Patch, RepairRequest
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import Bind, EnvironmentSpec, Parameter, Returns, Rule, Tool
from agentskiller_assets.environment.fragments import FragmentChecker
from agentskiller_assets.environment.validation import tool_faults


class _Repair(Model):
    why: str


class ParametersRepair(_Repair):
    parameters: tuple[Parameter, ...]


class BindsRepair(_Repair):
    binds: tuple[Bind, ...]


class RulesRepair(_Repair):
    rules: tuple[Rule, ...]


class EffectsRepair(_Repair):
    effects: tuple[str, ...]


class ReturnsRepair(_Repair):
    returns: Returns


def _form(answer: type[_Repair]) -> PromptFile[_Repair]:
    return PromptFile("servers/repair", "coding", answer, "mcp_servers", "fused_servers")


REPAIRS: dict[FragmentField, PromptFile[_Repair]] = {
    "parameters": _form(ParametersRepair),
    "binds": _form(BindsRepair),
    "rules": _form(RulesRepair),
    "effects": _form(EffectsRepair),
    "returns": _form(ReturnsRepair),
}
"""One form of answer for each part of a tool."""


def repair(scribe: Scribe, seed: int, request: RepairRequest) -> Written[Patch]:
    """The part at fault, written anew."""
    form = REPAIRS[request.field]
    answered = scribe.ask(
        form, form.to_ask(request.domain, request=request), seed, lambda answer: repair_faults(request, answer)
    )
    return Written(_patch(request, answered.value), answered.call_ids)


def _patch(request: RepairRequest, answer: _Repair) -> Patch:
    return Patch(tool=request.tool.name, **dict(answer))


def repair_faults(request: RepairRequest, answer: _Repair) -> Iterable[str]:
    """Where a patch breaks a promise, or is no sound fragment."""
    patch = _patch(request, answer)
    tool = request.tool.model_copy(update={field: getattr(patch, field) for field in patch.fields})
    promised = [(each.code, each.statement) for each in request.refusals]
    match request.field:
        case "parameters" if tool.parameters != request.parameters:
            yield "The parameters are not those that were promised."
        case "binds" | "rules" if [(each.code, each.statement) for each in tool.refusals] != promised:
            yield f"The tool would refuse with {_codes(tool)}, not with {[code for code, _ in promised]} in this order."
        case "returns" if (tool.returns.columns, tool.returns.many) != (request.columns, request.many):
            yield "The columns of the result are not those that were promised."
        case _:
            yield from map(str, tool_faults(FragmentChecker(_world(request, tool)), tool))


def _codes(tool: Tool) -> list[str]:
    return [each.code for each in tool.refusals]


def _world(request: RepairRequest, tool: Tool) -> EnvironmentSpec:
    """The tables of the service with this one tool; nothing else decides whether its fragments are sound."""
    return EnvironmentSpec(
        domain=request.domain,
        server_name="Repair",
        title="Repair",
        description="Repair",
        core_entity=next(table.name for table in request.tables if table.kind == "entity"),
        simulation_time="2000-01-01 00:00:00",
        tables=request.tables,
        tools=(tool,),
    )
