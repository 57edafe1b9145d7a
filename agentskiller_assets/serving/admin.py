"""The operators' path: sessions are created, forked, reset, looked at and closed with a token that no agent has."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import AgentSkillerError
from agentskiller_assets.serving.host import Call, HostFullError, SessionHost, SessionNotFoundError, session_path

__all__ = ["SHORTEST_TOKEN", "admin_routes"]

SHORTEST_TOKEN = 16
Action = Callable[[Request], Awaitable[Response]]


class NewSession(Model):
    """What a new session is called, and the calls that were made before the conversation begins."""

    name: str | None = None
    calls: tuple[Call, ...] = ()


class NewFork(Model):
    """What the fork is called."""

    name: str | None = None


def admin_routes(host: SessionHost, token: str) -> list[Route]:
    """Routes under `/admin`, each of which wants `Authorization: Bearer <token>`."""

    async def listed(_request: Request) -> Response:
        return JSONResponse({"sessions": host.names, "limits": host.limits.model_dump()})

    async def create(request: Request) -> Response:
        wanted = NewSession.model_validate_json(await request.body() or b"{}")
        return _created(host.create(wanted.name, wanted.calls))

    async def fork(request: Request) -> Response:
        wanted = NewFork.model_validate_json(await request.body() or b"{}")
        return _created(host.fork(request.path_params["session"], wanted.name))

    async def reset(request: Request) -> Response:
        host.reset(request.path_params["session"])
        return Response(status_code=204)

    async def state(request: Request) -> Response:
        return JSONResponse(host.state(request.path_params["session"]))

    async def close(request: Request) -> Response:
        host.close(request.path_params["session"])
        return Response(status_code=204)

    one = "/admin/sessions/{session}"
    actions: list[tuple[str, str, Action]] = [
        ("GET", "/admin/sessions", listed),
        ("POST", "/admin/sessions", create),
        ("POST", f"{one}/fork", fork),
        ("POST", f"{one}/reset", reset),
        ("GET", f"{one}/state", state),
        ("DELETE", one, close),
    ]
    return [Route(path, _guarded(action, token), methods=[method]) for method, path, action in actions]


def _guarded(action: Action, token: str) -> Action:
    """The action for those who have the token, with failures as answers."""
    expected = f"Bearer {token}".encode()

    async def answer(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not secrets.compare_digest(given, expected):
            return JSONResponse({"error": "The admin token is missing or wrong."}, status_code=401)
        try:
            return await action(request)
        except ValidationError as error:
            details: list[Any] = error.errors(include_url=False, include_context=False, include_input=False)
            return JSONResponse({"error": "The body does not fit.", "details": details}, status_code=422)
        except AgentSkillerError as error:
            return JSONResponse({"error": str(error)}, status_code=_status(error))

    return answer


def _status(error: AgentSkillerError) -> int:
    if isinstance(error, SessionNotFoundError):
        return 404
    return 503 if isinstance(error, HostFullError) else 409


def _created(name: str) -> Response:
    return JSONResponse({"session": name, "path": session_path(name)}, status_code=201)
