"""Dagster's run launcher of this project: a run is a fork of a process that has loaded the code location already.

The default launcher starts an interpreter for each run, which imports Dagster and the definitions anew: more than the
run of a domain itself takes. `dagster_home/dagster.yaml` names this one. It knows whether a run's process is alive, so
that Dagster's run monitoring notices one that was killed.
"""

import os
import signal
from contextlib import ExitStack

import dagster as dg
from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._core.origin import JobPythonOrigin
from dagster._serdes import serialize_value

from agentskiller_assets.launching.history import quick_history
from agentskiller_assets.launching.presence import is_alive, is_by_command_line, pid_of, presence_folder
from agentskiller_assets.launching.template import CODE_LOCATION, Order, Template
from resources.storage.object_store import OBJECT_STORE


class ForkingRunLauncher(DefaultRunLauncher):
    """Forks runs of our own code location, and leaves those of others to Dagster's default.

    The template is started anew when code, packs or the registry have changed. Where an object store is used it starts
    none, because the threads behind the store do not outlive a fork.
    """

    _template: Template | None = None
    _history: ExitStack | None = None

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """From here on the process, which is the daemon's as a rule, writes the history of runs quickly."""
        super().register_instance(instance)
        if self._history is None:
            self._history = ExitStack()
            self._history.enter_context(quick_history())

    def launch_run(self, context: LaunchRunContext) -> None:
        """Starts the run's process; `DagsterLaunchFailedError` with what the template printed if it cannot."""
        origin = context.job_code_origin
        if origin is None or not _is_forked(origin):
            super().launch_run(context)
            return
        order = Order(
            run_id=context.dagster_run.run_id,
            origin=serialize_value(origin),
            instance=serialize_value(self._instance.get_ref()),
            presence=str(presence_folder(self._instance.root_directory)),
        )
        pid = self._current_template().start(order)
        self._instance.report_engine_event(f"Forked a process for the run (pid: {pid}).", context.dagster_run)

    def terminate(self, run_id: str) -> bool:
        """Interrupts the run's process, which then ends in its own way."""
        pid = pid_of(presence_folder(self._instance.root_directory), run_id)
        if pid is None:
            return super().terminate(run_id)
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        os.kill(pid, signal.SIGINT)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: a killed process is noticed at once."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process is alive. Of runs that the default launcher started, nothing is known."""
        if not _is_known(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "started by Dagster's default launcher")
        if is_alive(presence_folder(self._instance.root_directory), run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process was killed or has crashed")

    def dispose(self) -> None:
        """Ends the template. Runs that are under way go on."""
        if self._history is not None:
            self._history.close()
            self._history = None
        if self._template is not None:
            self._template.close()
            self._template = None
        super().dispose()

    def _current_template(self) -> Template:
        if self._template is not None and not self._template.is_current:
            self._template.close()
            self._template = None
        if self._template is None:
            try:
                self._template = Template()
            except OSError as error:
                raise DagsterLaunchFailedError(f"no process for runs can be started: {error}") from error
        return self._template


def _is_forked(origin: JobPythonOrigin) -> bool:
    pointer = origin.repository_origin.code_pointer
    return getattr(pointer, "module", None) == CODE_LOCATION and not os.environ.get(OBJECT_STORE)


def _is_known(run: dg.DagsterRun) -> bool:
    """Whether the run's process says that it is there, and on this machine."""
    if os.environ.get(OBJECT_STORE):  # any machine that shares the warehouse may have the run
        return False
    origin = run.job_code_origin
    return is_by_command_line(run.tags) if origin is None else _is_forked(origin)
