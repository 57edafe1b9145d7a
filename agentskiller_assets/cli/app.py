"""The commands. Each is loaded when it is asked for: what they need takes longer to load than most take to run."""

from collections import UserDict
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_PLACES = {
    "run": "make:run",
    "status": "status:status",
    "verify": "verify:verify",
    "digests": "verify:digests",
    "clean": "clean:clean",
    "fetch": "fetch:fetch",
    "upgrade": "upgrade:upgrade",
    "show": "look:show",
    "lineage": "look:lineage",
    "sql": "look:sql",
    "replay": "replay:replay",
    "doctor": "doctor:doctor",
    "estimate": "estimate:estimate",
    "serve": "servers:serve",
    "export": "exports:app",
    "domains": "domains:app",
    "pairs": "pairs:app",
    "packs": "packs:app",
}
"""Module of this package and name in it: a function, or a Typer with commands of its own."""


class _Commands(UserDict[str, Any]):
    """Commands by name, loaded when one is looked at."""

    def __getitem__(self, name: str) -> Any:
        place = self.data[name]
        if isinstance(place, str):
            self.data[name] = _loaded(name, *place.split(":"))
        return self.data[name]


def _loaded(name: str, module: str, attribute: str) -> Any:
    found, alone = getattr(import_module(f"agentskiller_assets.cli.{module}"), attribute), typer.Typer()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return typer.main.get_group(alone).commands[name]


class _Group(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands(_PLACES)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Environments and certified tasks for tool-using agents. Every command works on the warehouse of "
    "AGENTSKILLER_WAREHOUSE (default: ./warehouse).",
)


@app.callback()
def _any_command() -> None:
    pass
