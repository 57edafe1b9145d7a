"""The HTTP door: MCP for agents at `/sessions/{session}/mcp`, and an admin path that only operators can use.

A session is a path, since protocol 2026-07-28 has no session header: every request is complete in itself, and older
protocols are served in the same way. An agent that knows its own address knows nothing of any other.
"""

import contextlib
from collections.abc import AsyncIterator

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import (
    RequestBodyLimitMiddleware,
    TransportSecurityMiddleware,
    TransportSecuritySettings,
)
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agentskiller_assets.runtime import Session
from agentskiller_assets.runtime.mcp_server import Context, session_server
from agentskiller_assets.serving.admin import admin_routes
from agentskiller_assets.serving.host import SessionHost, SessionNotFoundError, session_path

__all__ = ["LOOPBACK", "http_app"]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
LARGEST_BODY = 1 << 20
"""Bytes of one request."""
_SWEEPS_PER_IDLE_TIME = 4


def http_app(
    host: SessionHost, policy: str, *, admin_token: str | None = None, allowed_hosts: tuple[str, ...] = LOOPBACK
) -> Starlette:
    """The ASGI application. Without an admin token there is no admin path."""
    server = session_server(lambda context: _session(host, context), host.environment, policy=policy)
    manager = StreamableHTTPSessionManager(
        server, stateless=True, json_response=True, max_request_body_size=LARGEST_BODY
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with manager.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(_sweep, host)
            yield
            tasks.cancel_scope.cancel()
        host.close_all()

    routes: list[BaseRoute] = [
        Route("/health", _health),
        Route(session_path("{session}"), _Door(host, manager)),
    ]
    if admin_token is not None:
        routes += admin_routes(host, admin_token)
    return Starlette(
        routes=routes,
        middleware=[Middleware(_Checked, allowed_hosts), Middleware(RequestBodyLimitMiddleware, LARGEST_BODY)],
        lifespan=lifespan,
    )


class _Door:
    """Lets requests for open sessions through to the protocol."""

    def __init__(self, host: SessionHost, manager: StreamableHTTPSessionManager) -> None:
        self._host = host
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._host.touch(scope["path_params"]["session"])
        except SessionNotFoundError:
            error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Session not found"}}
            await JSONResponse(error, status_code=404)(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)


class _Checked:
    """Refuses requests with a foreign Host or Origin, whatever they ask for: a page in a browser can send those."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        hosts = [pattern for name in names for pattern in (name, f"{name}:*")]
        origins = [f"{scheme}://{pattern}" for scheme in ("http", "https") for pattern in hosts]
        self._app = app
        self._check = TransportSecurityMiddleware(
            TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (fault := await self._check.validate_request(Request(scope))) is not None:
            await fault(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _session(host: SessionHost, context: Context) -> Session:
    assert isinstance(context.request, Request)
    return host.session(context.request.path_params["session"])


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _sweep(host: SessionHost) -> None:
    while True:
        await anyio.sleep(host.limits.idle_s / _SWEEPS_PER_IDLE_TIME)
        host.expire()
