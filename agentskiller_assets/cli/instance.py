"""Dagster's instance, or what is at fault with it in one line."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agentskiller_assets.errors import AgentSkillerError

if TYPE_CHECKING:
    import dagster as dg

_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s@]*@")
_MORE = re.compile(r"\s+(Stack Trace:|In order for this|\(Background on|Expected: \"\{)")
"""What libraries go on with, for those who write them."""


class InstanceError(AgentSkillerError):
    """Dagster's folder, its settings or its history cannot be used."""


@contextmanager
def opened_instance() -> Iterator["dg.DagsterInstance"]:
    """The instance of `DAGSTER_HOME`; `InstanceError` if it cannot be opened, or its history not be read or written."""
    import dagster as dg  # noqa: PLC0415 - two seconds that only some commands need
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    config = Path(os.environ.get("DAGSTER_HOME", "")) / "dagster.yaml"
    with ExitStack() as opened:
        try:
            instance = opened.enter_context(dg.DagsterInstance.get())
        except Exception as error:
            fix = "Mend it, set what it reads from the environment, and see that its database can be reached"
            raise InstanceError(str(config), f"Dagster cannot be opened with it: {_said(error)}", fix) from error
        try:
            yield instance
        except SQLAlchemyError as error:
            fix = "See that its database can be reached and written"
            raise InstanceError(str(config), f"Dagster's history is out of reach: {_said(error)}", fix) from error


def _said(error: BaseException) -> str:
    """What the error says, or the one that it began with, in one line and without passwords."""
    if errors := getattr(error, "errors", None):  # of a faulty setting, with all that would be possible
        text = str(errors[0].message)
    else:
        while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
            error = inner
        text = str(error) or type(error).__name__
    return " ".join(_PASSWORD.sub(r"\1:***@", _MORE.split(text, 1)[0]).split())
