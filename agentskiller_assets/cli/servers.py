"""`serve` and `export mcp`: proven servers, run here or taken elsewhere."""

import json
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from agentskiller_assets.cli.asset_names import assets_of
from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.folders import write_folder, write_new_folder
from agentskiller_assets.environment.builds import open_environment
from agentskiller_assets.environment.models import PolicyEntry, ServerModule, ToolEntry, policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_folder import exported_files, files_digest, served_files
from agentskiller_assets.environment.server_module import SERVER_FILE
from agentskiller_assets.errors import StorageError
from resources.storage.warehouse import Warehouse, default_root

WAREHOUSE = "AGENTSKILLER_WAREHOUSE"
SERVED = "_servers"
"""Folder of the warehouse with the servers that were started, by digest."""


class Transport(StrEnum):
    """How a host talks to the server."""

    stdio = "stdio"
    http = "http"


Domain = Annotated[str, typer.Argument(help="The domain, or the pair `a--b`, whose server it is.")]


def serve(
    domain: Domain,
    transport: Annotated[Transport, typer.Option(help="stdio is one conversation, http is many.")] = Transport.stdio,
    host: Annotated[str, typer.Option(help="Address to listen on (http).")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on, 0 for any (http).")] = 8765,
    allow_host: Annotated[list[str] | None, typer.Option(help="Further name it is called by (http).")] = None,
    seed_session: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=CALLS.json]", help="Session open from the start, with calls already made."),
    ] = None,
    max_sessions: Annotated[int, typer.Option(min=1, help="Sessions open at a time (http).")] = 1000,
    idle_timeout: Annotated[float, typer.Option(min=1, help="Seconds until an unused session closes (http).")] = 1800,
    state_to: Annotated[Path | None, typer.Option(help="File for the state at the end of the conversation.")] = None,
    config: Annotated[bool, typer.Option("--config", help="Print what MCP hosts want to know, and stop.")] = False,
) -> None:
    """Serve a domain to MCP hosts. AGENTSKILLER_ADMIN_TOKEN opens the operators' path of the HTTP server."""
    folder = _served(Warehouse(default_root()), domain)
    if config:
        sys.stdout.write(json.dumps(_config(domain, transport, host, port, seed_session or []), indent=2) + "\n")
        return
    options = {"--transport": transport.value, "--host": host, "--port": port, "--max-sessions": max_sessions}
    options |= {"--idle-timeout": idle_timeout} | ({"--state-to": state_to.absolute()} if state_to else {})
    repeated = [("--allow-host", allow_host), ("--seed-session", seed_session)]
    command = [sys.executable, "-P", str(folder / SERVER_FILE)]
    command += [str(word) for pair in options.items() for word in pair]
    command += [word for name, values in repeated for value in values or [] for word in (name, value)]
    sys.stdout.flush()
    # the server takes this process over, so that a host that ends the process ends the server
    os.execv(sys.executable, command)  # noqa: S606


def export_mcp(
    domain: Domain, folder: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")]
) -> None:
    """Write a domain's server as a folder that runs anywhere: module, records, policy, tools and tests."""
    warehouse = Warehouse(default_root())
    assets = assets_of(domain)
    (blueprint,) = warehouse.read_records(assets.blueprints, assets.blueprint, domain)
    policy = visible_text(policy_text(warehouse.read_records(assets.policies, PolicyEntry, domain)))
    tools = sorted(warehouse.read_records(assets.tools, ToolEntry, domain), key=lambda tool: tool.position)
    files = exported_files(*_proven(warehouse, domain), policy, tools, blueprint.spec.title)
    write_new_folder(folder, files)
    out.print(f"{len(files)} files in {folder}", markup=False)
    out.print(f"next: pip install -r {folder / 'requirements.txt'}, python {folder / SERVER_FILE}", markup=False)


def _served(warehouse: Warehouse, domain: str) -> Path:
    """The folder of a proven server, written once for each content."""
    files = served_files(*_proven(warehouse, domain))
    folder = default_root().absolute() / SERVED / f"{domain}-{files_digest(files)[:16]}"
    if not folder.exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            write_folder(folder, files)
        except OSError as error:
            fix = f"Make the warehouse writable, or set {WAREHOUSE} to a copy of it."
            raise StorageError(str(folder), f"it cannot be written ({error.strerror})", fix) from error
    return folder


def _config(domain: str, transport: Transport, host: str, port: int, seeds: list[str]) -> Mapping[str, Any]:
    """The block that hosts such as desktop clients and editors read."""
    if transport is Transport.http:
        name = seeds[0].partition("=")[0] if seeds else "default"
        address = f"[{host}]" if ":" in host else host
        from agentskiller_assets.serving.host import session_path  # noqa: PLC0415 - brings all of MCP

        return {"mcpServers": {domain: {"type": "http", "url": f"http://{address}:{port}{session_path(name)}"}}}
    arguments = ["serve", domain, *(word for seed in seeds for word in ("--seed-session", seed))]
    command = str(Path(sys.argv[0]).absolute())
    environment = {WAREHOUSE: str(default_root().absolute())}
    return {"mcpServers": {domain: {"command": command, "args": arguments, "env": environment}}}


def _proven(warehouse: Warehouse, domain: str) -> tuple[ServerModule, bytes]:
    """The server of a domain, and the rows that it was proven on."""
    assets = assets_of(domain)
    (server,) = warehouse.read_records(assets.servers, ServerModule, domain)
    return server, open_environment(warehouse.read_database(domain, assets.databases)).image
