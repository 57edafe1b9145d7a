"""Dagster runs, made in this process or in a worker, and what went wrong in them in a person's words."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agentskiller_assets.cli.instance import opened_instance
from agentskiller_assets.core.records import Model
from agentskiller_assets.launching.collection import collected_afterwards
from agentskiller_assets.launching.history import quick_history
from agentskiller_assets.launching.presence import BY_COMMAND_LINE, presence_folder, present

FAILURE_EVENTS = ("ASSET_CHECK_EVALUATION", "STEP_FAILURE", "PIPELINE_FAILURE")
"""Dagster's names of the events that `failures_of` looks at."""
_INTERRUPTIONS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
_UNEXPECTED = "UNEXPECTED_TERMINATION"
"""Dagster's reason of a failure by a signal that nobody had announced."""

if TYPE_CHECKING:
    import dagster as dg


Failed = dict[str, tuple[str, ...]]
"""What was at fault, by domain or pair."""


class RunResult(Model):
    """How one run ended."""

    partition: str | None
    """Domain or pair."""
    run_id: str
    success: bool
    failures: tuple[str, ...] = ()
    is_interrupted: bool = False
    """Whether a signal ended it before its time."""


def run_job(job: str, partition: str | None, assets: list[str], run_config: dict[str, Any]) -> RunResult:
    """Runs these assets of a job, with their checks, on the instance of `DAGSTER_HOME`: the UI shows the run.

    While it lasts, its process says that it is there, so that Dagster's daemon notices when it was killed.

    Dagster's `execute_in_process` would describe the job anew for each partition, and hold all that is made in memory.
    """
    import dagster as dg  # noqa: PLC0415 - two seconds that only runs need
    from dagster._core.definitions.job_base import InMemoryJob  # noqa: PLC0415
    from dagster._core.execution.execute_in_process import core_execute_in_process, merge_run_tags  # noqa: PLC0415
    from dagster._core.utils import make_new_run_id  # noqa: PLC0415

    prepared, keys = _prepared(job, tuple(assets)), [dg.AssetKey(asset) for asset in assets]
    run_id = make_new_run_id()
    with (
        quick_history(),
        opened_instance() as instance,
        present(presence_folder(instance.root_directory), run_id),
    ):
        result = core_execute_in_process(
            run_config,
            InMemoryJob(prepared),
            instance,
            output_capturing_enabled=False,
            raise_on_error=False,
            run_tags=merge_run_tags(prepared, partition, BY_COMMAND_LINE, keys, instance, run_config),
            run_id=run_id,
            asset_selection=frozenset(keys),
        )
    failures = () if result.success else tuple(dict.fromkeys(failures_of(result.all_events)))
    interrupted = any(_is_interruption(event) for event in result.all_events)
    return RunResult(
        partition=partition, run_id=run_id, success=result.success, failures=failures, is_interrupted=interrupted
    )


@lru_cache(maxsize=8)
def _prepared(job: str, assets: tuple[str, ...]) -> "dg.JobDefinition":
    import dagster as dg  # noqa: PLC0415

    from agentskiller_assets.definitions import defs  # noqa: PLC0415

    keys = [dg.AssetKey(asset) for asset in assets]
    return defs.resolve_job_def(job).as_ephemeral_job(resource_defs={}, input_values={}, asset_selection=keys)


def get_ready() -> None:
    """For a worker that is to make domains or pairs soon: loads what their runs need, in it and beside it."""
    import agentskiller_assets.definitions  # noqa: F401, PLC0415 - reads the registry, as it is by now
    from resources import sandbox  # noqa: PLC0415

    sandbox.get_ready()


def run_in_worker(job: str, partition: str | None, assets: list[str], run_config: dict[str, Any]) -> RunResult:
    """`run_job` for a worker process, which ends with a run that was interrupted, as the run's history then says."""
    import agentskiller_assets.definitions  # noqa: F401, PLC0415 - loaded before what is loaded is set aside

    try:
        with collected_afterwards():
            result = run_job(job, partition, assets, run_config)
    except KeyboardInterrupt:
        os._exit(1)
    if result.is_interrupted:
        os._exit(1)
    return result


def failures_of(events: Iterable[Any]) -> Iterator[str]:
    """The cause of every failed step, and what every failed check found; if there is neither, why the run failed."""
    known = False
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION" and not event.event_specific_data.passed:
            found = event.event_specific_data
            yield f"check {found.check_name} of {found.asset_key.to_user_string()}: {found.description}"
        elif event.is_step_failure:
            error, known = _cause(event.step_failure_data.error), True
            if error and error.cls_name != "DagsterAssetCheckFailedError":
                yield f"{event.step_key}: {_message(error)}"
        elif event.is_run_failure and not known:
            error = _cause(event.event_specific_data.error) if event.event_specific_data else None
            yield _message(error) if error and error.cls_name not in _INTERRUPTIONS else event.message


def _cause(error: Any) -> Any:
    """What Dagster's own error came from."""
    while error and error.cause and str(error.cls_name).startswith("Dagster"):
        error = error.cause
    return error


def _is_interruption(event: Any) -> bool:
    data = event.event_specific_data if event.is_job_failure else None
    return bool(data and data.failure_reason and data.failure_reason.value == _UNEXPECTED)


def _message(error: Any) -> str:
    """The message without the class in front of it."""
    if error.cls_name in _INTERRUPTIONS:
        return "was interrupted"
    text = error.message.strip()
    _, separator, rest = text.partition(": ")
    return rest if separator and error.cls_name and error.cls_name in text.partition(": ")[0] else text
