"""The Celery application of a worker on any machine: `celery -A agentskiller_assets.launching.celery_worker worker`.

A run is one task. Each is made by a process of its own, forked from one that has loaded all but the definitions: it
reads the registry as it is then, and takes nobody with it when it dies. Needs the extra `cluster`, and the environment
that `dagster_home/cluster/dagster.yaml` speaks of.
"""

import importlib
import os
from typing import Any

from celery.signals import task_prerun
from dagster_celery.app import app

from agentskiller_assets.launching.preloaded import PRELOADED
from agentskiller_assets.launching.template import CODE_LOCATION

BROKER = "AGENTSKILLER_BROKER"
"""Environment variable with the address of Redis, or of another broker that keeps results too."""

__all__ = ["app"]

if not os.environ.get(BROKER):  # Celery would print a traceback of any other exception
    raise SystemExit(f"{BROKER}: it is not set. Set it to the address of a broker, such as redis://broker:6379/0")
for _name in PRELOADED:
    importlib.import_module(_name)
app.conf.update(
    broker_url=os.environ[BROKER],
    result_backend=os.environ[BROKER],
    worker_max_tasks_per_child=1,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@task_prerun.connect
def load_definitions(**_about: Any) -> None:
    """Before its one run, a process loads the definitions."""
    importlib.import_module(CODE_LOCATION)
