"""What `python server.py` understands: how the environment is to be served."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from pydantic import TypeAdapter, ValidationError

from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.runtime import Environment
from agentskiller_assets.runtime.mcp_server import run_stdio, session_server
from agentskiller_assets.serving.admin import SHORTEST_TOKEN
from agentskiller_assets.serving.host import Call, Limits, SessionHost, session_path
from agentskiller_assets.serving.http import LOOPBACK, http_app

__all__ = ["ADMIN_TOKEN", "run_server"]

ADMIN_TOKEN = "AGENTSKILLER_ADMIN_TOKEN"  # noqa: S105 - the name of the variable
DEFAULT_SESSION = "default"
_PATIENCE_S = 5
_CALLS = TypeAdapter(tuple[Call, ...])


class ServeError(AgentSkillerError):
    """The server cannot be started like this."""


def run_server(build: Callable[[bytes], Environment], image: Path, policy: str) -> None:
    """Serve the environment on the rows of an image as the command line says, until it is stopped."""
    options = _parser().parse_args()
    try:
        host = SessionHost(build(image.read_bytes()), _limits(options))
        names = [_seed(host, each) for each in options.seed_session or [DEFAULT_SESSION]]
        (_serve_http if options.transport == "http" else _serve_stdio)(host, names, policy, options)
    except (AgentSkillerError, OSError) as error:
        sys.exit(f"error: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Serve the environment to MCP hosts.")
    parser.add_argument("--transport", choices=["stdio", "http"], default="stdio", help="stdio is one conversation")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (http)")
    parser.add_argument("--port", type=int, default=8765, help="port to listen on, 0 for any (http)")
    parser.add_argument("--allow-host", action="append", default=[], help="further name the server is called by (http)")
    parser.add_argument(
        "--seed-session",
        action="append",
        metavar="NAME[=CALLS.json]",
        help="session that is open from the start, with calls already made: a list of {tool, arguments}",
    )
    parser.add_argument("--max-sessions", type=int, default=Limits().most_sessions, help="open at a time (http)")
    parser.add_argument("--idle-timeout", type=float, default=Limits().idle_s, help="seconds until unused ones close")
    parser.add_argument("--state-to", type=Path, help="file for the state of the conversation when it ends (stdio)")
    return parser


def _limits(options: argparse.Namespace) -> Limits:
    if options.max_sessions < 1 or options.idle_timeout <= 0:
        raise ServeError("limits", "they leave no session to serve", "Give a number of sessions and seconds above 0.")
    return Limits(most_sessions=options.max_sessions, idle_s=options.idle_timeout)


def _seed(host: SessionHost, text: str) -> str:
    name, _, file = text.partition("=")
    try:
        calls = _CALLS.validate_json(Path(file).read_bytes()) if file else ()
    except ValidationError as error:
        fault = f"it holds no list of calls ({error.errors()[0]['msg']})"
        raise ServeError(file, fault, 'Write [{"tool": "...", "arguments": {...}}, ...].') from error
    return host.create(name, calls)


def _serve_stdio(host: SessionHost, names: list[str], policy: str, options: argparse.Namespace) -> None:
    """One conversation, in the first of the sessions."""
    if len(names) > 1:
        raise ServeError("--seed-session", "standard input is one conversation", "Give one session, or use http.")
    (name,) = names
    server = session_server(lambda _: host.session(name), host.environment, policy=policy)
    try:
        run_stdio(server)
    finally:
        if options.state_to is not None:
            options.state_to.write_text(json.dumps(host.state(name), ensure_ascii=False), encoding="utf-8")


def _serve_http(host: SessionHost, names: list[str], policy: str, options: argparse.Namespace) -> None:
    token = os.environ.pop(ADMIN_TOKEN, None) or None
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ServeError(ADMIN_TOKEN, "it is short enough to be guessed", f"Use {SHORTEST_TOKEN} characters or more.")
    app = http_app(host, policy, admin_token=token, allowed_hosts=(*LOOPBACK, *options.allow_host))
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    _Announcing(config, names, token is not None).run()


class _Announcing(uvicorn.Server):
    """Says where it listens as soon as it does."""

    def __init__(self, config: uvicorn.Config, names: list[str], has_admin: bool) -> None:
        super().__init__(config)
        self._names = names
        self._has_admin = has_admin

    async def startup(self, sockets: list | None = None) -> None:  # type: ignore[type-arg]
        await super().startup(sockets)
        if not self.started:
            return
        address, port = self.servers[0].sockets[0].getsockname()[:2]
        base = f"http://{f'[{address}]' if ':' in address else address}:{port}"
        for name in self._names:
            print(f"{base}{session_path(name)}", flush=True)
        admin = f"{base}/admin/sessions" if self._has_admin else f"off (set {ADMIN_TOKEN} to use it)"
        print(f"admin: {admin}", file=sys.stderr, flush=True)
