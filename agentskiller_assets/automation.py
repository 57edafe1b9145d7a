"""What makes itself again when the automation sensor is on: partitions that exist and have become stale.

Nothing is made that was never made: hundreds of domains may be registered long before somebody wants them.
"""

import inspect
import warnings
from collections.abc import Callable

import dagster as dg

_Condition = dg.AutomationCondition
_changed = _Condition.any_deps_match(_Condition.data_version_changed() | _Condition.will_be_requested())


def _stale(changed: _Condition) -> _Condition:
    return (
        ((changed | _Condition.code_version_changed()).since_last_handled() & ~_Condition.missing())  # pyright: ignore[reportAttributeAccessIssue]
        & ~_Condition.any_deps_in_progress()
        & ~_Condition.in_progress()
    )


UPDATE = (_stale(_changed) & ~_Condition.any_deps_missing()).with_label("made before, and stale")
"""An upstream partition with other content, or other code. What is made again with the same content wakes nobody."""


def update_of_all(*deps: str) -> _Condition:
    """For what is made of all partitions that there are: most of those that are registered may never be made.

    It waits until what has new code upstream is being made, and is woken by these upstream assets alone.
    """
    coming = _Condition.any_deps_match(_Condition.code_version_changed())
    woken = _stale(_changed.allow(dg.AssetSelection.assets(*deps))) & ~coming
    return woken.with_label("made before, and stale; of what there is")


WATCH = _Condition.on_cron("*/5 * * * *").with_label("every five minutes")
"""For what has to be looked at to notice a change."""
HOURLY = (
    _Condition.cron_tick_passed("0 * * * *") & ~_Condition.any_deps_missing() & ~_Condition.in_progress()
).with_label("every hour")
"""For what was true when something was made, and need not be true any more."""


def observed(group: str, partitions: dg.PartitionsDefinition, tags: dict[str, str]) -> Callable[..., dg.SourceAsset]:
    """Declares something that is not made here, and whose versions the decorated function answers with."""

    def decorate(function: Callable[..., dg.DataVersionsByPartition]) -> dg.SourceAsset:
        with warnings.catch_warnings():
            # beta in this Dagster, and the only supported way to let a partition of a source have a version
            warnings.simplefilter("ignore", dg.BetaWarning)
            return dg.observable_source_asset(
                description=inspect.getdoc(function),
                group_name=group,
                partitions_def=partitions,
                automation_condition=WATCH,
                tags=tags,
            )(function)

    return decorate
