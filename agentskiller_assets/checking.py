"""Asset checks: plain functions that name what is at fault, run by Dagster in one step per asset and partition."""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping

import dagster as dg

from agentskiller_assets.metadata import PARTITIONS

Faults = Mapping[str, list[str]]
"""For every check of an asset, what is wrong; an empty list passes."""
_MOST_SHOWN = 20


def checks_of(
    asset: str,
    *,
    partitions: dg.PartitionsDefinition | None = PARTITIONS,
    warn: tuple[str, ...] = (),
    step: str | None = None,
    again: dg.AutomationCondition | None = None,
    **descriptions: str,
) -> Callable[[Callable[..., Faults]], dg.AssetChecksDefinition]:
    """Declares the checks of an asset, blocking but for those that only `warn`: nothing is built on what failed one.

    The decorated function takes the asset and whatever other assets it compares it with, and answers with a list of
    faults for every check that is named here. Those others have the asset's partitions or none: checks know no
    partition mapping, so that one of a pair cannot take what is of its domains. It may take resources. Checks that are
    made `again` without their asset have a `step` of their own.
    """

    def decorate(function: Callable[..., Faults]) -> dg.AssetChecksDefinition:
        @functools.wraps(function)
        def run(**inputs: object) -> Iterator[dg.AssetCheckResult]:
            found = _looked_at(function, inputs, descriptions)
            if set(found) != set(descriptions):
                raise ValueError(f"{function.__name__} answers {sorted(found)}, declared are {sorted(descriptions)}")
            for name in descriptions:
                yield _result(asset, name, found[name], warn=name in warn)

        signature = inspect.signature(function)
        run.__signature__ = signature.replace(return_annotation=inspect.Signature.empty)  # type: ignore[attr-defined]
        run.__annotations__ = {k: v for k, v in function.__annotations__.items() if k != "return"}
        others = [each.name for each in signature.parameters.values() if each.name != asset and not _is_resource(each)]
        specs = [
            _spec(asset, name, text, others, partitions, name not in warn, again) for name, text in descriptions.items()
        ]
        return dg.multi_asset_check(name=step or f"{asset}_checks", specs=specs)(run)

    return decorate


def _looked_at(function: Callable[..., Faults], inputs: Mapping[str, object], names: Iterable[str]) -> Faults:
    """What the checks say. Where they break they have failed: nothing may be built on what could not be looked at."""
    try:
        return function(**inputs)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run must know that nothing was checked
        dg.get_dagster_logger().exception(f"{function.__name__} broke")
        return {name: [f"the check broke: {type(error).__name__}: {error}"] for name in names}


def _is_resource(parameter: inspect.Parameter) -> bool:
    return inspect.isclass(parameter.annotation) and issubclass(parameter.annotation, dg.ConfigurableResource)


def _spec(
    asset: str,
    name: str,
    description: str,
    others: list[str],
    partitions: dg.PartitionsDefinition | None,
    blocking: bool,
    again: dg.AutomationCondition | None,
) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # partitioned checks are a preview feature of this Dagster; without them a check is given all partitions
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            name,
            asset=asset,
            description=description,
            additional_deps=others,
            blocking=blocking,
            partitions_def=partitions,
            automation_condition=again,
        )


def _result(asset: str, name: str, faults: list[str], *, warn: bool) -> dg.AssetCheckResult:
    shown = [*faults[:_MOST_SHOWN], *([f"and {len(faults) - _MOST_SHOWN} more"] if len(faults) > _MOST_SHOWN else [])]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=not faults,
        severity=dg.AssetCheckSeverity.WARN if warn else dg.AssetCheckSeverity.ERROR,
        description="; ".join(shown) or "nothing at fault",
        metadata={
            "faults": len(faults),
            "found": dg.MetadataValue.md("\n".join(f"- {fault}" for fault in shown) or "none"),
        },
    )
